#include "reports/pickle.h"

#include <gmock/gmock.h>

#include <limits>

namespace headroom {
namespace {

using namespace std::string_literals;

std::string bytes_of(std::int64_t value) {
  PickleWriter pickle;
  pickle.integer(value);
  return pickle.finish();
}

TEST(Pickle, IntegersTakeTheirShortestForm) {
  EXPECT_EQ(bytes_of(0), "\x80\x04K\x00."s);
  EXPECT_EQ(bytes_of(255), "\x80\x04K\xff."s);
  EXPECT_EQ(bytes_of(256), "\x80\x04M\x00\x01."s);
  EXPECT_EQ(bytes_of(65'536), "\x80\x04J\x00\x00\x01\x00."s);
  EXPECT_EQ(bytes_of(-1), "\x80\x04J\xff\xff\xff\xff."s);
  EXPECT_EQ(bytes_of(0x80000000), "\x80\x04\x8a\x05\x00\x00\x00\x80\x00."s);
  EXPECT_EQ(bytes_of(std::numeric_limits<std::int64_t>::min()), "\x80\x04\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80."s);
}

TEST(Pickle, AddressesAreNeverNegative) {
  PickleWriter pickle;
  pickle.address(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(pickle.finish(), "\x80\x04\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00."s);
}

TEST(Pickle, ATextIsWrittenOnce) {
  PickleWriter pickle;
  pickle.begin_list();
  for (int i = 0; i < 2; ++i) {
    pickle.text("é");
    pickle.end_item();
  }
  EXPECT_EQ(pickle.finish(), "\x80\x04]\x8c\x02\xc3\xa9\x94" "ah\x00" "a."s);
}

TEST(Pickle, ALongTextSaysItsLengthInFourBytes) {
  PickleWriter pickle;
  pickle.text(std::string(256, 'x'));
  EXPECT_THAT(pickle.finish(), testing::StartsWith("\x80\x04X\x00\x01\x00\x00xxx"s));
}

TEST(Pickle, DictionariesHoldTheirMembers) {
  PickleWriter pickle;
  pickle.begin_dict();
  pickle.member("a", 1);
  pickle.flag("b", true);
  pickle.end_dict();
  EXPECT_EQ(pickle.finish(), "\x80\x04}(\x8c\x01" "a\x94K\x01\x8c\x01" "b\x94\x88u."s);
}

TEST(Pickle, WhatIsRememberedIsTheSameObject) {
  PickleWriter pickle;
  pickle.begin_list();
  pickle.begin_list();
  const auto inner = pickle.remember();
  pickle.end_item();
  pickle.recall(inner);
  pickle.end_item();
  EXPECT_EQ(pickle.finish(), "\x80\x04]]\x94" "ah\x00" "a."s);
}

}  // namespace
}  // namespace headroom
