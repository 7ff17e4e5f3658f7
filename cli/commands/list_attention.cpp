#include "cli/commands/list_attention.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "cli/commands/list_text.h"
#include "cli/terminal.h"
#include "models/catalog/attention.h"
#include "reports/table.h"

namespace headroom::cli {
namespace {

using models::AttentionMechanism;
using models::AttentionShape;
using models::Formula;
using models::ModelConfig;
using models::Undefined;

constexpr std::int64_t kLength = 2048;  // tokens of the layer whose figures are shown
constexpr const char* kSizes = "n = 12, d = 64, d_m = 768, bf16, no biases, no dropout, one sequence of 2,048 tokens";
constexpr const char* kSymbols =
    "B batch, T query and S key length, n heads, d head size, d_m width, g key-value groups; other symbols are "
    "options.";

// The layer whose figures are shown: GPT-2 small's, of a decoder where the mechanism has one. Nothing where the
// mechanism does not go with these sizes.
std::optional<ModelConfig> sized(const AttentionMechanism& mechanism) {
  ModelConfig config;
  config.name = "the layer shown";
  config.vocab_size = config.d_ff = 1;
  config.max_positions = kLength;
  config.d_model = 768;
  config.head_count = config.kv_head_count = 12;
  config.head_dim = 64;
  config.attention_bias = false;
  const bool decoder = mechanism.undefined.causal.empty();
  config.architecture = decoder ? models::Architecture::decoder_only : models::Architecture::encoder_only;
  (decoder ? config.decoder_layer_count : config.encoder_layer_count) = 1;
  try {
    ModelConfig chosen = models::with_attention(config, mechanism.name);
    if (mechanism.require_seq) mechanism.require_seq(chosen, kLength);
    return chosen;
  } catch (const Error&) {
    return std::nullopt;
  }
}

// A count or a number of bytes of one layer; where it is a formula of the mechanism's, with its text.
struct Figure {
  const char* key;
  const char* title;
  Formula (*of)(const AttentionMechanism&, AttentionShape);  // empty text: there is none
  bool bytes;
};

Formula of(Formula (*form)(const AttentionShape&), const AttentionShape& shape) {
  if (form == nullptr) return {};
  Formula formula = form(shape);
  if (formula.text.empty()) formula.text = "0";
  return formula;
}

Formula kept(const AttentionMechanism& mechanism, AttentionShape shape, bool fused) {
  if (fused && !mechanism.undefined.fused.empty()) return {};
  shape.fused = fused;
  return of(mechanism.saved_bytes, shape);
}

const Figure kFigures[] = {
    {"parameters", "parameters",
     [](const AttentionMechanism& m, AttentionShape shape) { return of(m.parameter_count, shape); }, false},
    {"shared_parameters", "parameters all layers share",
     [](const AttentionMechanism& m, AttentionShape shape) {
       const Formula shared = of(m.once_per_model_count, shape);
       return shared.value == 0 ? Formula{} : shared;
     },
     false},
    {"kept_eager", "kept for backward, eager",
     [](const AttentionMechanism& m, AttentionShape shape) { return kept(m, std::move(shape), false); }, true},
    {"kept_fused", "kept for backward, flash",
     [](const AttentionMechanism& m, AttentionShape shape) { return kept(m, std::move(shape), true); }, true},
    {"cache_per_token", "cache a token, decoding",
     [](const AttentionMechanism& m, AttentionShape shape) { return of(m.kv_cache_bytes_per_token, shape); }, true},
    {"state", "state a sequence, decoding",
     [](const AttentionMechanism& m, AttentionShape shape) { return of(m.state_bytes, shape); }, true}};

Formula formula_of(const Figure& figure, const AttentionMechanism& mechanism, const ModelConfig& config) {
  AttentionShape shape = models::attention_shape(config);
  shape.query_len = shape.key_len = kLength;
  shape.element_bytes = 2;
  return figure.of(mechanism, shape);
}

std::string amount(const Formula& formula, bool bytes) {
  if (formula.text.empty()) return "–";
  return bytes ? format_bytes(formula.value) : format_count(formula.value);
}

struct Condition {
  const char* key;
  const char* title;
  std::string_view Undefined::*reason;
};

const Condition kConditions[] = {{"decoders", "decoders' self-attention", &Undefined::causal},
                                 {"cross", "encoder-decoders", &Undefined::cross},
                                 {"rotary", "rotary positions", &Undefined::rotary},
                                 {"position_biases", "position biases (ALiBi, T5)", &Undefined::bias},
                                 {"fused", "--sdpa math, flash or efficient", &Undefined::fused},
                                 {"padding", "batches with padding", &Undefined::padding},
                                 {"generation", "decoding with a cache", &Undefined::cached}};

// What no decoder has, has no cache.
std::string_view reason_against(const Condition& condition, const Undefined& undefined) {
  const std::string_view own = undefined.*condition.reason;
  return own.empty() && condition.reason == &Undefined::cached ? undefined.causal : own;
}

std::string range(const models::MechanismOption& option) {
  if (option.values.empty()) return fmt::format("{} to {}", format_count(option.low), format_count(option.high));
  std::string names;
  for (const std::string_view value : option.values) names += fmt::format("{}{}", names.empty() ? "" : ", ", value);
  return names;
}

std::string value_text(const models::MechanismOption& option, std::int64_t value) {
  const auto index = static_cast<std::size_t>(value);
  return index < option.values.size() ? std::string(option.values[index]) : format_count(value);
}

Json options_json(const AttentionMechanism& mechanism, const std::optional<ModelConfig>& config) {
  Json options = Json::array();
  for (const models::MechanismOption& option : mechanism.options) {
    Json entry{{"name", option.name}, {"meaning", option.meaning}, {"low", option.low}, {"high", option.high}};
    if (!option.values.empty()) entry["values"] = option.values;
    if (config) entry["fallback"] = config->attention_options.at(std::string(option.name));
    options.push_back(std::move(entry));
  }
  return options;
}

Json json_of(const AttentionMechanism& mechanism) {
  const std::optional<ModelConfig> config = sized(mechanism);
  Json out{{"name", mechanism.name}, {"title", mechanism.title}, {"source", mechanism.source}};
  Json formulas = Json::object(), undefined = Json::object();
  for (const Figure& figure : kFigures) {
    if (!config) break;
    const Formula formula = formula_of(figure, mechanism, *config);
    if (!formula.text.empty()) formulas[figure.key] = {{"text", formula.text}, {"value", formula.value}};
  }
  for (const Condition& condition : kConditions)
    if (const auto reason = reason_against(condition, mechanism.undefined); !reason.empty())
      undefined[condition.key] = reason;
  out["formulas"] = formulas;
  out["options"] = options_json(mechanism, config);
  out["undefined"] = undefined;
  return out;
}

// The text in as many lines as it takes.
std::string paragraph(std::string_view text) {
  std::string out;
  for (const auto& line : wrap(text, static_cast<std::size_t>(terminal_width(STDOUT_FILENO)))) out += line + "\n";
  return out;
}

std::string formulas_text(const AttentionMechanism& mechanism, const std::optional<ModelConfig>& config) {
  if (!config) return "\nNo figures: it does not go with the layer that they are shown for.\n";
  std::string out = "\n" + paragraph(fmt::format("Of one layer, in bytes of bf16 where it is memory ({}):", kSizes));
  for (const Figure& figure : kFigures) {
    const Formula formula = formula_of(figure, mechanism, *config);
    if (formula.text.empty()) continue;
    add_titled_text(out, figure.title, fmt::format("{} = {}", formula.text, amount(formula, figure.bytes)));
  }
  return out + "\n" + paragraph(kSymbols);
}

std::string options_text(const AttentionMechanism& mechanism, const std::optional<ModelConfig>& config) {
  if (mechanism.options.empty()) return "";
  std::string out = fmt::format("\nOptions, as {}:{}=…:\n", mechanism.name, mechanism.options.front().name);
  for (const models::MechanismOption& option : mechanism.options) {
    std::string text = fmt::format("{}; {}", option.meaning, range(option));
    if (config)
      text += fmt::format(" (here: {})", value_text(option, config->attention_options.at(std::string(option.name))));
    add_titled_text(out, option.name, text);
  }
  return out;
}

}  // namespace

std::string attention_table() {
  Table table({{"name", 0, true},
               {"what it is", 9, true},
               {"parameters", 1},
               {"kept for\nbackward,\neager", 2, false, "kept for backward, eager"},
               {"kept for\nbackward,\nflash", 3, false, "kept for backward, flash"},
               {"cache\na token", 4, false, "cache a token"},
               {"state a\nsequence", 5, false, "state a sequence"},
               {"deco-\nders", 6, false, "decoders"},
               {"cross", 7, false, "cross-attention"},
               {"rotary", 8, false, "rotary positions"},
               {"biases", 8, false, "position biases"}});
  const auto mark = [](std::string_view reason) { return Cell{reason.empty() ? "yes" : "–"}; };
  for (const AttentionMechanism& mechanism : models::attention_mechanisms()) {
    const std::optional<ModelConfig> config = sized(mechanism);
    const auto cell = [&](std::size_t figure) {
      return Cell{config ? amount(formula_of(kFigures[figure], mechanism, *config), kFigures[figure].bytes) : "–"};
    };
    const Undefined& undefined = mechanism.undefined;
    table.add_row({{std::string(mechanism.name)},
                   {std::string(mechanism.title)},
                   cell(0),
                   cell(2),
                   cell(3),
                   cell(4),
                   cell(5),
                   mark(undefined.causal),
                   mark(undefined.cross),
                   mark(undefined.rotary),
                   mark(undefined.bias)});
  }
  std::string out = table.render(listing_width(), false);
  out += fmt::format("\nOf one layer: {}.\n", kSizes);
  out += "headroom list attention NAME shows one's formulas and options, and why it does not go with what.\n";
  return out;
}

Json attention_json() {
  Json array = Json::array();
  for (const AttentionMechanism& mechanism : models::attention_mechanisms()) array.push_back(json_of(mechanism));
  return array;
}

std::string mechanism_text(const std::string& name) {
  const AttentionMechanism& mechanism = models::attention_mechanism(name);
  const std::optional<ModelConfig> config = sized(mechanism);
  std::string out = fmt::format("{}\n", mechanism.name);
  add_titled_text(out, "what it is", mechanism.title);
  add_titled_text(out, "source", mechanism.source);
  for (const Condition& condition : kConditions) {
    const std::string_view reason = reason_against(condition, mechanism.undefined);
    add_titled_text(out, condition.title, reason.empty() ? "yes" : fmt::format("no: {}", reason));
  }
  return out + formulas_text(mechanism, config) + options_text(mechanism, config);
}

Json mechanism_json(const std::string& name) { return Json::array({json_of(models::attention_mechanism(name))}); }

}  // namespace headroom::cli
