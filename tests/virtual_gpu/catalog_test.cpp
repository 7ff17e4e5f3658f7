#include "virtual_gpu/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/error.h"

namespace headroom::virtual_gpu {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Catalog, KnowsTheDevicesWithAndWithoutThePrefix) {
  for (const char* name : {"h100-80gb", "h100-94gb", "h200-141gb", "b200-180gb", "a100-40gb", "a100-80gb", "l4-24gb",
                           "l40s-48gb", "a10-24gb", "t4-16gb", "v100-16gb", "v100-32gb", "rtx3090-24gb", "rtx4090-24gb",
                           "rtx5090-32gb"}) {
    EXPECT_EQ(device_model(name).name, name);
    EXPECT_EQ(&device_model(std::string("virtual:") + name), &device_model(name));
  }
}

TEST(Catalog, ACardIsFoundByWhatItCallsItself) {
  for (const DeviceModel& model : device_catalog()) EXPECT_EQ(device_of_product(model.product), &model);
  EXPECT_EQ(device_of_product("A100-SXM4-40GB"), &device_model("a100-40gb"));
  EXPECT_EQ(device_of_product("NVIDIA Tesla T4"), &device_model("t4-16gb"));
  EXPECT_EQ(device_of_product("NVIDIA H100"), nullptr);
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
    EXPECT_THAT(model.source, AllOf(HasSubstr(std::to_string(model.total_bytes)), HasSubstr("limits: ")));
    EXPECT_GT(model.multiprocessor_count, 0);
    EXPECT_GT(model.l2_bytes, 0);
    EXPECT_GT(model.clock_khz, 0);
    EXPECT_GT(model.memory_clock_khz, 0);
    EXPECT_EQ(model.memory_bus_bits % 64, 0);
    EXPECT_GT(model.pci_device_id, 0);
    EXPECT_TRUE(model.address_order == "descending" || model.address_order == "ascending");
  }
}

TEST(Catalog, NamesAndBoardsAreUnique) {
  std::set<std::string> names, products;
  std::set<int> boards;
  for (const DeviceModel& model : device_catalog()) {
    EXPECT_TRUE(names.insert(model.name).second) << model.name;
    EXPECT_TRUE(products.insert(model.product).second) << model.product;
    EXPECT_TRUE(boards.insert(model.pci_device_id).second) << model.name;
  }
}

// A driver keeps 1 to 7 % of the memory that nvidia-smi shows, error correction included; the size on the box, in
// decimal or binary units, is within 8 % of both.
TEST(Catalog, SizesOfACardAgree) {
  for (const DeviceModel& model : device_catalog()) {
    SCOPED_TRACE(model.name);
    const double framebuffer = model.framebuffer_mib * 1048576.0;
    const double named = std::stod(model.name.substr(model.name.rfind('-') + 1)) * 1073741824.0;
    EXPECT_EQ(model.total_bytes % 65536, 0);
    EXPECT_LT(static_cast<double>(model.total_bytes), framebuffer);
    EXPECT_GT(static_cast<double>(model.total_bytes), framebuffer * 0.93);
    EXPECT_NEAR(framebuffer / named, 1.0, 0.08);
  }
}

// One block may take all of a multiprocessor's shared memory, but for what the system reserves in each block.
TEST(Catalog, SharedMemoryAndThreadsFollowTheComputeCapability) {
  for (const DeviceModel& model : device_catalog()) {
    SCOPED_TRACE(model.name);
    EXPECT_EQ(model.shared_bytes_per_block, 49152);
    EXPECT_EQ(model.shared_bytes_per_block_optin + model.reserved_shared_bytes_per_block,
              model.shared_bytes_per_multiprocessor);
    EXPECT_EQ(model.reserved_shared_bytes_per_block, model.major >= 8 ? 1024 : 0);
    EXPECT_EQ(model.max_threads_per_multiprocessor % 512, 0);
    EXPECT_GE(model.max_blocks_per_multiprocessor, 16);
    EXPECT_EQ(model.registers_per_multiprocessor, 65536);
    for (const DeviceModel& other : device_catalog()) {
      if (other.major == model.major && other.minor == model.minor) {
        EXPECT_EQ(other.shared_bytes_per_multiprocessor, model.shared_bytes_per_multiprocessor);
        EXPECT_EQ(other.max_threads_per_multiprocessor, model.max_threads_per_multiprocessor);
      }
    }
  }
}

}  // namespace
}  // namespace headroom::virtual_gpu
