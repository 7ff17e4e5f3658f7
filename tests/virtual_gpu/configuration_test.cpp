#include "virtual_gpu/core/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

namespace headroom::virtual_gpu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using Variables = std::map<std::string, std::string>;

Configuration read(const Variables& variables, std::string* complaint) {
  return read_configuration(
      [&](const char* name) -> const char* {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
      },
      complaint);
}

Configuration read(const Variables& variables) {
  std::string complaint;
  Configuration configuration = read(variables, &complaint);
  EXPECT_EQ(complaint, "");
  return configuration;
}

std::string complaint_about(Variables variables) {
  variables.insert({"HEADROOM_VIRTUAL_GPU", "h100-80gb"});
  std::string complaint;
  EXPECT_EQ(read(variables, &complaint).model, nullptr);
  return complaint;
}

TEST(Configuration, NothingAskedForIsNoDeviceAndNoComplaint) {
  EXPECT_EQ(read({}).model, nullptr);
  EXPECT_EQ(read({{"HEADROOM_VIRTUAL_GPU", ""}}).model, nullptr);
}

TEST(Configuration, ANameIsOneDeviceAndANumberBeforeItSeveral) {
  EXPECT_THAT(read({{"HEADROOM_VIRTUAL_GPU", "a100-40gb"}}).visible, ElementsAre(0));
  const Configuration eight = read({{"HEADROOM_VIRTUAL_GPU", "8xh100-80gb"}});
  EXPECT_EQ(eight.model->name, "h100-80gb");
  EXPECT_EQ(eight.visible.size(), 8u);
  EXPECT_EQ(read({{"HEADROOM_VIRTUAL_GPU", "64xh100-80gb"}}).visible.size(), 64u);
}

TEST(Configuration, WrongDevicesAreNamedWithWhatWouldBeRight) {
  EXPECT_THAT(complaint_about({{"HEADROOM_VIRTUAL_GPU", "h100"}}),
              testing::AllOf(HasSubstr("HEADROOM_VIRTUAL_GPU is 'h100'"), HasSubstr("Known: h100-80gb")));
  for (const char* wrong : {"0xh100-80gb", "65xh100-80gb", "99999999999999999999xh100-80gb"})
    EXPECT_THAT(complaint_about({{"HEADROOM_VIRTUAL_GPU", wrong}}), HasSubstr("1 to 64"));
  for (const char* wrong : {"-1xh100-80gb", "xh100-80gb", "2x", "2xa1", "2 x h100-80gb"})
    EXPECT_THAT(complaint_about({{"HEADROOM_VIRTUAL_GPU", wrong}}), HasSubstr(wrong));
}

TEST(Configuration, AReserveIsANumberOfBytesThatTheDeviceHas) {
  EXPECT_EQ(read({{"HEADROOM_VIRTUAL_GPU", "h100-80gb"}, {"HEADROOM_VIRTUAL_GPU_RESERVE", "629145600"}}).reserved_bytes,
            629145600u);
  for (const char* wrong : {"600MiB", "-1", "1e9", "85028896769", " 1"})
    EXPECT_THAT(complaint_about({{"HEADROOM_VIRTUAL_GPU_RESERVE", wrong}}),
                HasSubstr("HEADROOM_VIRTUAL_GPU_RESERVE is '" + std::string(wrong) + "'"));
}

TEST(Configuration, AnOrderOfAddressesIsOneOfThree) {
  const auto with = [](const char* order) {
    return read({{"HEADROOM_VIRTUAL_GPU", "h100-80gb"}, {"HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER", order}});
  };
  EXPECT_EQ(with("descending").order, AddressOrder::descending);
  EXPECT_EQ(with("ascending").order, AddressOrder::ascending);
  EXPECT_EQ(with("shuffled:7").order, AddressOrder::shuffled);
  EXPECT_EQ(with("shuffled:7").order_seed, 7u);
  for (const char* wrong : {"random", "shuffled", "shuffled:", "shuffled:x", "Ascending"})
    EXPECT_THAT(complaint_about({{"HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER", wrong}}), HasSubstr("shuffled:SEED"));
}

TEST(Configuration, EventsAndBackingAreOneOfTwoWords) {
  const Configuration on = read({{"HEADROOM_VIRTUAL_GPU", "h100-80gb"},
                                 {"HEADROOM_VIRTUAL_GPU_EVENTS", "delayed"},
                                 {"HEADROOM_VIRTUAL_GPU_BACKED", "1"}});
  EXPECT_TRUE(on.delayed_events);
  EXPECT_TRUE(on.backed);
  EXPECT_THAT(complaint_about({{"HEADROOM_VIRTUAL_GPU_EVENTS", "late"}}), HasSubstr("immediate or delayed"));
  EXPECT_THAT(complaint_about({{"HEADROOM_VIRTUAL_GPU_BACKED", "yes"}}), HasSubstr("0 or 1"));
}

