#include "profiler/closed_forms.h"

#include <optional>

#include "models/catalog/attention.h"
#include "models/catalog/compression.h"
#include "models/catalog/experts.h"

namespace headroom::profiler {
namespace {

using models::AttentionShape;
using models::Formula;

bool is_autocast(Dtype dtype) { return dtype == Dtype::amp_fp16 || dtype == Dtype::amp_bf16; }

std::int64_t parameter_element_bytes(Dtype dtype) { return dtype == Dtype::fp16 || dtype == Dtype::bf16 ? 2 : 4; }

// Keys and values come out of matrix products, which autocast runs in its own dtype.
std::int64_t cache_element_bytes(Dtype dtype) { return dtype == Dtype::fp32 ? 4 : 2; }

// Math SDPA and autocast keep copies of their own; inference keeps nothing. The memory-efficient kernel keeps its row
// statistics for whole tiles of 32 queries and takes copies of shared keys and values. CUDA's flash kernels pad heads
// to a multiple of 8.
bool has_saved_form(const RunSpec& spec, const models::ModelConfig& config, std::int64_t seq) {
  if (spec.mode != Mode::train || is_autocast(spec.dtype)) return false;
  if (!models::uses_back_end(config)) return true;
  if (spec.padding && spec.sdpa != Sdpa::eager) return false;  // each layer keeps numbers made of the mask
  if (spec.sdpa == Sdpa::math) return false;
  if (spec.sdpa == Sdpa::flash && spec.device != "cpu" && models::head_width(config) % 8 != 0) return false;
  return spec.sdpa != Sdpa::efficient || (seq % 32 == 0 && config.kv_head_count == config.head_count);
}

// Of "decoder.layer.N.attention", where layers differ.
models::ModelConfig config_of(const models::ModelConfig& config, const std::string& layer) {
  const std::size_t begin = layer.find(".layer.");
  if (config.layer_attention.empty() || begin == std::string::npos) return config;
  return models::config_of_layer(config, std::stoll(layer.substr(begin + std::string(".layer.").size())));
}

AttentionShape shape_of(const RunSpec& spec, const models::ModelConfig& config, const std::string& layer,
                        std::int64_t seq) {
  const bool cross = layer.ends_with("cross_attention");
  AttentionShape shape = models::attention_shape(config);
  shape.batch = spec.batch;
  shape.query_len = shape.key_len = seq;
  shape.element_bytes = parameter_element_bytes(spec.dtype);
  shape.fused = spec.sdpa == Sdpa::flash || spec.sdpa == Sdpa::efficient;
  shape.repeats_groups = spec.sdpa == Sdpa::efficient;
  shape.cross = cross;
  shape.causal = layer.starts_with("decoder.") && !cross;
  if (cross) shape.rope = false;
  return shape;
}

// Flash attention on CUDA keeps its generator's state (two 8-byte numbers) and an 8-byte scalar that nothing uses.
Formula saved_bytes(const RunSpec& spec, const models::ModelConfig& config, const AttentionShape& shape) {
  Formula formula = models::attention_mechanism(config.attention).saved_bytes(shape);
  if (spec.sdpa != Sdpa::flash || spec.device == "cpu" || !models::uses_back_end(config)) return formula;
  return {formula.value + 24, formula.text + " + 24"};
}

// The first layer of a stack owns its position biases.
void add(Formula& formula, const Formula& term) {
  if (term.value == 0) return;
  formula.value += term.value;
  formula.text += " + " + term.text;
}

// A block's output is the input of the next one, and all that it leaves for backward. What follows the last one of a
// stack may keep something else in its place.
void add_checkpointed_blocks(const RunSpec& spec, const models::ModelConfig& config, const std::vector<Layer>& layers,
                             std::vector<ClosedForm>& forms) {
  if (spec.checkpoint == Checkpoint::none || is_autocast(spec.dtype)) return;
  const bool norm_last = config.norm_placement == models::NormPlacement::post && !config.parallel_block;
  const char* last = config.bottleneck.width > 0 ? ".output_norm" : norm_last ? ".ffn_norm" : "";
  std::vector<const Layer*> blocks;
  for (const Layer& layer : layers)
    if (layer.kind == LayerKind::block) blocks.push_back(&layer);
  for (std::size_t i = 0; i + 1 < blocks.size(); ++i) {
    if (blocks[i]->parent != blocks[i + 1]->parent) continue;
    const std::int64_t tokens = spec.batch * models::sublayer_input(config, blocks[i]->path, spec.seq).seq;
    const std::int64_t bytes = tokens * config.d_model * parameter_element_bytes(spec.dtype);
    forms.push_back(
        {"activation_bytes", blocks[i]->path + last, "B·T·d_m elements: the input of the next block", bytes});
  }
}

// Of the model's `index`-th block. Autocast keeps copies of its own, and inference nothing.
void add_experts(const RunSpec& spec, const models::ModelConfig& config, const std::string& layer, std::int64_t index,
                 std::vector<ClosedForm>& forms) {
  if (!models::has_experts(config, index)) return;
  const std::int64_t bytes = parameter_element_bytes(spec.dtype);
  const Formula parameters = models::expert_parameters(config);
  forms.push_back({"parameter_bytes", layer, parameters.text + " elements of " + std::to_string(bytes) + " B",
                   parameters.value * bytes});
  if (spec.mode != Mode::train || is_autocast(spec.dtype)) return;
  const Formula saved = models::expert_saved_bytes(config, spec.batch, spec.seq, bytes);
  forms.push_back({spec.checkpoint == Checkpoint::none ? "activation_bytes" : "recomputed_bytes", layer,
                   saved.text + " bytes", saved.value});
}

// Of a stack of reversible layers both streams' ends are kept, and of each LSH attention its hashes.
void add_reversible(const RunSpec& spec, const models::ModelConfig& config, const std::vector<Layer>& layers,
                    std::vector<ClosedForm>& forms) {
  if (!config.reversible || spec.mode != Mode::train || is_autocast(spec.dtype)) return;
  const std::int64_t tokens = spec.batch * spec.seq;
  for (const Layer& layer : layers) {
    if (layer.kind == LayerKind::stack)
      forms.push_back({"activation_bytes", layer.path, "2·B·T·d_m elements: both streams' ends",
                       2 * tokens * config.d_model * parameter_element_bytes(spec.dtype)});
    if (layer.kind != LayerKind::attention) continue;
    const models::ModelConfig own = config_of(config, layer.path);
    const bool hashes = own.attention == "reformer" && spec.seq > own.attention_options.at("chunk");
    forms.push_back({"activation_bytes", layer.path, hashes ? "8·B·n·h·T bytes: the hashes" : "nothing",
                     hashes ? 8 * tokens * own.head_count * own.attention_options.at("hashes") : 0});
  }
}

using models::WeightPlace;

// Of all parameters, those that compression holds in another form counted as they are stored.
ClosedForm model_parameters(const RunSpec& spec, const models::ModelConfig& config) {
  const std::int64_t bytes = parameter_element_bytes(spec.dtype);
  models::ModelConfig dense = config;
  dense.compression.clear();
  ClosedForm form{"parameter_bytes", "model", "every parameter once, elements of " + std::to_string(bytes) + " B",
                  models::parameter_count(dense) * bytes};
  if (config.compression.empty()) return form;
  form.formula += ", compressed weights as they are stored";
  form.bytes += models::stored_difference(config, bytes, spec.mode == Mode::train);
  return form;
}

// Compression's own terms are bytes: they follow the elements of the rest.
void add_compressed(ClosedForm& form, const Formula& difference) {
  if (difference.text.empty()) return;
  form.bytes += difference.value;
  form.formula += "; in bytes, of " + difference.text;
}

bool adapted(const models::ModelConfig& config, WeightPlace place, const char* role) {
  return models::compression_of(config, place, role).adapter != nullptr;
}

// Beside adapters weights are frozen, and what only their gradients need is not kept: W^O's input, unless a fused
// kernel keeps it as its output. The first layer's input has no gradient, so that queries are kept only where keys have
// adapters, and nothing at all where no projection has.
std::optional<Formula> saved_beside_adapters(const models::ModelConfig& config, const AttentionShape& shape, bool first,
                                             Formula formula) {
  const bool plain = config.attention == "mha" || config.attention == "gqa" || config.attention == "mqa";
  if (!plain || config.architecture == models::Architecture::encoder_decoder) return std::nullopt;
  const auto has = [&](const char* role) { return adapted(config, WeightPlace::attention, role); };
  if (first && !has("query") && !has("key") && !has("value")) return std::nullopt;
  const std::int64_t heads = shape.batch * shape.query_len * shape.head_count * shape.head_dim * shape.element_bytes;
  const std::string term = " − " + std::to_string(shape.element_bytes) + "·B·T·n·d";
  const auto without = [&](bool kept) {
    if (shape.fused || kept) return;
    formula.value -= heads;
    formula.text += term;
  };
  without(has("output"));
  without(!first || has("key"));
  return formula;
}

// With what is kept for compressed weights themselves.
std::optional<Formula> saved_with_compression(const RunSpec& spec, const models::ModelConfig& config,
                                              const AttentionShape& shape, bool first) {
  std::optional<Formula> formula = saved_bytes(spec, config, shape);
  if (models::has_adapters(config)) formula = saved_beside_adapters(config, shape, first, *formula);
  if (!formula || config.compression.empty()) return formula;
  const Formula own =
      models::saved_by_compression(config, WeightPlace::attention, spec.batch * spec.seq, shape.element_bytes, true);
  if (!own.text.empty()) formula = Formula{formula->value + own.value, formula->text + "; of " + own.text};
  return formula;
}

// Tensors [B, T, d_ff] that a feed-forward keeps: its activation's, and the input of its last matrix, which is another
// but for ReLU; beside adapters of other layers that one is kept for nobody. 0: it has no closed form.
std::int64_t kept_inside_ffn(const models::ModelConfig& config) {
  const bool frozen = models::has_adapters(config) && !adapted(config, WeightPlace::ffn, "down");
  switch (config.activation) {
    case models::Activation::relu:
      return 1;
    case models::Activation::gelu:
    case models::Activation::gelu_tanh:
      return frozen ? 1 : 2;
    case models::Activation::swiglu:
      return frozen ? 3 : 4;
    case models::Activation::gelu_new:
    case models::Activation::geglu:
      break;
  }
  return 0;
}

// Of models with compressed weights alone: the feed-forward layers of others have no forms of their own.
void add_compressed_ffn(const RunSpec& spec, const models::ModelConfig& config, const std::string& layer,
                        std::vector<ClosedForm>& forms) {
  const std::int64_t bytes = parameter_element_bytes(spec.dtype), inputs = spec.batch * spec.seq;
  const bool training = spec.mode == Mode::train;
  const Formula difference = stored_difference(config, WeightPlace::ffn, bytes, training);
  if (!difference.text.empty()) {
    const std::int64_t matrices = models::gated(config.activation) ? 3 : 2;
    const std::int64_t elements =
        matrices * config.d_model * config.d_ff + (config.ffn_bias ? (matrices - 1) * config.d_ff + config.d_model : 0);
    forms.push_back(
        {"parameter_bytes", layer,
         "weights and biases of " + std::to_string(matrices) + "·d_m·d_ff, elements of " + std::to_string(bytes) + " B",
         elements * bytes});
    add_compressed(forms.back(), difference);
  }
  const std::int64_t kept = kept_inside_ffn(config);
  const bool drops = config.dropout_inside_ffn && config.residual_dropout > 0;
  if (!training || is_autocast(spec.dtype) || spec.checkpoint != Checkpoint::none || kept == 0 || drops) return;
  const Formula own = models::saved_by_compression(config, WeightPlace::ffn, inputs, bytes, true);
  forms.push_back({"activation_bytes", layer,
                   std::to_string(kept * bytes) + "·B·T·d_ff" + (own.text.empty() ? "" : "; of " + own.text) + " bytes",
                   kept * bytes * inputs * config.d_ff + own.value});
}

models::CacheLayout layout_of(CacheKind kind) {
  if (kind == CacheKind::fixed) return models::CacheLayout::fixed;
  return kind == CacheKind::paged ? models::CacheLayout::paged : models::CacheLayout::dynamic;
}
models::CacheStorage storage_of(CacheDtype dtype) {
  if (dtype == CacheDtype::int8) return models::CacheStorage::int8;
  return dtype == CacheDtype::fp8 ? models::CacheStorage::fp8 : models::CacheStorage::model;
}

AttentionShape cache_shape_of(const RunSpec& spec, const models::ModelConfig& config, const std::string& layer) {
  AttentionShape shape = shape_of(spec, config, layer, spec.seq);
  shape.element_bytes = cache_element_bytes(spec.dtype);
  return shape;
}

void add_caches(const RunSpec& spec, const models::ModelConfig& config, const std::vector<Layer>& layers,
                std::vector<ClosedForm>& forms) {
  models::CacheSize size = cache_size(spec, config);
  for (const Layer& layer : layers) {
    if (layer.kind != LayerKind::attention || !layer.path.starts_with("decoder.")) continue;
    size.first_layer = layer.path.starts_with("decoder.layer.0.");
    const AttentionShape shape = cache_shape_of(spec, config, layer.path);
    const Formula each = models::cache_bytes_per_token(config, shape, size);
    const Formula all = models::cache_bytes(config, shape, size);
    forms.push_back({"kv_cache_bytes_per_token", layer.path, each.text + " bytes, one sequence", each.value});
    forms.push_back({"kv_cache_bytes", layer.path, all.text + " bytes", all.value});
  }
}

ClosedForm form(const char* quantity, const std::string& layer, const Formula& formula, std::int64_t scale,
                const std::string& suffix) {
  return {quantity, layer, formula.text + suffix, formula.value * scale};
}

}  // namespace

models::CacheSize cache_size(const RunSpec& spec, const models::ModelConfig& config) {
  const bool both = config.architecture == models::Architecture::encoder_decoder;
  const Generation& generation = spec.generation;
  models::CacheSize size;
  size.layout = layout_of(generation.cache);
  size.storage = storage_of(generation.cache_dtype);
  size.page = generation.page;
  size.batch = spec.batch;
  size.beams = generation.beams;
  size.prompt = both ? 1 : spec.seq;
  size.tokens = size.prompt + generation.new_tokens - 1;  // nobody asks what follows the last one
  size.room = size.prompt + generation.new_tokens;
  size.source = both ? spec.seq : 0;
  return size;
}

std::int64_t kv_cache_bytes_per_token(const RunSpec& spec, const models::ModelConfig& config) {
  const std::int64_t element_bytes = cache_element_bytes(spec.dtype);
  if (spec.mode != Mode::generate) return models::kv_cache_bytes_per_token(config, element_bytes);
  models::CacheSize size = cache_size(spec, config);
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < config.decoder_layer_count; ++i) {
    size.first_layer = i == 0;
    for (const char* sublayer : {"decoder.attention", "decoder.cross_attention"}) {
      const AttentionShape shape = cache_shape_of(spec, config, sublayer);
      if (shape.cross && config.architecture != models::Architecture::encoder_decoder) continue;
      sum += models::cache_bytes_per_token(config, shape, size).value;
    }
  }
  return sum;
}

