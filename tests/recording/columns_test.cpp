#include "recording/columns.h"

#include <gtest/gtest.h>

#include <limits>

namespace headroom::columns {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr Range kAny{kMin, kMax};

template <class T>
std::vector<T> round_trip(const std::vector<T>& column, Coding coding) {
  std::vector<T> out;
  EXPECT_TRUE(decode(encode(column, coding), column.size(), coding, kAny, out));
  return out;
}

bool decodes(std::string_view bytes, std::size_t count, Range range = kAny, Coding coding = Coding::value) {
  std::vector<std::int64_t> out;
  return decode(bytes, count, coding, range, out);
}

TEST(Columns, KeepExtremeNumbers) {
  const std::vector<std::int64_t> numbers{0, -1, 1, 63, 64, -64, -65, kMax, kMin, kMin, kMax, 0};
  for (Coding coding : {Coding::value, Coding::delta}) EXPECT_EQ(round_trip(numbers, coding), numbers);
  const std::vector<std::uint64_t> addresses{0, ~std::uint64_t{0}, 1, std::uint64_t{1} << 63};
  for (Coding coding : {Coding::value, Coding::delta}) EXPECT_EQ(round_trip(addresses, coding), addresses);
  EXPECT_EQ(round_trip(std::vector<std::int64_t>{}, Coding::delta), std::vector<std::int64_t>{});
}

TEST(Columns, TakeOneByteForASmallNumber) {
  const std::vector<std::int64_t> numbers{0, -1, 1, -2, 64};
  EXPECT_EQ(encode_numbers(numbers.data(), numbers.size(), Coding::value), std::string("\x00\x01\x02\x03\x80\x01", 6));
  EXPECT_EQ(encode_numbers(numbers.data(), 3, Coding::delta), std::string("\x00\x01\x04", 3));
}

TEST(Columns, RefuseWrongLengths) {
  EXPECT_TRUE(decodes(std::string(3, '\0'), 3));
  EXPECT_FALSE(decodes(std::string(3, '\0'), 2));
  EXPECT_FALSE(decodes(std::string(3, '\0'), 4));
  EXPECT_FALSE(decodes("\x80", 1));
  EXPECT_FALSE(decodes("", 1));
}

TEST(Columns, RefuseMoreThan64Bits) {
  EXPECT_TRUE(decodes(std::string(9, '\xff') + "\x01", 1));
  EXPECT_FALSE(decodes(std::string(9, '\xff') + "\x02", 1));
  EXPECT_FALSE(decodes(std::string(10, '\xff') + "\x01", 1));
}

TEST(Columns, RefuseNumbersOutOfRange) {
  const std::vector<std::int64_t> numbers{0, 7, 3};
  const std::string bytes = encode(numbers, Coding::delta);
  EXPECT_TRUE(decodes(bytes, 3, {0, 7}, Coding::delta));
  EXPECT_FALSE(decodes(bytes, 3, {0, 6}, Coding::delta));
  EXPECT_FALSE(decodes(bytes, 3, {1, 7}, Coding::delta));
}

TEST(Columns, RefuseUnknownEnumValues) {
  std::vector<Phase> phases;
  EXPECT_TRUE(decode("\x05", 1, Coding::value, {0, 5}, phases));
  EXPECT_FALSE(decode("\x06", 1, Coding::value, {0, 5}, phases));
  EXPECT_FALSE(decode("\xff", 1, Coding::value, {0, 5}, phases));
}

TEST(Columns, PackFourActionsAByte) {
  const std::vector<Action> actions{Action::alloc, Action::free, Action::segment_alloc, Action::segment_free,
                                    Action::free};
  EXPECT_EQ(encode_actions(actions), "\xe4\x01");
  std::vector<Action> out;
  EXPECT_TRUE(decode_actions("\xe4\x01", 5, out));
  EXPECT_EQ(out, actions);
  EXPECT_FALSE(decode_actions("\xe4\x05", 5, out)) << "an unused bit is set";
  EXPECT_FALSE(decode_actions("\xe4", 5, out));
  EXPECT_TRUE(decode_actions("", 0, out));
}

}  // namespace
}  // namespace headroom::columns