TEST(Configuration, CudnnIsAFolderThatHoldsIt) {
  const std::string folder = testing::TempDir() + "cudnn_of_configuration_test";
  std::filesystem::create_directories(folder);
  std::filesystem::remove(folder + "/libcudnn.so.9");
  for (const std::string& wrong : {folder, std::string("/no/such/folder"), std::string("None")})
    EXPECT_THAT(complaint_about({{"HEADROOM_VIRTUAL_GPU_CUDNN", wrong}}),
                testing::AllOf(StartsWith("headroom: HEADROOM_VIRTUAL_GPU_CUDNN is '" + wrong + "'"),
                               HasSubstr("a folder that holds libcudnn.so.9, or none")));
  std::ofstream(folder + "/libcudnn.so.9").put(' ');
  for (const std::string& right : {folder, std::string("none"), std::string()})
    EXPECT_NE(read({{"HEADROOM_VIRTUAL_GPU", "h100-80gb"}, {"HEADROOM_VIRTUAL_GPU_CUDNN", right}}).model, nullptr);
}

TEST(Configuration, NvrtcIsAFolderThatHoldsIt) {
  EXPECT_THAT(complaint_about({{"HEADROOM_VIRTUAL_GPU_NVRTC", "/no/such/folder"}}),
              testing::AllOf(StartsWith("headroom: HEADROOM_VIRTUAL_GPU_NVRTC is '/no/such/folder'"),
                             HasSubstr("a folder that holds libnvrtc.so."), HasSubstr("or none")));
  EXPECT_NE(read({{"HEADROOM_VIRTUAL_GPU", "h100-80gb"}, {"HEADROOM_VIRTUAL_GPU_NVRTC", "none"}}).model, nullptr);
}

std::string name_of(int number) { return "GPU-" + std::string(number < 2 ? "aa" : "bb") + std::to_string(number); }

std::vector<int> seen(const char* wish) { return visible_devices(wish, 4, name_of); }

TEST(VisibleDevices, AreAllWhenNothingIsSaid) { EXPECT_THAT(seen(nullptr), ElementsAre(0, 1, 2, 3)); }

TEST(VisibleDevices, AreListedInTheOrderWanted) { EXPECT_THAT(seen("3,1"), ElementsAre(3, 1)); }

TEST(VisibleDevices, EndAtTheFirstThatNamesNone) {
  EXPECT_THAT(seen("1,-1,2"), ElementsAre(1));
  EXPECT_THAT(seen("2,9,0"), ElementsAre(2));
  EXPECT_THAT(seen("0,x,1"), ElementsAre(0));
  for (const char* none : {"", "-1", "NoDevFiles", "void", "4", "MIG-12"}) EXPECT_THAT(seen(none), IsEmpty()) << none;
}

TEST(VisibleDevices, AreReadAsNumbersAreInC) {
  EXPECT_THAT(seen("1gpu2, 2ampere"), ElementsAre(1, 2));
  EXPECT_THAT(seen("0,"), ElementsAre(0));
}

TEST(VisibleDevices, NamedTwiceAreNone) {
  EXPECT_THAT(seen("0,0"), IsEmpty());
  EXPECT_THAT(seen("1,GPU-aa1"), IsEmpty());
}

TEST(VisibleDevices, AreKnownByTheirNamesAndWhatBeginsThem) {
  EXPECT_THAT(seen("GPU-bb3,GPU-aa0"), ElementsAre(3, 0));
  EXPECT_THAT(seen("GPU-aa"), IsEmpty()) << "fits two";
  EXPECT_THAT(seen("0,GPU-cc"), ElementsAre(0));
}

TEST(VisibleDevices, HaveNamesThatDiffer) {
  std::set<std::string> names;
  const DeviceModel& model = device_catalog().front();
  for (int number = 0; number < kMostDevices; ++number) {
    const std::string name = uuid_name(model, number);
    EXPECT_THAT(name, testing::MatchesRegex("GPU-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"));
    names.insert(name.substr(0, 12));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kMostDevices)) << "by their first eight digits";
}

}  // namespace
}  // namespace headroom::virtual_gpu
