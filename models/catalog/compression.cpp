#include "models/catalog/compression.h"

#include <algorithm>
#include <array>

#include "models/catalog/compression/methods.h"
#include "models/catalog/options.h"

namespace headroom::models {
namespace {

constexpr std::array kPlaces{WeightPlace::attention, WeightPlace::ffn, WeightPlace::words};

std::int64_t head_outputs(const ModelConfig& c) { return checked_product({c.head_count, c.head_dim}); }

bool holds(const Compression& c, WeightPlace place, std::string_view role) {
  const CompressionMethod& method = compression_method(c.method);
  const auto layers = static_cast<CompressedLayers>(option_of(c, "layers"));
  switch (place) {
    case WeightPlace::attention:
      if (layers == CompressedLayers::query_value) return role == "query" || role == "value";
      return layers != CompressedLayers::ffn;
    case WeightPlace::ffn:
      return layers == CompressedLayers::all || layers == CompressedLayers::ffn;
    case WeightPlace::words:
      return layers == CompressedLayers::all && method.holds_words;
    case WeightPlace::other:
      break;
  }
  return false;
}

bool anywhere_in(const ModelConfig& config, WeightPlace place) {
  return std::any_of(config.compression.begin(), config.compression.end(),
                     [&](const Compression& c) { return holds(c, place, "query") || holds(c, place, "up"); });
}

std::vector<Projection> projections(const ModelConfig& config, WeightPlace place) {
  if (!anywhere_in(config, place)) return {};
  if (place == WeightPlace::attention) return attention_projections(config);
  return place == WeightPlace::ffn ? ffn_projections(config) : word_projections(config);
}

// How many sublayers, blocks or tables of a place have weights of their own.
std::int64_t owners(const ModelConfig& config, WeightPlace place) {
  if (place == WeightPlace::words) return 1;
  ModelConfig own = config;
  if (config.shared_layers) {
    own.encoder_layer_count = std::min<std::int64_t>(own.encoder_layer_count, 1);
    own.decoder_layer_count = std::min<std::int64_t>(own.decoder_layer_count, 1);
  }
  if (place == WeightPlace::attention) return attention_sublayer_count(own);
  return checked_sum({own.encoder_layer_count, own.decoder_layer_count});
}

Compression parse(std::string_view text, const ModelConfig& config) {
  const std::string_view name = mechanism_name(text);
  const CompressionMethod& method = compression_method(name);
  Compression result{std::string(name), given_options("compression '" + std::string(name) + "'", method.options,
                                                      text.substr(std::min(text.size(), name.size() + 1)))};
  if (method.complete) method.complete(result);
  for (const MechanismOption& option : method.options)
    if (!result.options.contains(std::string(option.name)))
      result.options[std::string(option.name)] = option.fallback(config);
  return result;
}

void require_pair(const Compression& base, const Compression& adapter, std::string_view role) {
  if (!compression_method(base.method).packs)
    throw bad_input("compression '" + base.method + "+" + adapter.method + "' is undefined: adapters stand beside a " +
                    "weight that is frozen, and '" + base.method + "' trains another in its place (" +
                    std::string(role) + "); int8, int4, gobo and prune hold frozen weights");
  if (adapter.options.at("merged") == 1)
    throw bad_input("compression '" + base.method + "+lora:merged=yes' is undefined: a packed weight (" +
                    std::string(role) + ") cannot take the adapters in; use merged=no");
}

// Of one projection.
void require_projection(const ModelConfig& config, WeightPlace place, const Projection& projection) {
  const WeightShape shape{.out = projection.out, .in = projection.in};
  const Compression *base = nullptr, *adapter = nullptr;
  for (const Compression& c : config.compression) {
    if (!holds(c, place, projection.role)) continue;
    const CompressionMethod& method = compression_method(c.method);
    const Compression*& before = method.adapter ? adapter : base;
    if (before != nullptr)
      throw bad_input("compression: '" + before->method + "' and '" + c.method + "' both hold the weight '" +
                      std::string(projection.role) + "'; give them different layers, layers=attention and layers=ffn");
    before = &c;
    if (method.require) method.require(c, shape);
  }
  if (base && adapter) require_pair(*base, *adapter, projection.role);
}

}  // namespace

MechanismOption layers_option(bool query_value) {
  MechanismOption option{"layers",
                         "weights it is applied to",
                         0,
                         2,
                         [](const ModelConfig&) { return std::int64_t{0}; },
                         {"all", "attention", "ffn"}};
  if (!query_value) return option;
  option.high = 3;
  option.fallback = [](const ModelConfig&) { return static_cast<std::int64_t>(CompressedLayers::query_value); };
  option.values.push_back("query-value");
  return option;
}

void require_size(bool holds, const Compression& c, const std::string& need, const WeightShape& s) {
  if (!holds)
    throw bad_input("compression '" + c.method + "' needs " + need + "; one here has " + std::to_string(s.in) +
                    " inputs and " + std::to_string(s.out) + " outputs");
}

const std::vector<CompressionMethod>& compression_methods() {
  static const std::vector<CompressionMethod> table = [] {
    std::vector<CompressionMethod> rows;
    add_lora(rows);
    add_factored(rows);
    add_quantized(rows);
    add_pruned(rows);
    return rows;
  }();
  return table;
}

const CompressionMethod& compression_method(std::string_view name) {
  std::vector<std::string_view> known;
  for (const CompressionMethod& method : compression_methods()) {
    if (method.name == name) return method;
    known.push_back(method.name);
  }
  throw bad_input(unknown_name_message("compression", name, known));
}

bool has_adapters(const ModelConfig& config) {
  return std::any_of(config.compression.begin(), config.compression.end(),
                     [](const Compression& c) { return compression_method(c.method).adapter; });
}

namespace {

void require_plain(const ModelConfig& c) {
  std::string_view what = unusual_stack(c);
  if (c.experts.count > 0) what = "a mixture of experts";
  if (c.word_vectors != WordVectors::table) what = "no word table";
  if (!what.empty())
    throw bad_input("--compress takes models of plain blocks, and " + c.name + " has " + std::string(what));
}

}  // namespace

ModelConfig with_compression(ModelConfig config, std::string_view text, bool training) {
  config.compression.clear();
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('+'));
    if (part.size() + 1 == text.size())
      throw bad_input("--compress is '" + std::string(text) + "', which ends with '+'");
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    config.compression.push_back(parse(part, config));
  }
  if (!config.compression.empty()) require_plain(config);
  const bool adapted = has_adapters(config);
  for (const Compression& c : config.compression) {
    const CompressionMethod& method = compression_method(c.method);
    if (method.require_mode) method.require_mode(c, training && !(adapted && !method.adapter));
    if (adapted && !method.adapter && !method.packs) require_pair(c, {"lora"}, "of any layer");
  }
  for (const WeightPlace place : kPlaces)
    for (const Projection& projection : projections(config, place)) require_projection(config, place, projection);
  return config;
}

