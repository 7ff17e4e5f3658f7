#include "analysis/bands.h"

#include <algorithm>
#include <utility>

namespace headroom {

void Bands::add(double from, double to, std::size_t kind, std::size_t item) {
  from = std::max(from, from_);
  to = std::min(to, to_);
  if (to <= from) return;
  if (shared_.count > 0 && (from > shared_.to || to - from >= least_)) end_shared();
  if (to - from >= least_) {
    bands_.push_back({from, to, kind, item, 1});
    return;
  }
  if (shared_.count == 0) shared_.from = from;
  shared_.to = to;
  ++shared_.count;
  const auto share = std::ranges::find(shares_, kind, &Share::kind);
  share == shares_.end() ? shares_.push_back({kind, item, to - from}) : void(share->width += to - from);
  if (shared_.to - shared_.from >= least_) end_shared();
}

void Bands::end_shared() {
  const auto most = std::ranges::max_element(shares_, {}, &Share::width);
  shared_.kind = most->kind;
  shared_.item = most->item;
  bands_.push_back(std::exchange(shared_, {}));
  shares_.clear();
}

std::vector<AxisBand> Bands::finish() {
  if (shared_.count > 0) end_shared();
  return std::move(bands_);
}

}  // namespace headroom
