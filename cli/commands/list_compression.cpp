#include "cli/commands/list_compression.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "cli/commands/list_text.h"
#include "models/catalog/compression.h"
#include "models/catalog/options.h"
#include "reports/table.h"

namespace headroom::cli {
namespace {

using models::Compression;
using models::CompressionMethod;
using models::Formula;
using models::WeightCompression;
using models::WeightShape;

constexpr const char* kSizes = "out = 3,072, in = 768, N = 4,096, e = 4: a feed-forward weight of BERT base in fp32";

Compression fallbacks(const CompressionMethod& method) {
  Compression c{std::string(method.name)};
  for (const auto& option : method.options) c.options[std::string(option.name)] = option.fallback({});
  return c;
}

struct Figures {
  Formula parameters, trained, used, kept;
};

Figures figures(const CompressionMethod& method) {
  const Compression c = fallbacks(method);
  const WeightCompression compression{method.adapter ? nullptr : &c, method.adapter ? &c : nullptr};
  const WeightShape used{.out = 3072, .in = 768, .inputs = 4096};
  WeightShape trained = used;
  trained.trained = !method.adapter;
  return {parameter_count(compression, used), stored_bytes(compression, trained), stored_bytes(compression, used),
          saved_bytes(compression, trained)};
}

bool trains(const CompressionMethod& method) {
  try {
    if (method.require_mode) method.require_mode(fallbacks(method), true);
    return true;
  } catch (const Error&) {
    return false;
  }
}

Json formula_json(const Formula& formula) { return {{"text", formula.text}, {"value", formula.value}}; }

Json json_of(const CompressionMethod& method) {
  const Figures f = figures(method);
  Json options = Json::array();
  for (const auto& option : method.options) {
    Json json{
        {"name", option.name}, {"meaning", option.meaning}, {"default", option_text(option, option.fallback({}))}};
    if (option.values.empty())
      json["range"] = {option_text(option, option.low), option_text(option, option.high)};
    else
      json["values"] = option.values;
    options.push_back(json);
  }
  Json formulas{{"parameter_count", formula_json(f.parameters)}, {"stored_bytes", formula_json(f.used)}};
  if (trains(method)) {
    formulas["trained_bytes"] = formula_json(f.trained);
    formulas["saved_bytes"] = formula_json(f.kept);
  }
  return {{"name", method.name}, {"title", method.title}, {"source", method.source},         {"trains", trains(method)},
          {"options", options},  {"formulas", formulas},  {"word_table", method.holds_words}};
}

}  // namespace

std::string compression_table() {
  Table table({{"name", 0, true},
               {"what it is", 1, true},
               {"stored", 0},
               {"stored,\ntrained", 2, false, "stored, trained"},
               {"kept for\nbackward", 3, false, "kept for backward"},
               {"word\ntable", 4, false, "word table"}});
  for (const CompressionMethod& method : models::compression_methods()) {
    const Figures f = figures(method);
    const bool training = trains(method);
    table.add_row({{std::string(method.name)},
                   {std::string(method.title)},
                   {format_bytes(f.used.value)},
                   {training ? format_bytes(f.trained.value) : "–"},
                   {training ? format_bytes(f.kept.value) : "–"},
                   {method.holds_words ? "yes" : "–"}});
  }
  std::string out = table.render(listing_width(), false);
  out += fmt::format("\nOf one weight: {}. Dense it takes {}.\n", kSizes, format_bytes(std::int64_t{4} * 3072 * 768));
  out += "headroom list compression NAME shows one's formulas and options.\n";
  return out;
}

Json compression_json() {
  Json array = Json::array();
  for (const CompressionMethod& method : models::compression_methods()) array.push_back(json_of(method));
  return array;
}

std::string method_text(const std::string& name) {
  const CompressionMethod& method = models::compression_method(name);
  const Figures f = figures(method);
  std::string out = fmt::format("{}\n", method.name);
  add_titled_text(out, "what it is", method.title);
  add_titled_text(out, "source", method.source);
  add_titled_text(out, "--mode train", trains(method) ? "yes" : "no");
  add_titled_text(out, "layers=all",
                  method.holds_words ? "attention, feed-forward and word table" : "attention and feed-forward");
  out += fmt::format("\nOf one weight ({}):\n", kSizes);
  add_titled_text(out, "parameters", fmt::format("{} = {}", f.parameters.text, format_count(f.parameters.value)));
  add_titled_text(out, "bytes stored", fmt::format("{} = {}", f.used.text, format_count(f.used.value)));
  if (trains(method)) {
    add_titled_text(out, "bytes stored, trained",
                    fmt::format("{} = {}", f.trained.text, format_count(f.trained.value)));
    if (f.kept.value > 0)
      add_titled_text(out, "bytes kept for backward", fmt::format("{} = {}", f.kept.text, format_count(f.kept.value)));
  }
  out += fmt::format("\nOptions, as {}:{}=…:\n", method.name, method.options.front().name);
  for (const auto& option : method.options) {
    std::string values;
    for (const auto& value : option.values) values += (values.empty() ? "" : ", ") + std::string(value);
    if (values.empty()) values = option_text(option, option.low) + " to " + option_text(option, option.high);
    add_titled_text(
        out, option.name,
        fmt::format("{}; {} (default: {})", option.meaning, values, option_text(option, option.fallback({}))));
  }
  return out;
}

Json method_json(const std::string& name) { return Json::array({json_of(models::compression_method(name))}); }

}  // namespace headroom::cli
