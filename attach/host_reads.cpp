#include "attach/host_reads.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "profiler/dtype_name.h"

namespace headroom::attach {
namespace {

constexpr std::size_t kMostPlaces = 10'000;

template <class T>
void fill(void* destination, std::size_t bytes, T value) {
  for (std::size_t at = 0; at + sizeof(T) <= bytes; at += sizeof(T))
    std::memcpy(static_cast<char*>(destination) + at, &value, sizeof(T));
}

void fill_integers(void* destination, std::size_t bytes, std::size_t width, double value) {
  const auto number = static_cast<std::int64_t>(value);
  for (std::size_t at = 0; at + width <= bytes; at += width)
    std::memcpy(static_cast<char*>(destination) + at, &number, width);
}

// "train.py:42" states for "code/train.py:42".
bool is_place(const std::string& line, const std::string& place) {
  if (!line.ends_with(place)) return false;
  return line.size() == place.size() || line[line.size() - place.size() - 1] == '/';
}

std::string what_was_read(const HostRead& read) {
  if (read.type == c10::ScalarType::Undefined)
    return read.bytes <= 8 ? "a count" : fmt::format("{} bytes", format_count(static_cast<std::int64_t>(read.bytes)));
  const std::string type(profiler::dtype_name(read.type));
  const std::size_t count = read.bytes / std::max<std::size_t>(c10::elementSize(read.type), 1);
  if (count > 1) return fmt::format("{} values of {}", format_count(static_cast<std::int64_t>(count)), type);
  if (c10::isFloatingType(read.type)) return "a float";
  return read.type == c10::kBool ? "a bool" : "an integer";
}

}  // namespace

void write_value(void* destination, std::size_t bytes, c10::ScalarType type, double value) {
  switch (type) {
    case c10::kFloat:
      return fill(destination, bytes, static_cast<float>(value));
    case c10::kDouble:
      return fill(destination, bytes, value);
    case c10::kHalf:
      return fill(destination, bytes, c10::Half(static_cast<float>(value)));
    case c10::kBFloat16:
      return fill(destination, bytes, c10::BFloat16(static_cast<float>(value)));
    case c10::kBool:
      return fill(destination, bytes, static_cast<std::uint8_t>(value != 0));
    case c10::ScalarType::Undefined:
      return fill_integers(destination, bytes, std::clamp<std::size_t>(bytes, 1, 8), value);
    default:
      return fill_integers(destination, bytes, std::clamp<std::size_t>(c10::elementSize(type), 1, 8), value);
  }
}

HostReads::HostReads(std::vector<StatedValue> values, std::function<void(int, const Json&)> note)
    : values_(std::move(values)), note_(std::move(note)) {}

const StatedValue* HostReads::stated_for(const HostRead& read) const {
  for (const StatedValue& value : values_) {
    if (value.place == read.outer_operator || value.place == read.inner_operator) return &value;
    for (const std::string& line : read.lines)
      if (is_place(line, value.place)) return &value;
  }
  return nullptr;
}

void HostReads::on_read(const HostRead& read) {
  const StatedValue* stated = stated_for(read);
  if (stated) write_value(read.destination, read.bytes, read.type, stated->value);
  const std::string op = read.outer_operator.empty() ? "a copy" : read.outer_operator;
  const std::string where = read.lines.empty() ? op : read.lines.front();
  const std::string what = read.lines.empty() ? fmt::format("{} read {}", op, what_was_read(read))
                                              : fmt::format("{}: {} read {}", where, op, what_was_read(read));
  const std::string key = fmt::format("{}|{}|{}", read.device, where, op);
  const std::lock_guard lock(mutex_);
  if (places_.size() >= kMostPlaces && !places_.contains(key)) return;
  Place& place = places_[key];
  if (place.count == 0) {
    place.what = what;
    place.device = read.device;
    place.layer = read.layer;
    place.given = stated ? fmt::format("{} was given, as stated", stated->value)
                         : fmt::format("0 was given; state it with --value {}=VALUE", where);
  }
  ++place.count;
  if ((place.count & (place.count - 1)) == 0) note_place(key, place, false);
}

void HostReads::finish() {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, place] : places_) note_place(key, place, true);
}

void HostReads::note_place(const std::string& key, const Place& place, bool final) const {
  const std::string times = place.count == 1 ? "once" : fmt::format("{} times", format_count(place.count));
  note_(place.device,
        {{"assumption", fmt::format("{} that was never computed ({}{}): {}", place.what,
                                    final || place.count == 1 ? "" : "at least ", times, place.given)},
         {"key", key},
         {"layer_id", static_cast<std::uint32_t>(place.layer)}});
}

}  // namespace headroom::attach
