#include "cli/run_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/shortened.h"
#include "cli/arguments.h"
#include "cli/device.h"
#include "cli/recorded_runs.h"
#include "cli/terminal.h"
#include "models/catalog/attention.h"
#include "models/catalog/compression.h"
#include "models/catalog/experts.h"

namespace headroom::cli {
namespace {

template <class E, std::size_t N>
std::string help(std::string_view what, const std::array<Named<E>, N>& table, E fallback) {
  return fmt::format("{}: {} (default: {})", what, alternatives(table), to_name(table, fallback));
}

template <class E, std::size_t N>
void choose(E& value, const std::array<Named<E>, N>& table, std::string_view what, const std::string& text) {
  if (!text.empty()) value = from_name(table, what, text);
}

void count(std::int64_t& value, std::string_view flag, const std::string& text, std::int64_t low, std::int64_t high) {
  if (!text.empty()) value = parse_integer(flag, text, low, high);
}

std::string default_number(std::string_view what, std::int64_t value) {
  return fmt::format("{} (default: {})", what, value);
}

}  // namespace

void add_run_flags(CLI::App& command, RunFlags& flags, const char* attention_type, const char* attention_help) {
  command
      .add_option("MODEL", flags.model,
                  "A preset's name (headroom list models) or the path of a Hugging Face config.json")
      ->type_name("");
  add_settings_flags(command, flags, attention_type, attention_help);
}

void add_settings_flags(CLI::App& command, RunFlags& flags, const char* attention_type, const char* attention_help) {
  const RunSpec defaults;
  const auto add = [&](const char* name, std::string& value, const char* type, const std::string& text) {
    command.add_option(name, value, text)->type_name(type)->group("What is run");
  };
  add("--attention", flags.attention, attention_type, attention_help);
  add("--positions", flags.positions, "NAME",
      fmt::format("How the model knows positions (default: its own):\n{}", alternatives(models::kPositionsNames)));
  add("--capacity-factor", flags.capacity_factor, "FACTOR",
      "Of a mixture of experts: tokens that an expert has room for, as a\n"
      "multiple of its share (default: 1, balanced routing)");
  add("--compress", flags.compression, "METHODS",
      "How weights are made smaller, NAME:option=value, several\njoined by + (headroom list compression; default: "
      "not)");
  add("--batch", flags.batch, "N", default_number("Sequences per step, from 1", defaults.batch));
  add("--seq", flags.seq, "N", default_number("Tokens per sequence, from 1 to what the model allows", defaults.seq));
  command.add_flag("--padding", flags.padding, "Sequences of random lengths up to --seq, with an attention mask")
      ->group("What is run");
  add("--mode", flags.mode, "MODE", help("What a step does", kModeNames, defaults.mode));
  const Generation generation = defaults.generation;
  add("--new-tokens", flags.new_tokens, "N",
      default_number("In --mode generate: tokens after the prompt of --seq", generation.new_tokens));
  add("--beams", flags.beams, "N", default_number("In --mode generate: beams kept of each sequence", generation.beams));
  add("--cache", flags.cache, "KIND",
      help("In --mode generate: how keys and values\nare kept", kCacheKindNames, generation.cache));
  add("--cache-dtype", flags.cache_dtype, "DTYPE", help("Of the cache", kCacheDtypeNames, generation.cache_dtype));
  add("--page", flags.page, "N", default_number("Of --cache paged: tokens of one page", generation.page));
  add("--dtype", flags.dtype, "DTYPE",
      help("Numbers; amp-* means fp32 parameters under autocast.\nOne of", kDtypeNames, defaults.dtype));
  add("--optimizer", flags.optimizer, "NAME", help("In --mode train", kOptimizerNames, defaults.optimizer));
  add("--optimizer-implementation", flags.optimizer_implementation, "NAME",
      help("How sgd, adam and adamw step", kOptimizerImplementationNames, defaults.optimizer_implementation));
  add("--momentum", flags.momentum, "RATE", "Of --optimizer sgd, 0 to below 1 (default: 0)");
  add("--checkpoint", flags.checkpoint, "WHAT",
      help("Keep the inputs of blocks alone and compute the rest again in\nbackward", kCheckpointNames,
           defaults.checkpoint));
  add("--accumulate", flags.accumulate, "N",
      default_number("Micro-batches of --batch sequences per step, 1 to 1000", defaults.accumulate));
  add("--clip", flags.clip, "NORM",
      "Scale gradients down to this norm before the optimizer steps\n"
      "(default: leave them alone)");
  add("--loss-chunk", flags.loss_chunk, "N",
      "Compute logits and their loss for N tokens at a time\n"
      "(default: for all at once)");
  add("--sdpa", flags.sdpa, "NAME",
      help("Attention as separate operators (eager), or one back end of\n"
           "scaled_dot_product_attention",
           kSdpaNames, defaults.sdpa));
  add("--dropout", flags.dropout, "RATE",
      "Every dropout rate of the model, from 0 to 1\n"
      "(default: the model's own)");
  add("--steps", flags.steps, "N",
      default_number("Steps to run, 1 to 1000; the first has no optimizer state yet", defaults.steps));
  add("--device", flags.device, "NAME",
      "cpu, cuda, cuda:N or virtual:NAME (headroom list devices)\n"
      "(default: cuda where a GPU is usable, else virtual:h100-80gb)");
  add("--seed", flags.seed, "N", default_number("Of parameters, inputs and dropout", defaults.seed));
  add_virtual_flags(command, flags.virtual_device);
  add_trace_flags(command, flags.trace);
}

namespace {

// What PyTorch and configs call them is so far from ours that no likeness is found.
void refuse_torch_dtype(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kTorchNames{{{"float32", "fp32"},
                                                                                      {"float", "fp32"},
                                                                                      {"float16", "fp16"},
                                                                                      {"half", "fp16"},
                                                                                      {"bfloat16", "bf16"},
                                                                                      {"amp", "amp-bf16"}}};
  const std::string_view name = text.starts_with("torch.") ? std::string_view(text).substr(6) : text;
  for (const auto& [torch, ours] : kTorchNames)
    if (name == torch) throw bad_input(fmt::format("unknown dtype '{}'; did you mean '{}'?", text, ours));
}

}  // namespace

CheckedRun check_run(const RunFlags& flags) {
  if (flags.model.empty())
    throw bad_input("expected a MODEL: a preset's name (headroom list models) or the path of a config.json");
  CheckedRun run;
  RunSpec& spec = run.spec;
  spec.model = flags.model;
  count(spec.batch, "--batch", flags.batch, 1, kMaxTokensPerStep);
  count(spec.seq, "--seq", flags.seq, 1, kMaxTokensPerStep);
  count(spec.steps, "--steps", flags.steps, 1, kMaxSteps);
  count(spec.seed, "--seed", flags.seed, 0, INT64_MAX);
  choose(spec.mode, kModeNames, "mode", flags.mode);
  count(spec.generation.new_tokens, "--new-tokens", flags.new_tokens, 1, kMaxNewTokens);
  count(spec.generation.beams, "--beams", flags.beams, 1, kMaxBeams);
  choose(spec.generation.cache, kCacheKindNames, "cache", flags.cache);
  choose(spec.generation.cache_dtype, kCacheDtypeNames, "cache dtype", flags.cache_dtype);
  count(spec.generation.page, "--page", flags.page, 1, kMaxTokensPerStep);
  refuse_torch_dtype(flags.dtype);
  choose(spec.dtype, kDtypeNames, "dtype", flags.dtype);
  choose(spec.optimizer, kOptimizerNames, "optimizer", flags.optimizer);
  choose(spec.optimizer_implementation, kOptimizerImplementationNames, "optimizer implementation",
         flags.optimizer_implementation);
  if (!flags.momentum.empty()) spec.momentum = parse_number("--momentum", flags.momentum);
  choose(spec.checkpoint, kCheckpointNames, "checkpoint", flags.checkpoint);
  count(spec.accumulate, "--accumulate", flags.accumulate, 1, kMaxAccumulate);
  if (!flags.capacity_factor.empty()) spec.capacity_factor = parse_number("--capacity-factor", flags.capacity_factor);
  if (!flags.clip.empty()) spec.clip = parse_number("--clip", flags.clip);
  count(spec.loss_chunk, "--loss-chunk", flags.loss_chunk, 1, kMaxTokensPerStep);
  choose(spec.sdpa, kSdpaNames, "sdpa", flags.sdpa);
  if (!flags.dropout.empty()) spec.dropout = parse_number("--dropout", flags.dropout);
  validate(spec);
  if (printable(spec.model) != spec.model)
    throw bad_input("MODEL '" + spec.model + "' has control characters or bytes that are not UTF-8; rename the file");
  run.model = models::load_model(spec.model);
  spec.positions = flags.positions;
  if (!spec.positions.empty()) models::set_positions(run.model, spec.positions);
  if (spec.capacity_factor) run.model = models::with_capacity_factor(run.model, *spec.capacity_factor);
  spec.compression = flags.compression;
  models::validate_shape(run.model, spec.batch, spec.seq);
  if (spec.sdpa == Sdpa::flash) models::require_flash(run.model);
  spec.device = flags.device.empty() ? default_device() : flags.device;
  require_device(spec.device);
  spec.virtual_options = read_virtual_options(flags.virtual_device, spec.device);
  read_trace_flags(flags.trace, spec);
  spec.counters = flags.counters;
  spec.padding = flags.padding;
  validate(spec);
  return run;
}

CheckedRun check_single_run(const RunFlags& flags) {
  CheckedRun run = check_run(flags);
  run.spec.attention = flags.attention;
  if (run.spec.attention.find(',') != std::string::npos)
    throw bad_input(fmt::format("--attention is '{}', expected one mechanism; headroom compare takes several",
                                shortened(run.spec.attention)));
  run.model =
      models::with_compression(models::with_attention_and_positions(run.model, run.spec.attention, run.spec.positions),
                               run.spec.compression, run.spec.mode == Mode::train);
  return run;
}

models::CacheSize cache_size_of(const RunSpec& spec) {
  models::CacheSize size;
  size.storage = spec.generation.cache_dtype == CacheDtype::model  ? models::CacheStorage::model
                 : spec.generation.cache_dtype == CacheDtype::int8 ? models::CacheStorage::int8
                                                                   : models::CacheStorage::fp8;
  size.batch = spec.batch;
  size.beams = spec.generation.beams;
  return size;
}

std::string model_label(const models::ModelConfig& model) { return plain_label(model.name, "model"); }

}  // namespace headroom::cli
