#include "recording/snapshot/history.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "recording/snapshot/address_space.h"

namespace headroom::snapshot_reader {
namespace {

constexpr std::int64_t kMostTotalBytes = std::int64_t{1} << 61;

// What there was when the history began, told from what was freed later and from what was left at the end.
struct Beginning {
  std::vector<EndBlock> blocks;  // bytes 0: not known
  std::vector<Range> segments;
};

class BeginningFinder {
 public:
  explicit BeginningFinder(const DeviceHistory& device) : device_(device) {}

  Beginning find() {
    for (const Entry& entry : device_.entries) take(entry);
    for (const EndSegment& segment : device_.segments) {
      add_gaps({segment.address, segment.bytes});
      for (const EndBlock& block : segment.blocks)
        if (block.is_allocated && !seen_.contains(block.address)) found_.blocks.push_back(block);
    }
    std::ranges::sort(found_.blocks, {}, &EndBlock::address);
    std::ranges::sort(found_.segments, {}, &Range::address);
    return std::move(found_);
  }

 private:
  void take(const Entry& entry) {
    const Range range{entry.address, entry.bytes};
    switch (entry.kind) {
      case EntryKind::alloc:
        seen_.insert(entry.address);
        break;
      case EntryKind::free_requested:
        if (seen_.insert(entry.address).second)
          found_.blocks.push_back(
              {entry.address, std::max<std::int64_t>(entry.block_bytes, 0), entry.bytes, true, entry.dict});
        break;
      case EntryKind::reserve:
        segments_.add(range);
        break;
      case EntryKind::release:
        add_gaps(range);
        segments_.take(range);
        break;
      case EntryKind::free_completed:
      case EntryKind::oom:
        break;
    }
  }

  void add_gaps(const Range& range) {
    for (const Range& gap : segments_.gaps(range)) {
      if (early_.gaps(gap).size() != 1) continue;  // reserved again by an event that is missing
      early_.add(gap);
      found_.segments.push_back(gap);
    }
  }

  const DeviceHistory& device_;
  Beginning found_;
  Segments segments_, early_;
  std::unordered_set<std::uint64_t> seen_;
};

class Replayer {
 public:
  Replayer(const DeviceHistory& device, const std::string& where)
      : device_(device), where_(where), space_({device.is_expandable, device.max_split_bytes}) {
    streams_.emplace(0, 0);
  }

  History run() {
    if (!device_.entries.empty()) time_ns_ = device_.entries.front().time_ns;
    begin();
    for (const Entry& entry : device_.entries) take(entry);
    correct_sizes();
    hold_to_the_end();
    drop_empty_columns();
    return std::move(history_);
  }

 private:
  struct Live {
    std::size_t event = 0;
    std::int64_t requested_bytes = 0, bytes = 0;
    std::int64_t stream = 0;
  };

  std::int64_t size() const { return static_cast<std::int64_t>(history_.events.size()); }

  void append(Action action, std::uint64_t address, std::int64_t requested, std::int64_t bytes, std::int64_t stream,
              const PickleValue& origin) {
    total_bytes_ += bytes;
    if (total_bytes_ > kMostTotalBytes) throw bad_input(where_ + ": its sizes add up to more than any device holds");
    Events& e = history_.events;
    e.time_ns.push_back(time_ns_);
    e.action.push_back(action);
    e.address.push_back(address);
    e.requested_bytes.push_back(requested);
    e.block_bytes.push_back(bytes);
    e.stream.push_back(number_of(stream));
    e.held.push_back(0);
    history_.origins.push_back(origin);
  }

  std::uint8_t number_of(std::int64_t stream) {
    if (device_.is_complete) return static_cast<std::uint8_t>(std::clamp<std::int64_t>(stream, 0, 255));
    const auto next = static_cast<std::uint8_t>(std::min<std::size_t>(streams_.size(), 255));
    return streams_.try_emplace(stream, next).first->second;
  }

  void begin() {
    if (device_.is_complete) return;
    const Beginning beginning = BeginningFinder(device_).find();
    for (const Range& range : beginning.segments) {
      reserve(range, stream_at(range.address), {});
      history_.early_segment_bytes += range.bytes;
    }
    for (const EndBlock& block : beginning.blocks) space_.occupy(block.address, block.bytes);
    for (const EndBlock& block : beginning.blocks) {
      const std::int64_t bytes =
          block.bytes > 0 ? block.bytes : space_.block_bytes(block.address, block.requested_bytes);
      allocate(block.address, block.requested_bytes, bytes, stream_at(block.address), block.dict);
      ++history_.early_block_count;
      history_.early_block_bytes += bytes;
    }
    history_.first_event = size();
  }

  std::int64_t stream_at(std::uint64_t address) const {
    const auto after = std::ranges::upper_bound(device_.segments, address, {}, &EndSegment::address);
    if (after == device_.segments.begin()) return 0;
    const EndSegment& segment = *std::prev(after);
    return Range{segment.address, segment.bytes}.end() > address ? segment.stream : 0;
  }

  void take(const Entry& entry) {
    time_ns_ = std::max(time_ns_, entry.time_ns);
    switch (entry.kind) {
      case EntryKind::alloc: {
        const std::int64_t bytes =
            entry.block_bytes < 0 ? space_.block_bytes(entry.address, entry.bytes) : entry.block_bytes;
        allocate(entry.address, entry.bytes, bytes, entry.stream, entry.dict);
        history_.failed_last = false;
        break;
      }
      case EntryKind::free_requested:
        request_free(entry.address);
        break;
      case EntryKind::free_completed:
        complete_free(entry.address);
        break;
      case EntryKind::reserve:
        reserve({entry.address, entry.bytes}, entry.stream, entry.dict);
        break;
      case EntryKind::release:
        release({entry.address, entry.bytes}, entry.stream);
        break;
      case EntryKind::oom:
        fail(entry);
        break;
    }
  }

