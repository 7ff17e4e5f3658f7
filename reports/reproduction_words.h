// Words and figures that the writers of a reproduction share.
#pragma once

#include <optional>
#include <string>

#include "analysis/reproduction/reproduction.h"

namespace headroom::reproduction {

// "encoder-only: BERT-base, 12 attention sublayers of 12 heads of 64"
std::string title_of(const SetUp& set_up);

// "batch 8 x 512 tokens, fp32, AdamW, eager attention, NVIDIA H100 80GB HBM3 (virtual)"
std::string conditions_of(const SetUp& set_up, const Reproduction& found);

// "byte model of 2 layers, width 128, 8 heads; 600 steps of 16 x 128 bytes, 3 seeds"
std::string title_of(const TrainingStudy& study);

std::string percent_saved(std::int64_t bytes, std::int64_t baseline);      // "68.65 %"; "–" for nothing of nothing
std::string with_spread(const Spread& spread, int digits);                 // "3.412 ± 0.021"; no ± for one value
std::string with_spread(const std::optional<Spread>& spread, int digits);  // "–" where there is none

// attention weights / those of sha − 1; empty where sha is missing.
std::optional<double> over_sha(const SetUp& set_up, const ParameterRow& row);

inline constexpr const char* kNothing = "–";

}  // namespace headroom::reproduction
