#include "recording/run_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "base/error.h"
#include "base/shortened.h"
#include "recording/named_member.h"

namespace headroom {
namespace {

constexpr std::int64_t kMaxInteger = std::numeric_limits<std::int64_t>::max();
constexpr double kMaxNumber = std::numeric_limits<double>::max();
constexpr double kLeastClip = std::numeric_limits<double>::min();
const double kMaxMomentum = std::nextafter(1.0, 0.0);

void require_range(std::string_view flag, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high)
    throw bad_input(fmt::format("{} is {}, expected a whole number from {} to {}", flag, value, low, high));
}

void require_text(std::string_view flag, const std::string& value, std::string_view expected) {
  if (value.empty()) throw bad_input(fmt::format("{} is empty, expected {}", flag, expected));
}

void require_tokens(const std::string& subject, const RunSpec& spec) {
  if (spec.batch > kMaxTokensPerStep / spec.seq)
    throw bad_input(fmt::format("{} is {} x {} tokens, expected at most {} a step", subject, format_count(spec.batch),
                                format_count(spec.seq), format_count(kMaxTokensPerStep)));
}

bool is_address_order(std::string_view order) {
  constexpr std::string_view kShuffled = "shuffled:";
  if (order == "descending" || order == "ascending") return true;
  if (!order.starts_with(kShuffled)) return false;
  std::uint64_t seed = 0;
  const char* end = order.data() + order.size();
  const auto parsed = std::from_chars(order.data() + kShuffled.size(), end, seed);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

Json to_json(const VirtualOptions& options) {
  return {{"reserve_bytes", options.reserve_bytes},
          {"address_order", options.address_order},
          {"events", to_name(kVirtualEventsNames, options.events)},
          {"backed", options.backed}};
}

VirtualOptions virtual_options_from_json(const Json& json, const std::string& where) {
  const JsonReader reader(json, where);
  VirtualOptions options;
  options.reserve_bytes = reader.integer_or("reserve_bytes", 0, 0, kMaxInteger);
  options.address_order = reader.string_or("address_order", "");
  options.events = named_member_or(reader, kVirtualEventsNames, "events", options.events, where);
  options.backed = reader.boolean_or("backed", false);
  if (!options.address_order.empty()) require_address_order(where + ": 'address_order'", options.address_order);
  return options;
}

// Absent where nothing was asked for.
Json with_choices(Json json, const RunSpec& spec) {
  if (!spec.positions.empty()) json["positions"] = spec.positions;
  if (!spec.compression.empty()) json["compression"] = spec.compression;
  if (spec.padding) json["padding"] = true;
  if (spec.capacity_factor) json["capacity_factor"] = *spec.capacity_factor;
  if (spec.trace) json["trace"] = to_name(kTraceLevelNames, *spec.trace);
  if (spec.require_cupti) json["require_cupti"] = true;
  if (spec.counters) json["counters"] = true;
  return json;
}

void read_tracing(const JsonReader& reader, const std::string& where, RunSpec& spec) {
  if (reader.has("trace")) spec.trace = named_member(reader, kTraceLevelNames, "trace", where);
  spec.require_cupti = reader.boolean_or("require_cupti", false);
  spec.counters = reader.boolean_or("counters", false);
}

// Absent where nothing was asked for.
Json with_training(Json json, const RunSpec& spec) {
  if (spec.momentum != 0) json["momentum"] = spec.momentum;
  if (spec.checkpoint != Checkpoint::none) json["checkpoint"] = to_name(kCheckpointNames, spec.checkpoint);
  if (spec.accumulate != 1) json["accumulate"] = spec.accumulate;
  if (spec.clip) json["clip"] = *spec.clip;
  if (spec.loss_chunk != 0) json["loss_chunk"] = spec.loss_chunk;
  return json;
}

void read_training(const JsonReader& reader, const std::string& where, RunSpec& spec) {
  spec.momentum = reader.number_or("momentum", 0, 0, kMaxMomentum);
  spec.checkpoint = named_member_or(reader, kCheckpointNames, "checkpoint", spec.checkpoint, where);
  spec.accumulate = reader.integer_or("accumulate", spec.accumulate, 1, kMaxAccumulate);
  if (reader.has("clip")) spec.clip = reader.number_or("clip", 0, kLeastClip, kMaxNumber);
  spec.loss_chunk = reader.integer_or("loss_chunk", 0, 0, kMaxTokensPerStep);
}

// Absent where nothing is generated.
Json with_generation(Json json, const RunSpec& spec) {
  if (spec.mode != Mode::generate) return json;
  const Generation& generation = spec.generation;
  json["generation"] = {{"new_tokens", generation.new_tokens},
                        {"beams", generation.beams},
                        {"cache", to_name(kCacheKindNames, generation.cache)},
                        {"cache_dtype", to_name(kCacheDtypeNames, generation.cache_dtype)},
                        {"page", generation.page}};
  return json;
}

void read_generation(const JsonReader& reader, const std::string& where, RunSpec& spec) {
  if (!reader.has("generation")) return;
  const std::string inside = where + ": generation";
  const JsonReader member(reader.member("generation"), inside);
  Generation& generation = spec.generation;
  generation.new_tokens = member.integer_or("new_tokens", generation.new_tokens, 1, kMaxNewTokens);
  generation.beams = member.integer_or("beams", generation.beams, 1, kMaxBeams);
  generation.cache = named_member_or(member, kCacheKindNames, "cache", generation.cache, inside);
  generation.cache_dtype = named_member_or(member, kCacheDtypeNames, "cache_dtype", generation.cache_dtype, inside);
  generation.page = member.integer_or("page", generation.page, 1, kMaxTokensPerStep);
}

Json program_json(const RunSpec& spec) {
  Json values = Json::array();
  for (const StatedValue& stated : spec.values) values.push_back({{"place", stated.place}, {"value", stated.value}});
  return {{"model", spec.model},
          {"command", spec.command},
          {"mode", to_name(kModeNames, spec.mode)},
          {"device", spec.device},
          {"virtual_options", to_json(spec.virtual_options)},
          {"values", values},
          {"source_lines", spec.source_lines},
          {"ranks", spec.ranks},
          {"rank", spec.rank}};
}

const Json& array_member(const JsonReader& reader, std::string_view key) {
  const Json& json = reader.member(key);
  if (!json.is_array()) reader.fail(key, "an array");
  return json;
}

void read_program(const JsonReader& reader, const std::string& where, RunSpec& spec) {
  for (const Json& word : array_member(reader, "command")) {
    if (!word.is_string()) reader.fail("command", "an array of texts");
    spec.command.push_back(word.get<std::string>());
  }
  if (reader.has("values"))
    for (const Json& item : array_member(reader, "values")) {
      const JsonReader stated(item, where + ": values");
      spec.values.push_back({stated.string("place"), stated.number_or("value", 0, -kMaxNumber, kMaxNumber)});
    }
  spec.source_lines = reader.boolean_or("source_lines", false);
  spec.ranks = reader.integer_or("ranks", 0, 0, kMaxRanks);
  spec.rank = reader.integer_or("rank", 0, 0, std::max<std::int64_t>(spec.ranks - 1, 0));
}

void validate_tracing(const RunSpec& spec) {
  const auto refuse = [&](std::string_view flag) {
    throw bad_input(fmt::format("{} traces a GPU, and --device is {}: there is nothing to trace", flag, spec.device));
  };
  if (spec.device == "cpu" && spec.trace.value_or(TraceLevel::none) != TraceLevel::none)
    refuse(fmt::format("--trace {}", to_name(kTraceLevelNames, *spec.trace)));
  if (spec.device == "cpu" && spec.require_cupti) refuse("--require-cupti");
  if (spec.require_cupti && trace_level(spec) == TraceLevel::none)
    throw bad_input("--require-cupti needs something to trace: --trace memory or full");
  if (spec.counters && !spec.device.starts_with("cuda"))
    throw bad_input(
        fmt::format("--counters reads a real GPU's own counters, and --device is {}: use --device cuda", spec.device));
}

void require_training(const RunSpec& spec, std::string_view flag, bool given) {
  if (given && spec.mode != Mode::train)
    throw bad_input(fmt::format("{} is of training, and --mode is {}", flag, to_name(kModeNames, spec.mode)));
}

void validate_training(const RunSpec& spec) {
  const auto optimizer = to_name(kOptimizerNames, spec.optimizer);
  if (!(spec.momentum >= 0 && spec.momentum < 1))
    throw bad_input(fmt::format("--momentum is {}, expected a number from 0 to below 1", spec.momentum));
  if (spec.momentum != 0 && spec.optimizer != Optimizer::sgd)
    throw bad_input(fmt::format("--momentum is of --optimizer sgd, and --optimizer is {}", optimizer));
  if (spec.optimizer != Optimizer::none && !has_implementations(spec.optimizer) &&
      spec.optimizer_implementation != OptimizerImplementation::foreach)
    throw bad_input(
        fmt::format("--optimizer {} steps in one way alone: leave --optimizer-implementation out", optimizer));
  require_range("--accumulate", spec.accumulate, 1, kMaxAccumulate);
  if (spec.clip && !(*spec.clip > 0 && std::isfinite(*spec.clip)))
    throw bad_input(fmt::format("--clip is {}, expected a number above 0", *spec.clip));
  if (spec.clip && spec.mode == Mode::train && spec.optimizer == Optimizer::none)
    throw bad_input("--clip scales what the optimizer is given, and --optimizer is none");
  require_range("--loss-chunk", spec.loss_chunk, 0, kMaxTokensPerStep);
  require_training(spec, "--checkpoint", spec.checkpoint != Checkpoint::none);
  require_training(spec, "--accumulate", spec.accumulate != 1);
  require_training(spec, "--clip", spec.clip.has_value());
  require_training(spec, "--loss-chunk", spec.loss_chunk != 0);
}

void validate_capacity(const RunSpec& spec) {
  if (spec.capacity_factor && !(*spec.capacity_factor > 0 && *spec.capacity_factor <= kMaxCapacityFactor))
    throw bad_input(
        fmt::format("--capacity-factor is {}, expected a number above 0, at most 1e6", *spec.capacity_factor));
}

void validate_generation(const RunSpec& spec) {
  const Generation& generation = spec.generation;
  require_range("--new-tokens", generation.new_tokens, 1, kMaxNewTokens);
  require_range("--beams", generation.beams, 1, kMaxBeams);
  require_range("--page", generation.page, 1, kMaxTokensPerStep);
  const Generation defaults;
  if (generation.page != defaults.page && generation.cache != CacheKind::paged)
    throw bad_input(
        fmt::format("--page is of --cache paged, and --cache is {}", to_name(kCacheKindNames, generation.cache)));
  const auto refuse = [&](std::string_view flag, bool given) {
    if (given && spec.mode != Mode::generate)
      throw bad_input(fmt::format("{} is of --mode generate, and --mode is {}", flag, to_name(kModeNames, spec.mode)));
  };
  refuse("--new-tokens", generation.new_tokens != defaults.new_tokens);
  refuse("--beams", generation.beams != defaults.beams);
  refuse("--cache", generation.cache != defaults.cache);
  refuse("--cache-dtype", generation.cache_dtype != defaults.cache_dtype);
  if (spec.mode != Mode::generate) return;
  if (spec.padding) throw bad_input("--padding is of training and forward passes, and --mode is generate");
  if (spec.steps != RunSpec{}.steps)
    throw bad_input("--steps is of training and forward passes; --mode generate takes a step for each of --new-tokens");
  if (generation.beams > kMaxTokensPerStep / spec.batch / spec.seq)
    throw bad_input(fmt::format("--batch x --beams x --seq is {} x {} x {} tokens, expected at most {} a step",
                                format_count(spec.batch), format_count(generation.beams), format_count(spec.seq),
                                format_count(kMaxTokensPerStep)));
}

void validate_program(const RunSpec& spec) {
  require_range("--ranks", spec.ranks, 0, kMaxRanks);
  require_range("--rank", spec.rank, 0, std::max<std::int64_t>(spec.ranks - 1, 0));
  for (const StatedValue& stated : spec.values) {
    require_text("PLACE of --value", stated.place, "a line, train.py:42, or an operator, aten::nonzero");
    if (!std::isfinite(stated.value))
      throw bad_input(fmt::format("--value {} is {}, expected a finite number", stated.place, stated.value));
  }
}

}  // namespace

bool is_program(const RunSpec& spec) { return !spec.command.empty(); }

bool has_implementations(Optimizer optimizer) {
  return optimizer == Optimizer::sgd || optimizer == Optimizer::adam || optimizer == Optimizer::adamw;
}

TraceLevel default_trace(std::string_view device) {
  return device.starts_with("cuda") ? TraceLevel::full : TraceLevel::none;
}

TraceLevel trace_level(const RunSpec& spec) { return spec.trace.value_or(default_trace(spec.device)); }

void require_address_order(const std::string& subject, const std::string& order) {
  if (!is_address_order(order))
    throw bad_input(fmt::format("{} is '{}', expected descending, ascending or shuffled:SEED", subject, shortened(order)));
}

Json to_json(const RunSpec& spec) {
  if (is_program(spec)) return with_choices(program_json(spec), spec);
  Json json{{"model", spec.model},
            {"attention", spec.attention},
            {"batch", spec.batch},
            {"seq", spec.seq},
            {"mode", to_name(kModeNames, spec.mode)},
            {"dtype", to_name(kDtypeNames, spec.dtype)},
            {"optimizer", to_name(kOptimizerNames, spec.optimizer)},
            {"optimizer_implementation", to_name(kOptimizerImplementationNames, spec.optimizer_implementation)},
            {"sdpa", to_name(kSdpaNames, spec.sdpa)},
            {"dropout", spec.dropout ? Json(*spec.dropout) : Json()},
            {"steps", spec.steps},
            {"device", spec.device},
            {"seed", spec.seed},
            {"virtual_options", to_json(spec.virtual_options)}};
  return with_choices(with_generation(with_training(std::move(json), spec), spec), spec);
}

RunSpec run_spec_from_json(const Json& json, const std::string& where) {
  const JsonReader reader(json, where);
  RunSpec spec;
  spec.model = reader.string("model");
  spec.attention = reader.string_or("attention", spec.attention);
  spec.positions = reader.string_or("positions", spec.positions);
  spec.compression = reader.string_or("compression", spec.compression);
  spec.padding = reader.boolean_or("padding", false);
  if (reader.has("capacity_factor"))
    spec.capacity_factor = reader.number_or("capacity_factor", 1, 0, kMaxCapacityFactor);
  spec.batch = reader.integer_or("batch", spec.batch, 1, kMaxTokensPerStep);
  spec.seq = reader.integer_or("seq", spec.seq, 1, kMaxTokensPerStep);
  spec.mode = named_member_or(reader, kModeNames, "mode", spec.mode, where);
  spec.dtype = named_member_or(reader, kDtypeNames, "dtype", spec.dtype, where);
  spec.optimizer = named_member_or(reader, kOptimizerNames, "optimizer", spec.optimizer, where);
  spec.optimizer_implementation = named_member_or(reader, kOptimizerImplementationNames, "optimizer_implementation",
                                                  spec.optimizer_implementation, where);
  spec.sdpa = named_member_or(reader, kSdpaNames, "sdpa", spec.sdpa, where);
  if (reader.has("dropout")) spec.dropout = reader.number_or("dropout", 0, 0, 1);
  spec.steps = reader.integer_or("steps", spec.steps, 1, kMaxSteps);
  spec.device = reader.string_or("device", spec.device);
  spec.seed = reader.integer_or("seed", spec.seed, 0, kMaxInteger);
  if (reader.has("virtual_options"))
    spec.virtual_options = virtual_options_from_json(reader.member("virtual_options"), where + ": virtual_options");
  read_training(reader, where, spec);
  read_generation(reader, where, spec);
  read_tracing(reader, where, spec);
  if (reader.has("command")) read_program(reader, where, spec);
  if (spec.model.empty()) reader.fail("model", "a preset's name or a path");
  if (spec.device.empty()) reader.fail("device", "a device's name");
  require_tokens(where + ": 'batch' x 'seq'", spec);
  return spec;
}

void validate(const RunSpec& spec) {
  require_text("MODEL", spec.model, "a preset's name or the path of a config.json");
  require_text("--device", spec.device, "cpu, cuda, cuda:N or virtual:NAME");
  require_range("--batch", spec.batch, 1, kMaxTokensPerStep);
  require_range("--seq", spec.seq, 1, kMaxTokensPerStep);
  require_tokens("--batch x --seq", spec);
  require_range("--steps", spec.steps, 1, kMaxSteps);
  require_range("--seed", spec.seed, 0, kMaxInteger);
  require_range("--reserve", spec.virtual_options.reserve_bytes, 0, kMaxInteger);
  if (!spec.virtual_options.address_order.empty())
    require_address_order("--address-order", spec.virtual_options.address_order);
  validate_program(spec);
  validate_training(spec);
  validate_generation(spec);
  validate_capacity(spec);
  validate_tracing(spec);
  if (spec.dropout && !(*spec.dropout >= 0 && *spec.dropout <= 1))
    throw bad_input(fmt::format("--dropout is {}, expected a number from 0 to 1", *spec.dropout));
}

}  // namespace headroom