  void allocate(std::uint64_t address, std::int64_t requested, std::int64_t bytes, std::int64_t stream,
                const PickleValue& origin) {
    if (live_.contains(address)) {
      ++history_.lost_event_count;
      request_free(address);
    }
    if (pending_.contains(address)) complete_free(address);
    if (infers_sizes_) space_.occupy(address, bytes);
    live_[address] = {static_cast<std::size_t>(size()), requested, bytes, stream};
    allocated_bytes_ += bytes;
    append(Action::alloc, address, requested, bytes, stream, origin);
  }

  void request_free(std::uint64_t address) {
    const auto found = live_.find(address);
    if (found == live_.end()) {
      ++history_.lost_event_count;
      return;
    }
    const Live block = found->second;
    live_.erase(found);
    allocated_bytes_ -= block.bytes;
    pending_[address] = size();
    append(Action::free, address, block.requested_bytes, block.bytes, block.stream, {});
  }

  void complete_free(std::uint64_t address) {
    if (!has_requests_ && live_.contains(address)) request_free(address);
    const auto found = pending_.find(address);
    if (found == pending_.end()) return;
    history_.events.held[static_cast<std::size_t>(found->second)] = size() - 1 - found->second;
    pending_.erase(found);
    if (infers_sizes_) space_.vacate(address);
  }

  void reserve(const Range& range, std::int64_t stream, const PickleValue& origin) {
    if (range.bytes == 0 && !device_.is_complete) return;
    if (!device_.is_complete) release_parts(range, stream, {});
    space_.segments.add(range);
    reserved_bytes_ += range.bytes;
    append(Action::segment_alloc, range.address, 0, range.bytes, stream, origin);
  }

  void release(const Range& range, std::int64_t stream) {
    if (device_.is_complete) return append(Action::segment_free, range.address, 0, range.bytes, stream, {});
    if (!space_.segments.gaps(range).empty()) ++history_.lost_event_count;
    release_parts(range, stream, range);
  }

  // Whole parts are given back; of those that reach beyond `wanted` the rest is reserved again, as one event each.
  void release_parts(const Range& range, std::int64_t stream, const Range& wanted) {
    for (const Range& part : space_.segments.take(range)) {
      reserved_bytes_ -= part.bytes;
      append(Action::segment_free, part.address, 0, part.bytes, stream, {});
      if (wanted.bytes == 0) continue;
      if (part.address < wanted.address)
        reserve({part.address, static_cast<std::int64_t>(wanted.address - part.address)}, stream, {});
      if (part.end() > wanted.end())
        reserve({wanted.end(), static_cast<std::int64_t>(part.end() - wanted.end())}, stream, {});
    }
  }

  void fail(const Entry& entry) {
    ++history_.out_of_memory_count;
    history_.failed_last = true;
    history_.failure = entry.dict;
    Outcome& outcome = history_.outcome;
    outcome.kind = OutcomeKind::oom;
    outcome.failed_request_bytes = entry.bytes;
    outcome.free_bytes = std::max<std::int64_t>(entry.free_bytes, 0);
    outcome.allocated_bytes = allocated_bytes_;
    outcome.reserved_bytes = reserved_bytes_;
  }

  // The snapshot says how large the blocks are that were alive at its end.
  void correct_sizes() {
    for (const EndSegment& segment : device_.segments)
      for (const EndBlock& block : segment.blocks) {
        const auto found = live_.find(block.address);
        if (!block.is_allocated || found == live_.end() || found->second.bytes == block.bytes) continue;
        total_bytes_ += block.bytes;
        if (total_bytes_ > kMostTotalBytes)
          throw bad_input(where_ + ": its sizes add up to more than any device holds");
        history_.events.block_bytes[found->second.event] = block.bytes;
        found->second.bytes = block.bytes;
        ++history_.resized_count;
      }
  }

  void hold_to_the_end() {
    for (const auto& [address, event] : pending_)
      history_.events.held[static_cast<std::size_t>(event)] = size() - 1 - event;
  }

  void drop_empty_columns() {
    const auto drop = [](auto& column) {
      if (std::ranges::all_of(column, [](auto value) { return value == 0; })) column.clear();
    };
    drop(history_.events.stream);
    drop(history_.events.held);
  }

  const DeviceHistory& device_;
  const std::string& where_;
  const bool has_requests_ =  // a program may record completions alone
      std::ranges::find(device_.entries, EntryKind::free_requested, &Entry::kind) != device_.entries.end();
  const bool infers_sizes_ = !device_.is_complete || std::ranges::any_of(device_.entries, [](const Entry& entry) {
    return entry.kind == EntryKind::alloc && entry.block_bytes < 0;
  });
  AddressSpace space_;
  History history_;
  std::unordered_map<std::uint64_t, Live> live_;
  std::unordered_map<std::uint64_t, std::int64_t> pending_;  // freed, and still held: the event that freed it
  std::unordered_map<std::int64_t, std::uint8_t> streams_;   // by handle, in order of first use
  std::int64_t time_ns_ = 0, total_bytes_ = 0, allocated_bytes_ = 0, reserved_bytes_ = 0;
};

}  // namespace

History replay(const DeviceHistory& device, const std::string& where) { return Replayer(device, where).run(); }

}  // namespace headroom::snapshot_reader
