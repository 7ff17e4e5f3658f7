// Whether a run makes sense, said before it is started: the same checks, and the same words, as the command line's.
// What the catalogue alone cannot tell, the run itself says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/catalog/config.h"
#include "recording/run_spec.h"

namespace headroom::gui {

struct SpecProblem {
  std::string field;  // the flag, "--batch", "MODEL" or "--attention"; empty: the whole
  std::string message;
};

// The first problem; the mechanism is not looked at.
std::optional<SpecProblem> check_spec(const RunSpec& spec);

// Why the spec's mechanism, with its options, cannot run; empty: it can, as far as the catalogue knows. `spec` passed
// check_spec().
std::string mechanism_problem(const RunSpec& spec, const std::string& mechanism);

// The first of `fields` that the message names; empty: none.
std::string field_named_in(const std::string& message, const std::vector<std::string>& fields);

// The model of the spec with the positions and the room for tokens that were chosen. Throws Error.
models::ModelConfig model_of(const RunSpec& spec);

}  // namespace headroom::gui
