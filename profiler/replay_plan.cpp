#include "profiler/replay_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "recording/reserved_peak.h"

namespace headroom::profiler {
namespace {

using Kind = ReplayStep::Kind;

constexpr std::uint8_t kStreamsBeyond = 255;

Lane lane_of(const Events& e, std::size_t i) {
  return {e.stream.empty() ? std::uint8_t{0} : e.stream[i], e.pool.empty() ? 0 : e.pool[i]};
}

std::int64_t held_for(const Events& e, std::size_t i) { return e.held.empty() ? 0 : e.held[i]; }

bool is_segment(Action action) { return action == Action::segment_alloc || action == Action::segment_free; }

void require_repeatable(const Recording& r) {
  if (event_of_reserved_peak(r.events) < 0)
    throw bad_input("the run reserved no segments, as on the CPU: there is nothing of PyTorch's CUDA allocator to repeat");
  if (r.dropped_event_count > 0)
    throw bad_input(fmt::format("{} events of the run were lost, so its requests are not all known", r.dropped_event_count));
  if (std::ranges::find(r.events.stream, kStreamsBeyond) != r.events.stream.end())
    throw bad_input("the run used more than 254 streams, which the recording does not tell apart");
}

// Segments without a block event between them: [begin, end).
struct SegmentRun {
  std::size_t begin, end;
};

class Planner {
 public:
  Planner(const Recording& recording, ReplayChange change)
      : r_(recording), e_(recording.events), change_(change), failing_(event_of_failure()) {
    plan_.peak_event = event_of_reserved_peak(e_);
  }

  ReplayPlan make() {
    std::size_t at = 0;
    for (const std::int64_t event : events_as_replayed(e_)) {
      const auto i = static_cast<std::size_t>(event);
      for (; at < i; ++at) before(at);
      if (at == i) before(at++);
      take(i);
    }
    before(e_.size());
    if (change_ == ReplayChange::lasting_first) move_lasting_blocks();
    return std::move(plan_);
  }

 private:
  void add(Kind kind, std::size_t event, std::size_t block = 0, std::int64_t bytes = 0, Lane lane = {}) {
    plan_.steps.push_back({kind, static_cast<std::int64_t>(event), block, bytes, lane});
  }

  // What happens in front of an event whatever it is.
  void before(std::size_t i) {
    if (change_ == ReplayChange::empty_cache && i > 0 && begins_phase(i)) add(Kind::empty_cache, i);
    if (failing_ == static_cast<std::int64_t>(i)) add(Kind::fail, i, 0, r_.outcome.failed_request_bytes);
    if (i >= e_.size()) return;
    if (e_.action[i] == Action::free && held_for(e_, i) > 0) add(Kind::hold, i, blocks_.at(e_.address[i]));
    const bool begins = is_segment(e_.action[i]) && (i == 0 || !is_segment(e_.action[i - 1]));
    if (begins) give_back(run_at(i));
    reserved_ += reserved_change(e_, i);
  }

  void take(std::size_t i) {
    if (e_.action[i] == Action::alloc) {
      blocks_[e_.address[i]] = plan_.block_count;
      add(Kind::alloc, i, plan_.block_count++, e_.requested_bytes[i], lane_of(e_, i));
    } else if (e_.action[i] == Action::free) {
      add(Kind::free, i, blocks_.at(e_.address[i]));
    }
  }

  bool begins_phase(std::size_t i) const {
    return std::ranges::binary_search(r_.marks, static_cast<std::int64_t>(i), {}, &Mark::event);
  }

  SegmentRun run_at(std::size_t i) const {
    SegmentRun run{i, i};
    while (run.end < e_.size() && is_segment(e_.action[run.end])) ++run.end;
    return run;
  }

  void give_back(SegmentRun run) {
    std::set<std::int32_t> pools;
    for (std::size_t i = run.begin; i < run.end; ++i)
      if (e_.action[i] == Action::segment_free) pools.insert(lane_of(e_, i).pool);
    if (pools.empty()) return;
    for (const std::int32_t pool : pools)
      if (pool != 0) add(Kind::release_pool, run.begin, 0, 0, {0, pool});
    if (!is_by_program(run)) return;
    if (pools.contains(0)) return add(Kind::empty_cache, run.begin);
    // While some pool is allocated in, torch.cuda.empty_cache() leaves the default one alone.
    for (const std::int32_t pool : pools) add(Kind::empty_cache, run.begin, 0, 0, {0, pool});
  }

