// Which batches and sequence lengths fit, found by trying: a grid, and the order in which its cells are worth trying.
// Pure: who asks runs them.
//
// Only what was tried has an outcome of its own. Where a run was out of memory, those with no smaller batch and no
// shorter sequence are not tried: their cells say that a smaller one did not fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace headroom {

enum class FitState : std::uint8_t {
  untried,
  fits,
  out_of_memory,
  smaller_did_not_fit,
  refused,  // the run failed of other reasons
};

struct FitCell {
  std::size_t batch = 0, seq = 0;  // indices into the grid's sizes
  bool operator==(const FitCell&) const = default;
};

class FitGrid {
 public:
  FitGrid() = default;
  FitGrid(std::vector<std::int64_t> batches, std::vector<std::int64_t> seqs);  // ascending

  const std::vector<std::int64_t>& batches() const { return batches_; }
  const std::vector<std::int64_t>& seqs() const { return seqs_; }
  FitState at(FitCell cell) const { return states_[index(cell)]; }
  std::size_t cell_count() const { return states_.size(); }
  std::size_t tried_count() const;

  void tell(FitCell cell, FitState state);

  // The cell to try next; empty: there is none that is untried and not running. First along the border between what
  // fits and what does not, from both of its ends; then what lies next to it.
  std::optional<FitCell> next(const std::function<bool(FitCell)>& is_running = {}) const;

  // Index of the largest batch that is known to fit at that length; empty: none is.
  std::optional<std::size_t> largest_batch(std::size_t seq) const;

 private:
  std::size_t index(FitCell cell) const { return cell.seq * batches_.size() + cell.batch; }
  bool is_too_large(FitCell cell) const;
  std::optional<FitCell> on_border_from_large_batches() const;
  std::optional<FitCell> on_border_from_long_sequences() const;

  std::vector<std::int64_t> batches_, seqs_;
  std::vector<FitState> states_;
};

// 1, 2, 4, … up to `most`, and `wanted`.
std::vector<std::int64_t> fit_sizes(std::int64_t least, std::int64_t most, std::int64_t wanted);

}  // namespace headroom