std::vector<ClosedForm> closed_forms(const RunSpec& spec, const models::ModelConfig& model,
                                     const std::vector<Layer>& layers) {
  const std::int64_t element_bytes = parameter_element_bytes(spec.dtype);
  const std::string times_element = " elements of " + std::to_string(element_bytes) + " B";
  const bool training = spec.mode == Mode::train;
  std::vector<ClosedForm> forms;
  forms.push_back(model_parameters(spec, model));
  std::int64_t block = 0;
  for (const Layer& layer : layers) {
    if (layer.kind == LayerKind::ffn) add_experts(spec, model, layer.path, block++, forms);
    if (layer.kind == LayerKind::ffn && !model.compression.empty()) add_compressed_ffn(spec, model, layer.path, forms);
    if (layer.kind != LayerKind::attention) continue;
    const auto [input, seq] = models::sublayer_input(model, layer.path, spec.seq);
    const models::ModelConfig config = config_of(input, layer.path);
    const AttentionShape shape = shape_of(spec, config, layer.path, seq);
    Formula parameters = models::attention_mechanism(config.attention).parameter_count(shape);
    if (const std::int64_t wide = models::wide_value_parameters(config); wide > 0)
      add(parameters, {wide, "n·d·(d_m - w)"});
    if (layer.path.ends_with(".layer.0.attention")) add(parameters, models::position_bias_parameters(config));
    if (model.shared_layers && layer.path.find(".layer.0.") == std::string::npos) {
      forms.push_back({"parameter_bytes", layer.path, "none: they are the first layer's", 0});
    } else {
      forms.push_back(form("parameter_bytes", layer.path, parameters, element_bytes, times_element));
      add_compressed(forms.back(), stored_difference(config, WeightPlace::attention, element_bytes, training));
    }
    if (!has_saved_form(spec, config, seq)) continue;
    const bool again = model.reversible || spec.checkpoint != Checkpoint::none;
    if (const auto saved = saved_with_compression(spec, config, shape, layer.path.ends_with(".layer.0.attention")))
      forms.push_back(form(again ? "recomputed_bytes" : "activation_bytes", layer.path, *saved, 1, " bytes"));
  }
  add_checkpointed_blocks(spec, model, layers, forms);
  add_reversible(spec, model, layers, forms);
  if (model.decoder_layer_count > 0)
    forms.push_back({"kv_cache_bytes_per_token", "model", "all decoder layers, one sequence",
                     kv_cache_bytes_per_token(spec, model)});
  if (spec.mode == Mode::generate) add_caches(spec, model, layers, forms);
  return forms;
}

}  // namespace headroom::profiler
