// Sizes are those of the papers named in each row's source, or of the files their authors published with the weights;
// docs/models.md says where the two differ.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "models/catalog/attention.h"
#include "models/catalog/config.h"
#include "models/catalog/presets/families.h"

namespace headroom::models {
namespace {

std::string rounded(std::int64_t count) {
  const auto value = static_cast<double>(count);
  if (value < 9.995e6) return fmt::format("{:.2f}M", value / 1e6);
  if (value < 99.95e6) return fmt::format("{:.1f}M", value / 1e6);
  if (value < 999.5e6) return fmt::format("{:.0f}M", value / 1e6);
  if (value < 9.995e9) return fmt::format("{:.2f}B", value / 1e9);
  return value < 99.95e9 ? fmt::format("{:.1f}B", value / 1e9) : fmt::format("{:.0f}B", value / 1e9);
}

std::string layer_count(const ModelConfig& config) {
  if (config.architecture == Architecture::encoder_decoder)
    return fmt::format("{} + {}", config.encoder_layer_count, config.decoder_layer_count);
  return std::to_string(config.encoder_layer_count + config.decoder_layer_count);
}

}  // namespace

void set_width(ModelConfig& config, std::int64_t d_model, std::int64_t head_count, std::int64_t d_ff) {
  config.d_model = d_model;
  config.head_count = config.kv_head_count = head_count;
  config.head_dim = d_model / head_count;
  config.d_ff = d_ff;
}

void set_dropout(ModelConfig& config, double rate) {
  config.embedding_dropout = config.attention_dropout = config.residual_dropout = rate;
}

void set_groups(ModelConfig& config, std::int64_t groups) {
  config.kv_head_count = groups;
  config.attention = groups == 1 ? "mqa" : "gqa";
}

void add(std::vector<Preset>& table, const char* name, const char* title, ModelConfig config, const char* source) {
  config.name = name;
  std::string description = fmt::format("{}: {} layers, width {}, {} parameters ({})", title, layer_count(config),
                                        config.d_model, rounded(parameter_count(config)), source);
  table.push_back({name, std::move(description), std::move(config)});
}

const std::vector<Preset>& presets() {
  static const std::vector<Preset> table = [] {
    std::vector<Preset> rows;
    add_encoders(rows);
    add_efficient_encoders(rows);
    add_gpt(rows);
    add_encoder_decoders(rows);
    add_llama(rows);
    add_experts(rows);
    add_gopher(rows);
    add_reversible(rows);
    add_palm(rows);
    return rows;
  }();
  return table;
}

}  // namespace headroom::models
