#include "virtual_gpu/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace headroom::virtual_gpu {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Catalog, KnowsThreeDevicesWithAndWithoutThePrefix) {
  for (const char* name : {"h100-80gb", "a100-40gb", "rtx4090-24gb"}) {
    EXPECT_EQ(device_model(name).name, name);
    EXPECT_EQ(&device_model(std::string("virtual:") + name), &device_model(name));
  }
}

TEST(Catalog, UnknownNameSuggestsTheNearest) {
  try {
    device_model("virtual:h100-80gp");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("h100-80gp"), HasSubstr("did you mean 'h100-80gb'"), HasSubstr("rtx4090-24gb")));
  }
}

TEST(Catalog, EveryFigureIsPresentPlausibleAndSourced) {
  for (const DeviceModel& model : device_catalog()) {
    SCOPED_TRACE(model.name);
    EXPECT_FALSE(model.product.empty());
    EXPECT_THAT(model.source, AllOf(HasSubstr("deviceQuery"), HasSubstr(std::to_string(model.total_bytes))));
    EXPECT_GT(model.total_bytes, 20ll << 30);
    EXPECT_GT(model.multiprocessor_count, 0);
    EXPECT_EQ(model.max_threads_per_multiprocessor % 32, 0);
    EXPECT_GT(model.max_blocks_per_multiprocessor, 0);
    EXPECT_EQ(model.shared_bytes_per_block_optin + model.reserved_shared_bytes_per_block,
              model.shared_bytes_per_multiprocessor);
    EXPECT_GT(model.l2_bytes, 0);
    EXPECT_GT(model.clock_khz, 0);
    EXPECT_GT(model.memory_clock_khz, 0);
    EXPECT_GT(model.memory_bus_bits, 0);
    EXPECT_TRUE(model.address_order == "descending" || model.address_order == "ascending");
  }
}

}  // namespace
}  // namespace headroom::virtual_gpu
