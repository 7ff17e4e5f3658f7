// What every writer of a fit says the same way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/fit.h"

namespace headroom {

// "llama-7b", "seq 2048", "train", "bf16", …: what the runs have in common, without what is solved for.
std::vector<std::string> fit_conditions(const FitReport& report);

// "largest batch that fits", "most layers that fit"
std::string fit_title(const FitReport& report);

// "12", "none", "failed"
std::string value_text(const SearchResult& result);

// "batch 3", "24 layers": a value of what is solved for.
std::string amount_text(FitSize size, std::int64_t value);

// "activations, in forward at decoder.layer.29.attention"; "all 2,048 positions of the model"; empty: nobody knows.
std::string limit_text(const SearchResult& result);

// One sentence about what was asked for in vain and what held the memory; empty where memory is no limit.
std::string limit_sentence(const FitReport& report, const DeviceFit& fit);

// "12 → 31", "none → 4"; empty where the new value was not looked for.
std::string gain_text(const SearchResult& before, const TriedChange& change);

// Sentences on what is odd: values out of order, problems.
std::vector<std::string> fit_remarks(const FitReport& report);

// What limits a search that ended; memory where nothing fits.
FitLimit limit_of(const SearchResult& result);

}  // namespace headroom
