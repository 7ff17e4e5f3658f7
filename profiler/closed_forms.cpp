#include "profiler/closed_forms.h"

#include "models/catalog/attention.h"

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
bool has_saved_form(const RunSpec& spec, const models::ModelConfig& config) {
  if (spec.mode != Mode::train || is_autocast(spec.dtype)) return false;
  if (!models::uses_back_end(config)) return true;
  if (spec.sdpa == Sdpa::math) return false;
  if (spec.sdpa == Sdpa::flash && spec.device != "cpu" && models::head_width(config) % 8 != 0) return false;
  return spec.sdpa != Sdpa::efficient || (spec.seq % 32 == 0 && config.kv_head_count == config.head_count);
}

AttentionShape shape_of(const RunSpec& spec, const models::ModelConfig& config, const std::string& layer) {
  const bool cross = layer.ends_with("cross_attention");
  AttentionShape shape = models::attention_shape(config);
  shape.batch = spec.batch;
  shape.query_len = shape.key_len = spec.seq;
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
  const std::int64_t bytes = spec.batch * spec.seq * config.d_model * parameter_element_bytes(spec.dtype);
  const bool norm_last = config.norm_placement == models::NormPlacement::post && !config.parallel_block;
  std::vector<const Layer*> blocks;
  for (const Layer& layer : layers)
    if (layer.kind == LayerKind::block) blocks.push_back(&layer);
  for (std::size_t i = 0; i + 1 < blocks.size(); ++i) {
    if (blocks[i]->parent != blocks[i + 1]->parent) continue;
    forms.push_back({"activation_bytes", blocks[i]->path + (norm_last ? ".ffn_norm" : ""),
                     "B·T·d_m elements: the input of the next block", bytes});
  }
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
  AttentionShape shape = shape_of(spec, config, layer);
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

std::vector<ClosedForm> closed_forms(const RunSpec& spec, const models::ModelConfig& config,
                                     const std::vector<Layer>& layers) {
  const auto& mechanism = models::attention_mechanism(config.attention);
  const std::int64_t element_bytes = parameter_element_bytes(spec.dtype);
  const std::string times_element = " elements of " + std::to_string(element_bytes) + " B";
  std::vector<ClosedForm> forms;
  forms.push_back({"parameter_bytes", "model", "every parameter once," + times_element,
                   models::parameter_count(config) * element_bytes});
  for (const Layer& layer : layers) {
    if (layer.kind != LayerKind::attention) continue;
    const AttentionShape shape = shape_of(spec, config, layer.path);
    Formula parameters = mechanism.parameter_count(shape);
    if (layer.path.ends_with(".layer.0.attention")) add(parameters, models::position_bias_parameters(config));
    forms.push_back(form("parameter_bytes", layer.path, parameters, element_bytes, times_element));
    if (has_saved_form(spec, config))
      forms.push_back(form(spec.checkpoint == Checkpoint::none ? "activation_bytes" : "recomputed_bytes", layer.path,
                           saved_bytes(spec, config, shape), 1, " bytes"));
  }
  add_checkpointed_blocks(spec, config, layers, forms);
  if (config.decoder_layer_count > 0)
    forms.push_back({"kv_cache_bytes_per_token", "model", "all decoder layers, one sequence",
                     kv_cache_bytes_per_token(spec, config)});
  if (spec.mode == Mode::generate) add_caches(spec, config, layers, forms);
  return forms;
}

}  // namespace headroom::profiler