  bool is_by_program(SegmentRun run) const {
    if (failing_ == static_cast<std::int64_t>(run.end)) return false;
    const bool for_a_request = run.end < e_.size() && e_.action[run.end] == Action::alloc && newly_reserved(run) > 0;
    if (!for_a_request) return true;
    // Where the allocator gives back all or nothing, asking it to do so in front of the request gives the same.
    if (change_ == ReplayChange::none && !gives_back_in_part()) return true;
    if (collects_garbage()) return false;
    const std::int64_t free =
        r_.environment.device_total_bytes - r_.spec.virtual_options.reserve_bytes - reserved_;
    return newly_reserved(run) <= free;
  }

  bool collects_garbage() const { return has_setting("garbage_collection_threshold"); }
  bool gives_back_in_part() const { return collects_garbage() || has_setting("max_split_size_mb"); }
  bool has_setting(const char* name) const { return r_.environment.allocator_settings.find(name) != std::string::npos; }

  // Without what is left of a piece that was unmapped in part, which is written as given back and reserved again.
  std::int64_t newly_reserved(SegmentRun run) const {
    std::int64_t bytes = 0;
    std::uint64_t begin = 0, end = 0;  // of the last one given back
    for (std::size_t i = run.begin; i < run.end; ++i) {
      const std::uint64_t at = e_.address[i];
      if (e_.action[i] == Action::segment_free) {
        begin = at;
        end = at + static_cast<std::uint64_t>(e_.block_bytes[i]);
      } else if (at < begin || at >= end) {
        bytes += e_.block_bytes[i];
      }
    }
    return bytes;
  }

  // The last moment with the totals that were live and reserved when memory ran out; -1: it did not.
  std::int64_t event_of_failure() const {
    if (r_.outcome.kind != OutcomeKind::oom || r_.outcome.failed_request_bytes <= 0) return -1;
    std::int64_t allocated = 0, reserved = 0, found = static_cast<std::int64_t>(e_.size());
    for (std::size_t i = 0; i < e_.size(); ++i) {
      reserved += reserved_change(e_, i);
      if (e_.action[i] == Action::alloc) allocated += e_.block_bytes[i];
      if (e_.action[i] == Action::free) allocated -= e_.block_bytes[i];
      if (allocated == r_.outcome.allocated_bytes && reserved == r_.outcome.reserved_bytes)
        found = static_cast<std::int64_t>(i + 1);
    }
    return found;
  }

  void move_lasting_blocks() {
    std::vector<bool> ends_before_peak(plan_.block_count);
    for (const ReplayStep& step : plan_.steps)
      if (step.kind == Kind::free && step.event <= plan_.peak_event) ends_before_peak[step.block] = true;
    const auto phase_of = [&](std::int64_t event) {
      return std::ranges::upper_bound(r_.marks, event, {}, &Mark::event) - r_.marks.begin();
    };
    std::vector<std::pair<std::int64_t, bool>> keys;  // phase, and what does not move
    std::vector<std::size_t> order(plan_.steps.size());
    std::int64_t at = 0;  // held frees stand behind their event
    for (std::size_t i = 0; i < order.size(); ++i) {
      const ReplayStep& step = plan_.steps[order[i] = i];
      at = std::max(at, step.event);
      const bool lasts = step.kind == Kind::alloc && step.event <= plan_.peak_event && step.lane.pool == 0 &&
                         !ends_before_peak[step.block];
      keys.emplace_back(phase_of(at), !lasts);
    }
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return keys[i]; });
    std::vector<ReplayStep> steps;
    for (const std::size_t i : order) steps.push_back(plan_.steps[i]);
    plan_.steps = std::move(steps);
  }

  const Recording& r_;
  const Events& e_;
  const ReplayChange change_;
  const std::int64_t failing_;
  ReplayPlan plan_;
  std::unordered_map<std::uint64_t, std::size_t> blocks_;  // by the address of the live one
  std::int64_t reserved_ = 0;
};

}  // namespace

std::vector<std::int64_t> events_as_replayed(const Events& e) {
  std::vector<std::int64_t> order(e.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  if (e.held.empty()) return order;
  // A block held for n events comes behind them; where several meet, in the order of their frees.
  std::ranges::stable_sort(order, {}, [&](std::int64_t i) { return std::pair(i + e.held[i], e.held[i] > 0); });
  return order;
}

ReplayPlan plan_replay(const Recording& recording, ReplayChange change) {
  require_repeatable(recording);
  return Planner(recording, change).make();
}

}  // namespace headroom::profiler
