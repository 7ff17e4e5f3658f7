// The closed forms of models/catalog, evaluated for one run: what should have been recorded.
#pragma once

#include <vector>

#include "models/catalog/config.h"
#include "recording/recording.h"

namespace headroom::profiler {

// Parameter bytes of each attention layer; bytes kept for backward of each attention layer, in training where the
// mechanism's form holds (no autocast; eager, flash or efficient attention); for models with a decoder, KV-cache bytes
// per token.
std::vector<ClosedForm> closed_forms(const RunSpec& spec, const models::ModelConfig& config, const std::vector<Layer>& layers);

}  // namespace headroom::profiler
