// What `headroom fit` found: for each device the largest value that fits, what limits it, and what would make more
// fit. Plain data; every number is of a run that was made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/largest.h"
#include "analysis/run_summary.h"

namespace headroom {

// A value that fits although a smaller one does not.
struct OutOfOrder {
  std::int64_t fails = 0, fits = 0;
  bool operator==(const OutOfOrder&) const = default;
};

struct SearchResult {
  FoundSize found;
  std::optional<RunSummary> largest;  // of the value that was found
  std::optional<std::int64_t> next_value;
  std::optional<RunSummary> next;  // of next_value, the smallest above it that was tried; out of memory
  std::vector<OutOfOrder> out_of_order;
};

enum class ChangeKind : std::uint8_t {
  checkpointing,
  fused_attention,
  mechanism,
  optimizer,
  precision,
  loss_chunks,
  compression,
  cache,
  together
};
inline constexpr std::array kChangeKindNames{Named<ChangeKind>{ChangeKind::checkpointing, "checkpointing"},
                                             Named<ChangeKind>{ChangeKind::fused_attention, "fused-attention"},
                                             Named<ChangeKind>{ChangeKind::mechanism, "mechanism"},
                                             Named<ChangeKind>{ChangeKind::optimizer, "optimizer"},
                                             Named<ChangeKind>{ChangeKind::precision, "precision"},
                                             Named<ChangeKind>{ChangeKind::loss_chunks, "loss-chunks"},
                                             Named<ChangeKind>{ChangeKind::compression, "compression"},
                                             Named<ChangeKind>{ChangeKind::cache, "cache"},
                                             Named<ChangeKind>{ChangeKind::together, "together"}};

// The same model computes the same, to rounding, with less; else it is another model, or is trained otherwise.
bool keeps_the_model(ChangeKind kind);

// One change, tried at the value that was found (at the least one where none fits).
struct TriedChange {
  ChangeKind kind = ChangeKind::checkpointing;
  std::string flags;  // "--checkpoint block"
  std::optional<RunSummary> run;
  std::optional<std::int64_t> saved_bytes;  // of the peak of allocated bytes; absent: there is nothing to compare
  std::optional<SearchResult> search;       // where the new largest value was looked for
  std::string problem;                      // why it could not be run
};

// Those that fit first, by what they saved; where nothing fitted before, by their peaks.
void rank(std::vector<TriedChange>& changes);

struct DeviceFit {
  std::string device;       // "virtual:h100-80gb"
  std::string device_name;  // as it calls itself
  std::int64_t device_bytes = 0;
  SearchResult result;
  std::int64_t tried_at = 0;         // the value of the changes
  std::vector<TriedChange> changes;  // ranked; empty: none were asked for
};

}  // namespace headroom
