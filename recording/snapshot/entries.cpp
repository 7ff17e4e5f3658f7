#include "recording/snapshot/entries.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.h"

namespace headroom::snapshot_reader {
namespace {

using Kind = PickleValue::Kind;

constexpr std::int64_t kMostBytes = std::int64_t{1} << 48;       // no device is larger
constexpr std::int64_t kMostTotalBytes = std::int64_t{1} << 61;  // of all sizes together: sums of them do not overflow
constexpr std::int64_t kMostDevices = 4096;
constexpr std::int64_t kMostTime = std::int64_t{1} << 53;  // microseconds

struct ActionName {
  std::string_view name;
  EntryKind kind;
};
constexpr ActionName kActions[] = {{"alloc", EntryKind::alloc},
                                   {"free_requested", EntryKind::free_requested},
                                   {"free_completed", EntryKind::free_completed},
                                   {"segment_alloc", EntryKind::reserve},
                                   {"segment_map", EntryKind::reserve},
                                   {"segment_free", EntryKind::release},
                                   {"segment_unmap", EntryKind::release},
                                   {"oom", EntryKind::oom}};
constexpr std::string_view kRemarks[] = {"snapshot", "workspace_snapshot", "user_defined"};  // nothing comes or goes

class HistoryReader {
 public:
  HistoryReader(const Pickle& pickle, const std::string& where) : pickle_(pickle), where_(where) {}