WeightCompression compression_of(const ModelConfig& config, WeightPlace place, std::string_view role) {
  WeightCompression result;
  for (const Compression& c : config.compression)
    if (holds(c, place, role)) (compression_method(c.method).adapter ? result.adapter : result.base) = &c;
  return result;
}

std::vector<Projection> attention_projections(const ModelConfig& c) {
  const std::string_view name = c.attention;
  const std::int64_t all = head_outputs(c), one = c.head_dim, groups = checked_product({c.kv_head_count, c.head_dim});
  const auto plain = [&](std::int64_t q, std::int64_t kv, std::int64_t merged) {
    return std::vector<Projection>{
        {"query", q, c.d_model}, {"key", kv, c.d_model}, {"value", kv, c.d_model}, {"output", c.d_model, merged}};
  };
  constexpr std::array<std::string_view, 9> kWholeHeads{
      "mha", "gqa", "mqa", "sparse-local", "sparse-strided", "linear", "performer", "sparse-fixed", "cosformer"};
  if (std::find(kWholeHeads.begin(), kWholeHeads.end(), name) != kWholeHeads.end() || name == "sliding-window" ||
      name == "bigbird")
    return plain(all, groups, all);
  if (name == "sha" || name == "mhe-add" || name == "mhe-mul") return plain(one, one, all);
  if (name == "sha-compact") return plain(one, one, one);
  if (name == "skv") return {{"query", all, c.d_model}, {"key_value", all, c.d_model}, {"output", c.d_model, all}};
  if (name == "el-slice") return {{"query", all, c.d_model}, {"output", c.d_model, all}};
  throw bad_input("attention '" + std::string(name) +
                  "' has weights of its own shape or reads them other than as a linear layer, so they stay whole: "
                  "compress layers=ffn");
}

std::vector<Projection> ffn_projections(const ModelConfig& c) {
  std::vector<Projection> result{{"up", c.d_ff, c.d_model}, {"down", c.d_model, c.d_ff}};
  if (gated(c.activation)) result.push_back({"gate", c.d_ff, c.d_model});
  return result;
}

