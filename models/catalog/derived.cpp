#include "models/catalog/derived.h"

#include <algorithm>
#include <initializer_list>
#include <numeric>

#include "base/error.h"
#include "models/catalog/import/source.h"

namespace headroom::models {
namespace {

void require(bool holds, const ModelConfig& config, const std::string& problem) {
  if (!holds) throw bad_input(config.name + ": " + problem);
}

bool has_grouped_heads(const ModelConfig& c) { return c.kv_head_count > 1 && c.kv_head_count < c.head_count; }

// The sizes that grow with the heads of a constant size.
std::vector<std::int64_t*> widths(ModelConfig& c) {
  std::vector<std::int64_t*> sizes{&c.d_model, &c.d_ff};
  if (c.experts.count > 0) sizes.push_back(&c.experts.width);
  if (c.experts.shared_width > 0) sizes.push_back(&c.experts.shared_width);
  if (c.kv_head_count > 1) sizes.push_back(&c.kv_head_count);
  return sizes;
}

// Heads by which a model can grow so that all of its sizes stay whole.
std::int64_t head_step(ModelConfig config) {
  std::int64_t divisor = config.head_count;
  for (const std::int64_t* size : widths(config)) divisor = std::gcd(divisor, *size);
  return config.head_count / divisor;
}

}  // namespace

ModelConfig with_layer_count(ModelConfig config, std::int64_t layers) {
  require(
      config.architecture != Architecture::encoder_decoder || config.encoder_layer_count == config.decoder_layer_count,
      config, "the number of layers is that of each stack, and this model's stacks differ");
  require(config.layer_attention.empty() && !config.exits && config.experts.first_layer == 0, config,
          "its layers differ from each other, so there is no model like it with more or fewer of them");
  if (config.encoder_layer_count > 0) config.encoder_layer_count = layers;
  if (config.decoder_layer_count > 0) config.decoder_layer_count = layers;
  return config;
}

ModelConfig with_head_count(ModelConfig config, std::int64_t heads, HeadsKeep keep) {
  const std::int64_t before = config.head_count;
  if (keep == HeadsKeep::head_size) {
    const std::int64_t step = head_step(config);
    require(heads % step == 0, config,
            std::to_string(heads) + " heads leave its widths no whole numbers; multiples of " + std::to_string(step) +
                " do not");
    for (std::int64_t* size : widths(config)) *size = *size / (before / step) * (heads / step);
  } else {
    const std::int64_t width = before * config.head_dim;
    require(width % heads == 0, config,
            std::to_string(heads) + " heads do not divide the width of " + std::to_string(width));
    require(!has_grouped_heads(config) || config.kv_head_count * heads % before == 0, config,
            std::to_string(heads) + " heads leave no whole number of key-value heads");
    config.head_dim = width / heads;
    if (config.kv_head_count > 1) config.kv_head_count = config.kv_head_count * heads / before;
  }
  config.head_count = heads;
  return config;
}

namespace {

// A group is of several heads, and there are several groups, as in the model itself.
bool keeps_groups(const ModelConfig& c, std::int64_t heads) {
  if (!has_grouped_heads(c)) return true;
  return c.kv_head_count * heads % c.head_count == 0 && c.kv_head_count * heads / c.head_count > 1;
}

}  // namespace

std::vector<std::int64_t> head_counts(const ModelConfig& config, HeadsKeep keep) {
  std::vector<std::int64_t> counts;
  if (keep == HeadsKeep::head_size) {
    const std::int64_t step = head_step(config);
    const std::int64_t wide = std::max(config.d_model, config.d_ff / 16);
    const std::int64_t most = std::min(hugging_face::kMaxHeads, hugging_face::kMaxWidth * config.head_count / wide);
    for (std::int64_t heads = step; heads <= most; heads += step)
      if (keeps_groups(config, heads)) counts.push_back(heads);
    return counts;
  }
  const std::int64_t width = config.head_count * config.head_dim;
  for (std::int64_t heads = 1; heads <= std::min(width, hugging_face::kMaxHeads); ++heads) {
    const bool pairs = !is_rotary(config.positions) || width / heads % 2 == 0;
    if (width % heads == 0 && pairs && keeps_groups(config, heads)) counts.push_back(heads);
  }
  return counts;
}

}  // namespace headroom::models
