// A model of another size: as many layers or heads as asked for and all else as it was, and the config.json that says
// so, for a worker that knows presets and files alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "models/catalog/config.h"

namespace headroom::models {

// What stays as it is when the number of heads n changes. head_size: the model and its feed-forward become as much
// wider as there are more heads. width: heads become smaller, and n divides the width.
enum class HeadsKeep : std::uint8_t { head_size, width };
inline constexpr std::array kHeadsKeepNames{Named<HeadsKeep>{HeadsKeep::head_size, "head-size"},
                                            Named<HeadsKeep>{HeadsKeep::width, "width"}};

// `config` with so many layers; of an encoder-decoder each stack has as many. Throws bad_input, with the reason, where
// the stacks differ or a layer has a place of its own.
ModelConfig with_layer_count(ModelConfig config, std::int64_t layers);

// `config` with so many heads. Key-value heads keep their ratio to heads, or stay one. Throws bad_input where a width
// or a number would be no whole one.
ModelConfig with_head_count(ModelConfig config, std::int64_t heads, HeadsKeep keep);

// Numbers of heads that with_head_count takes, ascending: all that divide the width, or, at a constant head size, the
// multiples of the smallest one up to what a config.json may have.
std::vector<std::int64_t> head_counts(const ModelConfig& config, HeadsKeep keep);
inline constexpr std::int64_t kMostLayers = 1 << 14;  // of a config.json

// A config.json that load_model reads as `config`, name included. Throws bad_input where the model is of no family
// whose file can say all of it.
Json hugging_face_config(const ModelConfig& config);

}  // namespace headroom::models
