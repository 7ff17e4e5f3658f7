#include "analysis/largest.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace headroom {
namespace {

constexpr int kGuesses = 6;      // values that may be tried beyond those that halving needs
constexpr double kFarApart = 8;  // bounds whose ratio is more are told apart by their geometric mean
constexpr int kNear = 8;         // bounds no further apart than this are walked

// Probes that halving needs for so many candidates, of which none or one is the answer.
int halvings(std::int64_t candidates) { return std::bit_width(static_cast<std::uint64_t>(candidates)); }

}  // namespace

LargestSearch::LargestSearch(std::int64_t low, std::int64_t high, std::int64_t capacity_bytes)
    : fits_(low - 1),
      fails_(high + 1),
      low_(low),
      high_(high),
      capacity_(static_cast<double>(capacity_bytes)),
      threshold_(capacity_),
      budget_(halvings(high - low + 1) + kGuesses) {
  choose();
}

void LargestSearch::hint(std::int64_t value, std::int64_t used_bytes) {
  remember(value, static_cast<double>(used_bytes), false);
  choose();
}

void LargestSearch::start_at(std::int64_t value) {
  start_ = std::clamp(value, low_, std::max(low_, high_));
  choose();
}

// What this search saw itself takes the place of a hint.
void LargestSearch::remember(std::int64_t value, double used_bytes, bool own) {
  const std::pair point{static_cast<double>(value), used_bytes};
  const auto after = std::ranges::lower_bound(used_, point.first, {}, &std::pair<double, double>::first);
  if (after == used_.end() || after->first != point.first)
    used_.insert(after, point);
  else if (own)
    after->second = used_bytes;
}

// Of two points at least.
const std::pair<double, double>& LargestSearch::last_below_failure() const {
  const auto after =
      std::ranges::lower_bound(used_, static_cast<double>(fails_), {}, &std::pair<double, double>::first);
  return *std::prev(std::max(after, used_.begin() + 1));
}

// Between two points on the line through them. Beyond the last one through the last three where they bend upwards, else
// through the last two.
double LargestSearch::expected_bytes(double value) const {
  if (value < used_.back().first) {
    const auto after =
        std::max(std::ranges::upper_bound(used_, value, {}, &std::pair<double, double>::first), used_.begin() + 1);
    const auto [x0, y0] = *std::prev(after);
    return y0 + (after->second - y0) / (after->first - x0) * (value - x0);
  }
  const auto [x2, y2] = used_[used_.size() - 1];
  const auto [x1, y1] = used_[used_.size() - 2];
  const double slope = (y2 - y1) / (x2 - x1);
  double bend = 0;
  if (used_.size() > 2) {
    const auto [x0, y0] = used_[used_.size() - 3];
    bend = std::max(0.0, (slope - (y1 - y0) / (x1 - x0)) / (x2 - x0));
  }
  return y2 + slope * (value - x2) + bend * (value - x2) * (value - x1);
}

// The last value whose expected bytes are within the threshold.
std::int64_t LargestSearch::crossing() const {
  std::int64_t low = fits_, high = fails_ - 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    expected_bytes(static_cast<double>(middle)) <= threshold_ ? low = middle : high = middle - 1;
  }
  return low;
}

std::int64_t LargestSearch::guess() const {
  const bool open = fails_ > high_;
  if (start_ && probe_count_ == 0 && used_.size() < 2) return *start_;
  if (used_.size() >= 2 && used_.back().second > used_.front().second && !curve_misled_) {
    const std::int64_t value = std::min(crossing(), open ? high_ : fails_ - down_);
    return value > fits_ ? value : fits_ + up_;
  }
  if (open) return fits_ < low_ ? low_ : high_;
  return between();
}

// Between what fits and what does not: where a power of the value meets the capacity, if what does not depend on it is
// known, else the middle.
std::int64_t LargestSearch::between() const {
  const double high = static_cast<double>(fails_);
  if (used_.size() >= 2 && used_.front().first == 0) {
    const auto [value, bytes] = last_below_failure();
    const double fixed = used_.front().second, needed = needed_ - fixed, room = capacity_ - fixed;
    const double power = std::log(needed / (bytes - fixed)) / std::log(high / value);
    const double meets = high * std::pow(room / needed, 1 / power);
    if (power > 0 && meets > static_cast<double>(fits_) && meets < high) return static_cast<std::int64_t>(meets);
  }
  const double low = static_cast<double>(std::max<std::int64_t>(fits_, 1));
  if (high / low > kFarApart) return static_cast<std::int64_t>(std::sqrt(low * high));
  return fits_ + (fails_ - fits_) / 2;
}

// `value`, or halfway where halving could no longer finish after it.
std::int64_t LargestSearch::within_budget(std::int64_t value) const {
  value = std::clamp(value, fits_ + 1, fails_ - 1);
  const std::int64_t left = std::max(value - fits_, fails_ - value) - 1;
  return halvings(left) <= budget_ - 1 ? value : fits_ + (fails_ - fits_) / 2;
}

void LargestSearch::choose() {
  next_.reset();
  if (fits_ + 1 < fails_) next_ = within_budget(guess());
}

std::optional<std::int64_t> LargestSearch::next() const { return next_; }

void LargestSearch::tell(const Probe& probe) {
  const std::int64_t value = *next_;
  const auto bytes = static_cast<double>(probe.used_bytes);
  ++probe_count_;
  --budget_;
  if (probe.fits) {
    up_ *= 2;
    down_ = 1;
    fits_ = value;
    curve_misled_ = false;
    threshold_ = std::max(threshold_, bytes);
    remember(value, bytes, true);
    return choose();
  }
  down_ *= 2;
  up_ = 1;
  fails_ = value;
  needed_ = bytes;
  // What is believed to fit shrinks to where nothing would have been missing, unless less than that was seen to fit.
  if (used_.size() >= 2) {
    const double enough = expected_bytes(static_cast<double>(value)) - std::max(1.0, bytes - capacity_);
    curve_misled_ = enough <= last_below_failure().second && fails_ - fits_ > kNear;
    if (!curve_misled_) threshold_ = std::min(threshold_, enough);
  }
  choose();
}

Largest LargestSearch::result() const {
  Largest result{.is_high = fits_ == high_, .probe_count = probe_count_};
  if (fits_ >= low_) result.value = fits_;
  return result;
}

Largest largest_that_fits(std::int64_t low, std::int64_t high, std::int64_t capacity_bytes,
                          const std::function<Probe(std::int64_t)>& probe) {
  LargestSearch search(low, high, capacity_bytes);
  while (const auto value = search.next()) search.tell(probe(*value));
  return search.result();
}

}  // namespace headroom
