// One attention sublayer or one whole model, asked from outside: a JSON request on stdin, a JSON answer on stdout, all
// in fp64 on the CPU. The tests in tests/models/reference/ put the answers beside implementations written by others.
//
// Request {"attention": "mha", "config": {"d_model": 8, …}, "context": {"causal": true}, "x": [[[…]]], "memory": …,
//          "parameters": {"query.weight": [[…]]}, "buffers": [[[…]]], "backend": "eager", "training": false}
//   -> {"y": …, "gradients": {"x": …, "query.weight": …}} of sum(y ⊙ "weights"), or of sum(y) without "weights".
// Request {"describe": true, …} -> {"parameters": {"query.weight": [8, 8]}, "buffers": [[9, 4]]}; parameters that are
// not given are sin(k + 0.7·i) of their flat index i, k their place in the list. A "positions" in "config" acts as in
// the first layer of a stack; "context" may give cos and sin [T, d] or bias [n, T, S] instead. "seed" is Torch's before
// the forward pass.
// Request {"presets": true} -> {"presets": {"bert-base": 109514298, …}}, their parameters.
// Request {"model": "path/config.json", "tokens": [[…]], "decoder_tokens": …, "parameters": {…}} -> {"y": …}. With
//   "generate": {"new_tokens": 4, "beams": 1, "fixed": false} -> {"tokens": [[…]], "logits": [[[…]]], of each token,
//   and "cache_bytes": …, all blocks of the cache at the end}.
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tensor.h>

#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>

#include "base/json.h"
#include "models/attention/attention.h"
#include "models/attention/positions.h"
#include "models/builder.h"
#include "models/catalog/attention.h"
#include "models/generation.h"
#include "models/model.h"