  DeviceHistory read(int wanted) {
    const PickleValue* traces = pickle_.find(pickle_.root(), "device_traces");
    const PickleValue* segments = pickle_.find(pickle_.root(), "segments");
    if (traces == nullptr && segments == nullptr)
      fail(
          "it is a pickle of something else: neither 'device_traces' nor 'segments' is in it, as in a dictionary that "
          "torch.cuda.memory._dump_snapshot writes");
    choose_device(traces, segments, wanted);
    read_settings();
    if (segments != nullptr) read_segments(*segments);
    if (traces != nullptr) read_trace(*traces);
    return std::move(history_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw bad_input(fmt::format("{}: {}", where_, what)); }

  std::int64_t integer(const PickleValue& dict, const PickleKey& key, std::int64_t low, std::int64_t high) const {
    const PickleValue* value = key.in(dict);
    if (value == nullptr || value->kind != Kind::integer || value->integer < low || value->integer > high)
      fail(fmt::format("not a memory snapshot of PyTorch's: '{}' is not a whole number from {} to {}", key.name(), low,
                       high));
    return value->integer;
  }

  std::int64_t size(const PickleValue& dict, const PickleKey& key) {
    const std::int64_t bytes = integer(dict, key, 0, kMostBytes);
    total_bytes_ += bytes;
    if (total_bytes_ > kMostTotalBytes) fail("its sizes add up to more than any device holds");
    return bytes;
  }

  std::uint64_t address(const PickleValue& dict, const PickleKey& key) const {
    const PickleValue* value = key.in(dict);
    if (value == nullptr || value->kind != Kind::integer) fail(fmt::format("'{}' is not an address", key.name()));
    // The end of a block is an address, too.
    const auto at = static_cast<std::uint64_t>(value->integer);
    if (at > ~std::uint64_t{0} - 4 * static_cast<std::uint64_t>(kMostBytes))
      fail("a block lies beyond the last address");
    return at;
  }

  std::int64_t device_of(const PickleValue& segment) const {
    return device_.in(segment) == nullptr ? 0 : integer(segment, device_, 0, kMostDevices);
  }

  void choose_device(const PickleValue* traces, const PickleValue* segments, int wanted) {
    std::map<std::int64_t, std::size_t> counts;
    if (traces != nullptr)
      for (const PickleValue& trace : pickle_.items(*traces)) {
        const auto device = static_cast<std::int64_t>(device_number_++);
        if (const std::size_t count = pickle_.items(trace).size(); count > 0) counts[device] += count;
      }
    if (segments != nullptr)
      for (const PickleValue& segment : pickle_.items(*segments)) ++counts[device_of(segment)];
    history_.device_count = counts.size();
    if (wanted >= 0) {
      if (!counts.contains(wanted)) fail(fmt::format("nothing was recorded of device {}", wanted));
      history_.device = wanted;
      return;
    }
    if (counts.empty()) fail("nothing was recorded: the snapshot has neither segments nor a history");
    history_.device = static_cast<int>(
        std::ranges::max_element(counts, {}, [](const auto& c) { return std::pair(c.second, -c.first); })->first);
  }

  void read_settings() {
    const PickleValue* settings = pickle_.find(pickle_.root(), "allocator_settings");
    if (settings == nullptr) return;
    history_.settings = text_or(pickle_, *settings, "PYTORCH_CUDA_ALLOC_CONF", "");
    if (history_.settings.empty()) history_.settings = text_or(pickle_, *settings, "PYTORCH_ALLOC_CONF", "");
    history_.max_split_bytes = integer_or(pickle_, *settings, "max_split_size", -1);
    if (const PickleValue* value = pickle_.find(*settings, "expandable_segments"))
      history_.is_expandable = value->kind == Kind::boolean && value->integer == 1;
  }

  void read_segments(const PickleValue& segments) {
    for (const PickleValue& dict : pickle_.items(segments)) {
      if (device_of(dict) != history_.device) continue;
      EndSegment segment;
      segment.address = address(dict, address_);
      segment.bytes = size(dict, total_size_);
      segment.stream = stream_.integer_or(dict, 0);
      segment.pool = pool_of(dict);
      if (const PickleValue* value = pickle_.find(dict, "is_expandable"))
        segment.is_expandable = value->kind == Kind::boolean && value->integer == 1;
      segment.dict = dict;
      history_.is_expandable = history_.is_expandable || segment.is_expandable;
      read_blocks(segment);
      history_.segments.push_back(std::move(segment));
    }
    std::ranges::stable_sort(history_.segments, {}, &EndSegment::address);
  }

  std::pair<std::int64_t, std::int64_t> pool_of(const PickleValue& dict) const {
    const PickleValue* pool = pickle_.find(dict, "segment_pool_id");
    if (pool == nullptr) return {};
    const auto ids = pickle_.items(*pool);
    if (ids.size() != 2 || ids[0].kind != Kind::integer || ids[1].kind != Kind::integer) return {};
    return {ids[0].integer, ids[1].integer};
  }

  // Torch 2.0 gives blocks no addresses: they follow each other without a gap.
  void read_blocks(EndSegment& segment) {
    const PickleValue* blocks = pickle_.find(segment.dict, "blocks");
    if (blocks == nullptr) return;
    std::uint64_t next = segment.address;
    for (const PickleValue& dict : pickle_.items(*blocks)) {
      EndBlock block;
      block.bytes = size(dict, size_);
      block.address = address_.in(dict) == nullptr ? next : address(dict, address_);
      block.requested_bytes = std::clamp(requested_bytes(dict, block.bytes), std::int64_t{0}, block.bytes);
      block.is_allocated = state_.text_or(dict, "") == "active_allocated";
      block.dict = dict;
      next = block.address + static_cast<std::uint64_t>(block.bytes);
      segment.blocks.push_back(block);
    }
  }

  std::int64_t requested_bytes(const PickleValue& dict, std::int64_t bytes) const {
    if (const PickleValue* history = block_history_.in(dict))
      if (const auto items = pickle_.items(*history); !items.empty()) return real_size_.integer_or(items.back(), bytes);
    return requested_size_.integer_or(dict, bytes);
  }

  void read_trace(const PickleValue& traces) {
    const auto all = pickle_.items(traces);
    if (history_.device >= static_cast<std::int64_t>(all.size())) return;
    const auto entries = pickle_.items(all[static_cast<std::size_t>(history_.device)]);
    history_.entries.reserve(entries.size());
    for (const PickleValue& dict : entries) read_entry(dict);
  }

  void read_entry(const PickleValue& dict) {
    const PickleValue* action = action_.in(dict);
    if (action == nullptr || action->kind != Kind::text) fail("an entry of the history has no 'action'");
    if (lone_.in(dict) != nullptr) return;  // Headroom's word for a block that is in no segment
    const auto known = std::ranges::find(kActions, action->as_text(), &ActionName::name);
    if (known == std::end(kActions)) {
      if (std::ranges::find(kRemarks, action->as_text()) == std::end(kRemarks)) ++history_.unknown_entry_count;
      return;
    }
    Entry entry{.kind = known->kind, .bytes = size(dict, size_), .dict = dict};
    if (entry.kind == EntryKind::oom)
      entry.free_bytes = device_free_.integer_or(dict, 0);
    else
      entry.address = address(dict, addr_);
    entry.block_bytes = block_size_.integer_or(dict, -1);
    if (entry.block_bytes > kMostBytes || entry.block_bytes < entry.bytes) entry.block_bytes = -1;
    total_bytes_ += std::max<std::int64_t>(entry.block_bytes, 0);
    entry.stream = stream_.integer_or(dict, 0);
    set_time(entry, dict);
    if (action->as_text() == "segment_map") history_.is_expandable = true;
    history_.entries.push_back(entry);
  }

  void set_time(Entry& entry, const PickleValue& dict) {
    const PickleValue* time = time_us_.in(dict);
    history_.has_times = history_.has_times && time != nullptr && time->kind == Kind::integer;
    const std::int64_t us = history_.has_times ? std::clamp(time->integer, std::int64_t{0}, kMostTime)
                                               : static_cast<std::int64_t>(history_.entries.size());
    entry.time_ns = us * 1000;
  }

  const Pickle& pickle_;
  const std::string& where_;
  const PickleKey device_{pickle_, "device"}, address_{pickle_, "address"}, total_size_{pickle_, "total_size"},
      size_{pickle_, "size"}, state_{pickle_, "state"}, requested_size_{pickle_, "requested_size"},
      real_size_{pickle_, "real_size"}, block_history_{pickle_, "history"}, stream_{pickle_, "stream"},
      action_{pickle_, "action"}, lone_{pickle_, "lone"}, addr_{pickle_, "addr"}, time_us_{pickle_, "time_us"},
      block_size_{pickle_, "block_size"}, device_free_{pickle_, "device_free"};
  DeviceHistory history_;
  std::int64_t total_bytes_ = 0;
  std::size_t device_number_ = 0;
};

}  // namespace

std::int64_t integer_or(const Pickle& pickle, const PickleValue& dict, std::string_view key, std::int64_t fallback) {
  const PickleValue* value = pickle.find(dict, key);
  return value == nullptr || value->kind != Kind::integer ? fallback : value->integer;
}

std::string text_or(const Pickle& pickle, const PickleValue& dict, std::string_view key, std::string_view fallback) {
  const PickleValue* value = pickle.find(dict, key);
  return std::string(value == nullptr || value->kind != Kind::text ? fallback : value->as_text());
}

DeviceHistory read_history(const Pickle& pickle, const std::string& where, int wanted_device) {
  return HistoryReader(pickle, where).read(wanted_device);
}

}  // namespace headroom::snapshot_reader
