#include "reports/snapshot_trace.h"

#include <map>

#include "analysis/sweep.h"
#include "reports/snapshot_segments.h"

namespace headroom::snapshot {
namespace {

// The page looks for this category once any entry has one, and stops when no entry has it.
constexpr std::string_view kNoCategory = "unknown";

std::int64_t time_us(const Events& events, std::int64_t event) {
  return event < 0 ? 0 : events.time_ns[static_cast<std::size_t>(event)] / 1000;
}

// Memory ran out after the last event at which as much was in use as then.
std::int64_t event_of_failure(const Events& events, const Outcome& outcome) {
  std::int64_t allocated = 0, reserved = 0, last = static_cast<std::int64_t>(events.size()) - 1;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::int64_t bytes = events.block_bytes[i];
    if (events.action[i] == Action::alloc) allocated += bytes;
    if (events.action[i] == Action::free) allocated -= bytes;
    if (events.action[i] == Action::segment_alloc) reserved += bytes;
    if (events.action[i] == Action::segment_free) reserved -= bytes;
    if (allocated == outcome.allocated_bytes && reserved == outcome.reserved_bytes) last = static_cast<std::int64_t>(i);
  }
  return last;
}

class TraceWriter {
 public:
  TraceWriter(PickleWriter& pickle, OriginWriter& origins, const ExportRun& run, const TraceOptions& options)
      : pickle_(pickle),
        origins_(origins),
        events_(run.recording->events),
        allocations_(run.breakdown->allocations),
        outcome_(run.breakdown->outcome),
        options_(options) {}

  void write() {
    const bool failed = outcome_.kind == OutcomeKind::oom;
    const std::int64_t failure = failed ? event_of_failure(events_, outcome_) : 0;
    pickle_.begin_list();
    if (failed && failure < 0) write_failure(failure);
    sweep(
        allocations_, static_cast<std::int64_t>(events_.size()), [&](std::size_t i) { write_alloc(i); },
        [&](std::size_t i) { write_free(i); },
        [&](std::int64_t event) {
          write_segment(event);
          complete_held(event);
          if (failed && event == failure) write_failure(event);
        });
  }

 private:
  void begin(std::string_view action, std::int64_t event, std::string_view address_key, std::uint64_t address,
             std::int64_t bytes) {
    pickle_.begin_dict();
    pickle_.member("action", action);
    pickle_.place(address_key, address);
    pickle_.member("size", bytes);
    pickle_.member("stream", stream_of(events_, event));
    pickle_.member("time_us", time_us(events_, event));
  }

  void end(std::string_view category) {
    pickle_.member("category", category);
    pickle_.end_dict();
    pickle_.end_item();
  }

  void block(std::string_view action, std::int64_t event, const Allocation& a) {
    begin(action, event, "addr", a.address, a.requested_bytes);
    pickle_.member("block_size", a.block_bytes);
    origins_.write(a);
    end(to_name(kCategoryNames, a.category));
  }

  void reservation(std::int64_t event, std::uint64_t address, std::int64_t bytes, bool lone = false) {
    begin(options_.expandable ? "segment_map" : "segment_alloc", event, "addr", address, bytes);
    if (lone) pickle_.flag("lone", true);
    origins_.write_of_segment(event);
    end(kNoCategory);
  }

  void release(std::int64_t event, std::uint64_t address, std::int64_t bytes, bool lone = false) {
    begin(options_.expandable ? "segment_unmap" : "segment_free", event, "addr", address, bytes);
    if (lone) pickle_.flag("lone", true);
    origins_.write_none();
    end(kNoCategory);
  }

  void write_alloc(std::size_t index) {
    const Allocation& a = allocations_[index];
    if (options_.lone[index]) reservation(a.begin, a.address, a.block_bytes, true);
    block("alloc", a.begin, a);
  }

  void write_free(std::size_t index) {
    const std::int64_t event = allocations_[index].end, returned = returned_after(events_, event);
    block("free_requested", event, allocations_[index]);
    if (returned == event) return complete(event, index);
    if (returned != kNever) held_.emplace(returned, index);
  }

  void complete(std::int64_t event, std::size_t index) {
    const Allocation& a = allocations_[index];
    block("free_completed", event, a);
    if (options_.lone[index]) release(event, a.address, a.block_bytes, true);
  }

  void complete_held(std::int64_t event) {
    for (auto next = held_.begin(); next != held_.end() && next->first <= event; next = held_.erase(next))
      complete(event, next->second);
  }

  void write_segment(std::int64_t event) {
    const auto i = static_cast<std::size_t>(event);
    if (events_.action[i] == Action::segment_alloc) reservation(event, events_.address[i], events_.block_bytes[i]);
    if (events_.action[i] == Action::segment_free) release(event, events_.address[i], events_.block_bytes[i]);
  }

  void write_failure(std::int64_t event) {
    begin("oom", event, "device_free", static_cast<std::uint64_t>(outcome_.free_bytes), outcome_.failed_request_bytes);
    origins_.write_of_failure(outcome_);
    end(kNoCategory);
  }

  PickleWriter& pickle_;
  OriginWriter& origins_;
  const Events& events_;
  const std::vector<Allocation>& allocations_;
  const Outcome& outcome_;
  const TraceOptions& options_;
  std::multimap<std::int64_t, std::size_t> held_;  // by the event after which the allocator has the block back
};

}  // namespace

std::int64_t stream_of(const Events& events, std::int64_t event) {
  return event < 0 || events.stream.empty() ? 0 : events.stream.at(static_cast<std::size_t>(event));
}

void write_trace(PickleWriter& pickle, OriginWriter& origins, const ExportRun& run, const TraceOptions& options) {
  TraceWriter(pickle, origins, run, options).write();
}

}  // namespace headroom::snapshot
