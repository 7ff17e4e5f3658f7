// Stretches of an axis of pixels, such as the phases and layers of a run, as the few bands that there is room for.
// Pure.
#pragma once

#include <cstddef>
#include <vector>

namespace headroom {

struct AxisBand {
  double from = 0, to = 0;
  std::size_t kind = 0;   // what takes most of it; of equals the first
  std::size_t item = 0;   // the first stretch of that kind, as the caller numbers them
  std::size_t count = 0;  // how many stretches share it

  bool operator==(const AxisBand&) const = default;
};

// A stretch of `least` or more is a band of its own. Narrower ones that touch share bands, each filled up to `least`,
// so that there are no more than two bands for each `least` of the axis however many stretches there are, and none is
// missing.
class Bands {
 public:
  Bands(double from, double to, double least) : from_(from), to_(to), least_(least) {}

  // In ascending order, none over another; what lies outside the axis is cut off.
  void add(double from, double to, std::size_t kind, std::size_t item);
  std::vector<AxisBand> finish();

 private:
  struct Share {
    std::size_t kind, item;
    double width;
  };
  void end_shared();

  double from_, to_, least_;
  std::vector<AxisBand> bands_;
  AxisBand shared_;            // narrow stretches that are not a band yet
  std::vector<Share> shares_;  // of its kinds
};

}  // namespace headroom
