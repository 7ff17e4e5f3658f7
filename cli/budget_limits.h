// The limits of one budget, from the keys of its table.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analysis/budget.h"
#include "base/json.h"

namespace headroom::cli {

// "budgets.toml:7" of a way into the table: {"peak", "warn"}.
using PlaceOf = std::function<std::string(const std::vector<std::string>& way)>;

bool is_limit_key(const std::string& key);  // "peak", "category", "layer", …

const std::vector<std::string>& limit_keys();

// Of every limit key of `table`, in its order. Throws bad_input.
std::vector<Limit> read_limits(const Json& table, const PlaceOf& place_of);

}  // namespace headroom::cli
