// The same run under several orders of addresses, and the band that its peaks span. PyTorch's allocator breaks ties
// between equal free blocks by address, so the order in which a driver hands them out can move a peak.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "recording/recording.h"

namespace headroom {

struct OrderPeaks {
  std::string order;  // "descending", "shuffled:1"
  OutcomeKind outcome = OutcomeKind::ok;
  std::int64_t allocated_bytes = 0, requested_bytes = 0, reserved_bytes = 0;  // peaks, each at its own instant
};

OrderPeaks order_peaks(const Recording& recording, const std::string& order);

struct Band {
  std::int64_t least_bytes = 0, most_bytes = 0;
  std::string least_order, most_order;  // of several, the first
};

// Of one peak over the orders whose run went well; empty where none did.
std::optional<Band> band_of(const std::vector<OrderPeaks>& orders, std::int64_t OrderPeaks::*peak);

}  // namespace headroom