namespace headroom::models {
namespace {

const auto kOptions = at::TensorOptions().dtype(at::kDouble);

void flatten(const Json& json, std::vector<double>& values) {
  if (json.is_array())
    for (const Json& element : json) flatten(element, values);
  else
    values.push_back(json.get<double>());
}

at::Tensor tensor_of(const Json& json) {
  std::vector<std::int64_t> shape;
  for (const Json* at = &json; at->is_array(); at = &at->front())
    shape.push_back(static_cast<std::int64_t>(at->size()));
  std::vector<double> values;
  flatten(json, values);
  return at::tensor(values, kOptions).view(shape);
}

Json json_of(const at::Tensor& tensor) {
  const at::Tensor t = tensor.detach();
  if (t.dim() == 0) return t.item<double>();
  Json array = Json::array();
  for (std::int64_t i = 0; i < t.size(0); ++i) array.push_back(json_of(t[i]));
  return array;
}

template <class T>
void read(const Json& json, const char* key, T& field) {
  if (json.contains(key)) field = json.at(key).get<T>();
}

ModelConfig config_of(const Json& request) {
  const Json json = request.value("config", Json::object());
  ModelConfig config;
  config.name = "probe";
  config.vocab_size = config.d_ff = 8;
  config.encoder_layer_count = 2;
  config.max_positions = 64;
  config.attention_bias = false;
  read(json, "d_model", config.d_model);
  read(json, "head_count", config.head_count);
  config.head_dim = config.d_model / config.head_count;
  read(json, "head_dim", config.head_dim);
  config.kv_head_count = config.head_count;
  read(json, "kv_head_count", config.kv_head_count);
  read(json, "max_positions", config.max_positions);
  read(json, "attention_bias", config.attention_bias);
  read(json, "attention_scaled", config.attention_scaled);
  read(json, "position_bucket_count", config.position_bucket_count);
  read(json, "position_max_distance", config.position_max_distance);
  read(json, "norm_eps", config.norm_eps);
  if (json.contains("positions"))
    config.positions = from_name(kPositionsNames, "positions", json.at("positions").get<std::string>());
  if (request.value("context", Json::object()).value("causal", false)) {
    config.architecture = Architecture::decoder_only;
    config.decoder_layer_count = 2;
    config.encoder_layer_count = 0;
  }
  return with_attention(config, request.value("attention", "mha"));
}

AttentionBackend backend_of(const Json& request) {
  const std::string name = request.value("backend", "eager");
  return name == "math" ? AttentionBackend::math : name == "flash" ? AttentionBackend::flash : AttentionBackend::eager;
}

// What `request` gives, else numbers that are nowhere alike.
void fill(std::vector<ModelParameter>& parameters, const Json& given, std::size_t prefix) {
  const at::NoGradGuard no_grad;
  double k = 0;
  for (ModelParameter& parameter : parameters) {
    const std::string name = parameter.name.substr(prefix);
    k += 1;
    if (!parameter.shared_with.empty()) continue;
    if (given.contains(name))
      parameter.tensor.copy_(tensor_of(given.at(name)).view(parameter.tensor.sizes()));
    else
      parameter.tensor.copy_(
          (at::arange(parameter.tensor.numel(), kOptions) * 0.7 + k).sin().view(parameter.tensor.sizes()));
  }
}

Json describe(const std::vector<ModelParameter>& parameters, const std::vector<at::Tensor>& buffers,
              std::size_t prefix) {
  Json shapes = Json::object(), of_buffers = Json::array();
  for (const ModelParameter& p : parameters) shapes[p.name.substr(prefix)] = p.tensor.sizes().vec();
  for (const at::Tensor& buffer : buffers) of_buffers.push_back(buffer.sizes().vec());
  return {{"parameters", shapes}, {"buffers", of_buffers}};
}

Json ask_sublayer(const Json& request) {
  const ModelConfig config = config_of(request);
  const Json where = request.value("context", Json::object());
  const BuildOptions options{at::kCPU, at::kDouble, backend_of(request), request.value("training", true)};
  std::vector<ModelLayer> layers;
  std::vector<ModelParameter> parameters;
  std::vector<at::Tensor> buffers;
  Builder builder(config, options, layers, parameters, buffers);
  const bool causal = where.value("causal", false);
  const auto attention = make_attention(builder, {.layer = "attention",
                                                  .block = where.value("block", std::int64_t{0}),
                                                  .causal = causal,
                                                  .cross = request.contains("memory")});
  const AttentionPositions positions(builder, "attention", causal);
  const std::size_t prefix = std::string("attention.").size();
  if (request.value("describe", false)) return describe(parameters, buffers, prefix);
  fill(parameters, request.value("parameters", Json::object()), prefix);
  const Json given = request.value("buffers", Json::array());
  for (std::size_t i = 0; i < given.size(); ++i) buffers.at(i).copy_(tensor_of(given[i]));
  const at::Tensor x = tensor_of(request.at("x")).requires_grad_();
  const at::Tensor memory = request.contains("memory") ? tensor_of(request.at("memory")).requires_grad_() : x;
  AttentionContext context;
  context.causal = causal;
  if (causal && options.backend == AttentionBackend::eager)
    context.mask = at::full({x.size(1), x.size(1)}, -std::numeric_limits<double>::infinity(), kOptions).triu_(1);
  positions.prepare(context, x);
  if (where.contains("bias")) context.bias = tensor_of(where.at("bias"));
  if (where.contains("cos")) context.cos = tensor_of(where.at("cos"));
  if (where.contains("sin")) context.sin = tensor_of(where.at("sin"));
  if (request.contains("seed")) at::manual_seed(request.at("seed").get<std::uint64_t>());
  const at::Tensor y = attention->forward(x, memory, context);
  Json answer{{"y", json_of(y)}};
  if (!options.training) return answer;
  (request.contains("weights") ? y * tensor_of(request.at("weights")) : y).sum().backward();
  const auto add = [&](const std::string& name, const at::Tensor& leaf) {
    answer["gradients"][name] = leaf.grad().defined() ? json_of(leaf.grad()) : Json();
  };
  add("x", x);
  if (request.contains("memory")) add("memory", memory);
  for (const ModelParameter& p : parameters)
    if (p.shared_with.empty()) add(p.name.substr(prefix), p.tensor);
  return answer;
}

Json count_presets() {
  Json counts = Json::object();
  for (const Preset& preset : presets()) counts[std::string(preset.name)] = parameter_count(preset.config);
  return {{"presets", counts}};
}

at::Tensor ids_of(const Json& json) { return tensor_of(json).to(at::kLong); }

Json generate(Model& model, const Batch& batch, const Json& wish) {
  const std::int64_t new_tokens = wish.at("new_tokens").get<std::int64_t>();
  CacheOptions options;
  options.dtype = at::kDouble;
  options.size.layout = wish.value("fixed", false) ? CacheLayout::fixed : CacheLayout::dynamic;
  options.size.batch = batch.tokens.size(0);
  options.size.beams = wish.value("beams", std::int64_t{1});
  options.size.prompt = (batch.decoder_tokens.defined() ? batch.decoder_tokens : batch.tokens).size(1);
  options.size.room = options.size.prompt + new_tokens;
  options.size.source = batch.tokens.size(1);
  std::vector<c10::weak_intrusive_ptr<c10::StorageImpl>> blocks;
  options.on_block = [&](const at::Tensor& block, const std::string&) {
    blocks.push_back(block.storage().getWeakStorageImpl());
  };
  Generation generation(model, options);
  Json logits = Json::array();
  generation.prefill(batch);
  logits.push_back(json_of(generation.logits()));
  for (std::int64_t i = 1; i < new_tokens; ++i) {
    generation.step();
    logits.push_back(json_of(generation.logits()));
  }
  std::map<const c10::StorageImpl*, std::size_t> alive;
  for (const auto& block : blocks)
    if (const auto storage = block.lock()) alive[storage.get()] = storage->nbytes();
  std::size_t bytes = 0;
  for (const auto& [storage, own] : alive) bytes += own;
  return {{"tokens", json_of(generation.tokens().to(at::kDouble))}, {"logits", logits}, {"cache_bytes", bytes}};
}

Json ask_model(const Json& request) {
  ModelConfig config = load_model(request.at("model").get<std::string>());
  if (request.contains("attention")) config = with_attention(config, request.at("attention").get<std::string>());
  if (request.value("training", false) == false)
    config.embedding_dropout = config.attention_dropout = config.residual_dropout = 0;
  const auto model =
      build_model(config, {at::kCPU, at::kDouble, backend_of(request), request.value("training", false)});
  if (request.value("describe", false)) return describe(model->parameters(), model->buffers(), 0);
  auto parameters = model->parameters();
  fill(parameters, request.value("parameters", Json::object()), 0);
  Batch batch;
  batch.tokens = ids_of(request.at("tokens"));
  validate_shape(config, batch.tokens.size(0), batch.tokens.size(1));
  if (request.contains("decoder_tokens")) batch.decoder_tokens = ids_of(request.at("decoder_tokens"));
  if (request.contains("generate")) return generate(*model, batch, request.at("generate"));
  return {{"y", json_of(model->forward(batch))}};
}

}  // namespace
}  // namespace headroom::models

int main() {
  using namespace headroom;
  try {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    const Json request = parse_json(text, "the request");
    std::cout << (request.contains("presets") ? models::count_presets()
                  : request.contains("model") ? models::ask_model(request)
                                              : models::ask_sublayer(request))
              << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
}
