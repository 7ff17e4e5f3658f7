#include "analysis/fit_grid.h"

#include <algorithm>

namespace headroom {

FitGrid::FitGrid(std::vector<std::int64_t> batches, std::vector<std::int64_t> seqs)
    : batches_(std::move(batches)), seqs_(std::move(seqs)), states_(batches_.size() * seqs_.size()) {}

std::size_t FitGrid::tried_count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(states_, [](FitState state) { return state != FitState::untried; }));
}

bool FitGrid::is_too_large(FitCell cell) const {
  return at(cell) == FitState::out_of_memory || at(cell) == FitState::smaller_did_not_fit;
}

void FitGrid::tell(FitCell cell, FitState state) {
  states_[index(cell)] = state;
  if (state != FitState::out_of_memory) return;
  for (std::size_t s = cell.seq; s < seqs_.size(); ++s)
    for (std::size_t b = cell.batch; b < batches_.size(); ++b)
      if (FitState& larger = states_[index({b, s})]; larger == FitState::untried)
        larger = FitState::smaller_did_not_fit;
}

// Down where it does not fit, on to longer sequences where it does.
std::optional<FitCell> FitGrid::on_border_from_large_batches() const {
  for (std::size_t s = 0, left = batches_.size(); s < seqs_.size() && left > 0;) {
    const FitCell cell{left - 1, s};
    if (at(cell) == FitState::untried) return cell;
    is_too_large(cell) ? --left : ++s;
  }
  return {};
}

std::optional<FitCell> FitGrid::on_border_from_long_sequences() const {
  for (std::size_t b = 0, left = seqs_.size(); b < batches_.size() && left > 0;) {
    const FitCell cell{b, left - 1};
    if (at(cell) == FitState::untried) return cell;
    is_too_large(cell) ? --left : ++b;
  }
  return {};
}

std::optional<FitCell> FitGrid::next(const std::function<bool(FitCell)>& is_running) const {
  const auto is_free = [&](FitCell cell) { return at(cell) == FitState::untried && !(is_running && is_running(cell)); };
  for (const auto& cell : {on_border_from_large_batches(), on_border_from_long_sequences()})
    if (cell && is_free(*cell)) return cell;
  // By how far below the border; what is untried there fits in all likelihood.
  for (std::size_t depth = 0; depth < batches_.size(); ++depth)
    for (std::size_t s = 0; s < seqs_.size(); ++s) {
      std::size_t border = batches_.size();
      while (border > 0 && is_too_large({border - 1, s})) --border;
      if (border > depth && is_free({border - 1 - depth, s})) return FitCell{border - 1 - depth, s};
    }
  return {};
}

std::optional<std::size_t> FitGrid::largest_batch(std::size_t seq) const {
  for (std::size_t b = batches_.size(); b > 0; --b)
    if (at({b - 1, seq}) == FitState::fits) return b - 1;
  return {};
}

std::vector<std::int64_t> fit_sizes(std::int64_t least, std::int64_t most, std::int64_t wanted) {
  std::vector<std::int64_t> sizes{most, std::clamp(wanted, std::min(least, most), most)};
  for (std::int64_t size = std::max<std::int64_t>(1, least); size < most; size *= 2) sizes.push_back(size);
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

}  // namespace headroom
