#include "recording/run_spec.h"

#include <fmt/format.h>

#include <limits>

#include "base/bytes.h"
#include "base/error.h"
#include "recording/named_member.h"

namespace headroom {
namespace {

constexpr std::int64_t kMaxSeed = std::numeric_limits<std::int64_t>::max();

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

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-./:=,@%+").find(c) != std::string_view::npos;
}

std::string shell_quoted(const std::string& word) {
  bool plain = !word.empty();
  for (char c : word) plain = plain && is_plain(c);
  if (plain) return word;
  std::string quoted = "'";
  for (char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// A model named like a flag is a file's path; "./" keeps it one.
std::string model_argument(const std::string& model) {
  return shell_quoted(model.starts_with('-') ? "./" + model : model);
}

}  // namespace

Json to_json(const RunSpec& spec) {
  return Json{{"model", spec.model},
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
              {"seed", spec.seed}};
}

RunSpec run_spec_from_json(const Json& json, const std::string& where) {
  const JsonReader reader(json, where);
  RunSpec spec;
  spec.model = reader.string("model");
  spec.attention = reader.string_or("attention", spec.attention);
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
  spec.seed = reader.integer_or("seed", spec.seed, 0, kMaxSeed);
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
  require_range("--seed", spec.seed, 0, kMaxSeed);
  if (spec.dropout && !(*spec.dropout >= 0 && *spec.dropout <= 1))
    throw bad_input(fmt::format("--dropout is {}, expected a number from 0 to 1", *spec.dropout));
}

std::string reproduction_command(const RunSpec& spec) {
  const RunSpec defaults;
  std::string command = "headroom profile " + model_argument(spec.model);
  const auto flag = [&](bool wanted, std::string_view name, const auto& value) {
    if (wanted) command += fmt::format(" {} {}", name, shell_quoted(fmt::format("{}", value)));
  };
  flag(!spec.attention.empty(), "--attention", spec.attention);
  flag(true, "--batch", spec.batch);
  flag(true, "--seq", spec.seq);
  flag(spec.mode != defaults.mode, "--mode", to_name(kModeNames, spec.mode));
  flag(spec.dtype != defaults.dtype, "--dtype", to_name(kDtypeNames, spec.dtype));
  flag(spec.optimizer != defaults.optimizer, "--optimizer", to_name(kOptimizerNames, spec.optimizer));
  flag(spec.optimizer_implementation != defaults.optimizer_implementation, "--optimizer-implementation",
       to_name(kOptimizerImplementationNames, spec.optimizer_implementation));
  flag(spec.sdpa != defaults.sdpa, "--sdpa", to_name(kSdpaNames, spec.sdpa));
  flag(spec.dropout.has_value(), "--dropout", spec.dropout.value_or(0));
  flag(spec.steps != defaults.steps, "--steps", spec.steps);
  flag(spec.seed != defaults.seed, "--seed", spec.seed);
  flag(true, "--device", spec.device);
  return command;
}

}  // namespace headroom
