// Options given as text, "option=value:option=value", checked against a row of a registry.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/catalog/attention.h"

namespace headroom::models {

// Those that `text` gives. `whose`: "attention 'mha'". Throws bad_input for an unknown name and for a value that is
// missing, ill-formed or out of range.
MechanismOptions given_options(const std::string& whose, const std::vector<MechanismOption>& options,
                               std::string_view text);

// A value as it is written: its name, or its number, "0.9" where 1 has parts.
std::string option_text(const MechanismOption& option, std::int64_t value);

}  // namespace headroom::models
