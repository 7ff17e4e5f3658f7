#include <set>
#include <unordered_map>

#include "analysis/breakdown.h"

namespace headroom {
namespace {

// The events before which the backward passes of each step begin: one, or with gradient accumulation several.
using BackwardBegins = std::unordered_map<std::int32_t, std::set<std::int64_t>>;

BackwardBegins backward_begins(const Recording& recording) {
  BackwardBegins begins;
  for (const Mark& mark : recording.marks)
    if (mark.phase == Phase::backward) begins[mark.step].insert(mark.event);
  const Events& events = recording.events;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events.phase[i] == Phase::backward && (i == 0 || events.phase[i - 1] != Phase::backward))
      begins[events.step[i]].insert(static_cast<std::int64_t>(i));
  return begins;
}

Allocation allocation_at(const Events& e, std::size_t i) {
  return {.begin = static_cast<std::int64_t>(i),
          .address = e.address[i],
          .requested_bytes = e.requested_bytes[i],
          .block_bytes = e.block_bytes[i],
          .layer = e.layer[i],
          .phase = e.phase[i],
          .step = e.step[i],
          .category = e.category[i],
          .op = e.op[i],
          .tensor = e.tensor[i],
          .source = e.source.empty() ? StringId::none : e.source[i]};
}

std::vector<Allocation> match_frees(const Events& events) {
  std::vector<Allocation> allocations;
  std::unordered_map<std::uint64_t, std::size_t> live;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Action action = events.action[i];
    if (action != Action::alloc && action != Action::free) continue;
    const auto found = live.find(events.address[i]);
    if (found != live.end()) allocations[found->second].end = static_cast<std::int64_t>(i);
    if (action == Action::alloc) {
      live[events.address[i]] = allocations.size();
      allocations.push_back(allocation_at(events, i));
    } else if (found != live.end()) {
      live.erase(found);
    }
  }
  return allocations;
}

class Lifetimes {
 public:
  explicit Lifetimes(const Recording& recording)
      : recording_(recording), backward_begins_(backward_begins(recording)) {}

  Category category(const Allocation& a) const {
    if (a.step > 0 && a.tensor == StringId::none && outlives_step(a)) return Category::workspace;
    if ((a.phase == Phase::forward || a.phase == Phase::recompute) && is_kept(a)) return Category::activation;
    return outlives_step(a) ? Category::other : Category::temporary;
  }

 private:
  bool outlives_step(const Allocation& a) const {
    return a.end == kNeverFreed || recording_.events.step[a.end] != a.step;
  }
  bool is_kept(const Allocation& a) const {
    const auto of_step = backward_begins_.find(a.step);
    if (of_step == backward_begins_.end()) return recording_.spec.mode == Mode::train && a.end == kNeverFreed;
    const auto next = of_step->second.upper_bound(a.begin);
    return next != of_step->second.end() && (a.end == kNeverFreed || a.end >= *next);
  }

  const Recording& recording_;
  BackwardBegins backward_begins_;
};

}  // namespace

std::vector<Allocation> resolve_allocations(const Recording& recording) {
  std::vector<Allocation> allocations = match_frees(recording.events);
  const Lifetimes lifetimes(recording);
  for (Allocation& a : allocations)
    if (a.category == Category::unresolved) a.category = lifetimes.category(a);
  return allocations;
}

}  // namespace headroom
