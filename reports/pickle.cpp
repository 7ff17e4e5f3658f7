#include "reports/pickle.h"

#include <limits>
#include <utility>

namespace headroom {
namespace {

constexpr char kProtocol = '\x80', kVersion = 4, kStop = '.';
constexpr char kByte = 'K', kTwoBytes = 'M', kFourBytes = 'J', kLong = '\x8a';
constexpr char kTrue = '\x88', kFalse = '\x89';
constexpr char kShortText = '\x8c', kText = 'X';
constexpr char kEmptyDict = '}', kMark = '(', kSetItems = 'u';
constexpr char kEmptyList = ']', kAppend = 'a', kPair = '\x86';
constexpr char kRemember = '\x94', kRecallShort = 'h', kRecall = 'j';

// Bytes that hold `value` in two's complement.
int signed_width(std::int64_t value) {
  int bytes = 1;
  while (bytes < 8 && (value < -(std::int64_t{1} << (8 * bytes - 1)) || value >= std::int64_t{1} << (8 * bytes - 1)))
    ++bytes;
  return bytes;
}

}  // namespace

PickleWriter::PickleWriter() {
  opcode(kProtocol);
  opcode(kVersion);
}

void PickleWriter::little_endian(std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i) & 0xFF);
}

void PickleWriter::integer(std::int64_t value) {
  using Limits32 = std::numeric_limits<std::int32_t>;
  int bytes = signed_width(value);
  if (value >= 0 && value <= 0xFF)
    opcode(kByte), bytes = 1;
  else if (value >= 0 && value <= 0xFFFF)
    opcode(kTwoBytes), bytes = 2;
  else if (value >= Limits32::min() && value <= Limits32::max())
    opcode(kFourBytes), bytes = 4;
  else
    opcode(kLong), little_endian(static_cast<std::uint64_t>(bytes), 1);
  little_endian(static_cast<std::uint64_t>(value), bytes);
}

void PickleWriter::address(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return integer(static_cast<std::int64_t>(value));
  opcode(kLong);
  little_endian(9, 1);  // the ninth byte is the sign
  little_endian(value, 8);
  little_endian(0, 1);
}

void PickleWriter::boolean(bool value) { opcode(value ? kTrue : kFalse); }

void PickleWriter::text(std::string_view utf8) {
  const auto [found, is_new] = texts_.try_emplace(std::string(utf8), remembered_count_);
  if (!is_new) return recall(found->second);
  const bool is_short = utf8.size() <= 0xFF;
  opcode(is_short ? kShortText : kText);
  little_endian(utf8.size(), is_short ? 1 : 4);
  out_ += utf8;
  remember();
}

void PickleWriter::member(std::string_view key, std::int64_t value) {
  text(key);
  integer(value);
}

void PickleWriter::member(std::string_view key, std::string_view value) {
  text(key);
  text(value);
}

void PickleWriter::flag(std::string_view key, bool value) {
  text(key);
  boolean(value);
}

void PickleWriter::place(std::string_view key, std::uint64_t value) {
  text(key);
  address(value);
}

void PickleWriter::begin_dict() {
  opcode(kEmptyDict);
  opcode(kMark);
}

void PickleWriter::end_dict() { opcode(kSetItems); }

void PickleWriter::begin_list() { opcode(kEmptyList); }

void PickleWriter::end_item() { opcode(kAppend); }

void PickleWriter::pair() { opcode(kPair); }

std::uint32_t PickleWriter::remember() {
  opcode(kRemember);
  return remembered_count_++;
}

void PickleWriter::recall(std::uint32_t remembered) {
  const bool is_short = remembered <= 0xFF;
  opcode(is_short ? kRecallShort : kRecall);
  little_endian(remembered, is_short ? 1 : 4);
}

std::string PickleWriter::finish() {
  opcode(kStop);
  return std::move(out_);
}

}  // namespace headroom