std::vector<Projection> word_projections(const ModelConfig& c) { return {{"word", c.vocab_size, embedding_width(c)}}; }

namespace {

using Form = Formula (*CompressionMethod::*)(const Compression&, const WeightShape&);

Formula plus(Formula sum, const Formula& term) {
  if (term.text.empty()) return sum;
  return {checked_sum({sum.value, term.value}), sum.text.empty() ? term.text : sum.text + " + " + term.text};
}

Formula both(const WeightCompression& compression, const WeightShape& shape, Form form, Formula dense) {
  if (compression.base) dense = (compression_method(compression.base->method).*form)(*compression.base, shape);
  if (!compression.adapter) return dense;
  return plus(dense, (compression_method(compression.adapter->method).*form)(*compression.adapter, shape));
}

// Sums over one place's compressed projections, those with the same text together: "query, key: TEXT".
template <class Of>
Formula sum_over(const ModelConfig& config, WeightPlace place, const Of& of) {
  Formula sum;
  std::vector<std::pair<std::string, std::string>> groups;  // roles, text
  for (const Projection& p : projections(config, place)) {
    const WeightCompression compression = compression_of(config, place, p.role);
    if (!compression.any()) continue;
    const Formula term = of(compression, p);
    sum.value = checked_sum({sum.value, term.value});
    if (groups.empty() || groups.back().second != term.text)
      groups.emplace_back(p.role, term.text);
    else
      groups.back().first += ", " + std::string(p.role);
  }
  for (const auto& [roles, text] : groups)
    if (!text.empty()) sum.text += (sum.text.empty() ? "" : "; ") + roles + ": " + text;
  return sum;
}

}  // namespace

Formula parameter_count(const WeightCompression& compression, const WeightShape& shape) {
  return both(compression, shape, &CompressionMethod::parameter_count,
              FormulaBuilder().add(1, {shape.out, shape.in}, "out·in").done());
}
Formula stored_bytes(const WeightCompression& compression, const WeightShape& shape) {
  return both(compression, shape, &CompressionMethod::stored_bytes,
              FormulaBuilder().add(shape.element_bytes, {shape.out, shape.in}, "out·in").done());
}
Formula saved_bytes(const WeightCompression& compression, const WeightShape& shape) {
  return both(compression, shape, &CompressionMethod::saved_bytes, {});
}

std::int64_t compressed_parameters(const ModelConfig& config, WeightPlace place) {
  return sum_over(config, place,
                  [](const WeightCompression& compression, const Projection& p) {
                    const Formula count = parameter_count(compression, {.out = p.out, .in = p.in});
                    return Formula{count.value - checked_product({p.out, p.in}), ""};
                  })
      .value;
}

Formula stored_difference(const ModelConfig& config, WeightPlace place, std::int64_t element_bytes, bool training) {
  const bool trained = training && !has_adapters(config);
  return sum_over(config, place, [&](const WeightCompression& compression, const Projection& p) {
    const Formula stored =
        stored_bytes(compression, {.out = p.out, .in = p.in, .element_bytes = element_bytes, .trained = trained});
    return Formula{stored.value - checked_product({p.out, p.in, element_bytes}),
                   stored.text + " − " + std::to_string(element_bytes) + "·out·in"};
  });
}

std::int64_t stored_difference(const ModelConfig& config, std::int64_t element_bytes, bool training) {
  std::int64_t sum = 0;
  for (const WeightPlace place : kPlaces)
    sum = checked_sum({sum, checked_product({owners(config, place),
                                             stored_difference(config, place, element_bytes, training).value})});
  return sum;
}

Formula saved_by_compression(const ModelConfig& config, WeightPlace place, std::int64_t inputs,
                             std::int64_t element_bytes, bool training) {
  const bool trained = training && !has_adapters(config);
  return sum_over(config, place, [&](const WeightCompression& compression, const Projection& p) {
    return saved_bytes(
        compression, {.out = p.out, .in = p.in, .inputs = inputs, .element_bytes = element_bytes, .trained = trained});
  });
}

std::string compression_text(const ModelConfig& config) {
  std::string text;
  for (const Compression& c : config.compression) {
    text += (text.empty() ? "" : "+") + c.method;
    for (const MechanismOption& option : compression_method(c.method).options)
      text +=
          ":" + std::string(option.name) + "=" + option_text(option, option_of(c, std::string(option.name).c_str()));
  }
  return text;
}

}  // namespace headroom::models
