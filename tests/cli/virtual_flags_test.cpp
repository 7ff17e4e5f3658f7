// What --reserve, --events, --address-order, --address-orders and --backed do for the commands that run models.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "cli/arguments.h"
#include "tests/cli/tool.h"
#include "tests/temporary_folder.h"

namespace headroom::cli_test {
namespace {

using testing::HasSubstr;
using testing_support::message_of;

TEST(Size, IsANumberWithABinaryUnit) {
  EXPECT_EQ(cli::parse_size("--reserve", "600MiB"), 600 << 20);
  EXPECT_EQ(cli::parse_size("--reserve", "1.5GiB"), std::int64_t{3} << 29);
  EXPECT_EQ(cli::parse_size("--reserve", "1048577"), 1048577);
  EXPECT_EQ(cli::parse_size("--reserve", "0"), 0);
  EXPECT_EQ(cli::parse_size("--reserve", "0.5KiB"), 512);
}

TEST(Size, AnythingElseIsRefused) {
  for (const char* text : {"", "MiB", "-1", "1 MiB", "1mib", "1e3", "0x10", "1MiBx", "nan", "inf", "99999999TiB", "1M"})
    EXPECT_THAT(message_of(ExitCode::bad_input, [&] { cli::parse_size("--reserve", text); }),
                HasSubstr("--reserve is '" + std::string(text) + "', expected a size such as 600MiB"));
}

TEST(VirtualFlags, ReachTheWorkerAndTheReport) {
  Tool tool;
  const Json report =
      Json::parse(tool.run(words("profile bert-base --attention mqa --device virtual:h100-80gb --reserve 600MiB "
                                 "--events delayed --address-order ascending --backed --format json"))
                      .out);
  const Json& run = report.at("runs").at(0);
  EXPECT_EQ(run.at("spec").at("virtual_options"),
            Json::parse(
                R"({"reserve_bytes": 629145600, "address_order": "ascending", "events": "delayed", "backed": true})"));
  EXPECT_THAT(run.at("reproduce").get<std::string>(),
              HasSubstr("--reserve 600MiB --address-order ascending --events delayed --backed"));
}

TEST(VirtualFlags, AreNamedInTheTable) {
  Tool tool;
  EXPECT_THAT(tool.run(words("profile bert-base --attention mqa --device virtual:h100-80gb --reserve 600MiB")).out,
              HasSubstr("600 MiB reserved for others"));
}

TEST(AddressOrders, RunEachMechanismUnderEachOrder) {
  Tool tool;
  tool.fake("by-order");
  const Ended ended = tool.run(
      words("compare bert-base --attention mha,mqa --device virtual:h100-80gb --address-orders 4 --format json"));
  EXPECT_EQ(ended.code, 0) << ended.err;
  const Json report = Json::parse(ended.out);
  EXPECT_EQ(report.at("runs").size(), 2u);
  for (const Json& run : report.at("runs")) {
    const Json& orders = run.at("address_orders");
    EXPECT_EQ(orders.at("runs").size(), 4u);
    EXPECT_EQ(orders.at("runs").at(0).at("allocated_bytes"), run.at("peak").at("allocated_bytes"));
    EXPECT_EQ(orders.at("allocated").at("least_order"), "ascending");
    EXPECT_EQ(orders.at("allocated").at("most_order"), "descending");
  }
}

TEST(AddressOrders, ARunThatFailsUnderOneIsNamedAndLeftOut) {
  Tool tool;
  tool.fake("oom-unless-descending");
  const Ended ended =
      tool.run(words("profile bert-base --attention mqa --device virtual:h100-80gb --address-orders 2"));
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("headroom: mqa ascending: out of memory"));
  EXPECT_THAT(ended.out, HasSubstr("1 of the runs"));
}

TEST(Devices, SeveralAreForPrograms) {
  const Ended ended = Tool().run(words("profile bert-base --device virtual:8xh100-80gb"));
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(
      ended.err,
      "headroom: --device virtual:8xh100-80gb is several devices, and a model of Headroom's own runs on one: --device "
      "virtual:h100-80gb; headroom run takes several\n");
}

}  // namespace
}  // namespace headroom::cli_test
