// The words of the command that repeats a run, and the same quoted for a POSIX shell.
#include <fmt/format.h>

#include "recording/run_spec.h"

namespace headroom {
namespace {

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
std::string model_argument(const std::string& model) { return model.starts_with('-') ? "./" + model : model; }

class Command {
 public:
  explicit Command(std::vector<std::string> words) : words_(std::move(words)) {}

  template <class T>
  void flag(bool wanted, std::string_view name, const T& value) {
    flag(wanted, name);
    if (wanted) words_.push_back(fmt::format("{}", value));
  }
  void flag(bool wanted, std::string_view name) {
    if (wanted) words_.emplace_back(name);
  }
  void words(const std::vector<std::string>& words) { words_.insert(words_.end(), words.begin(), words.end()); }
  std::vector<std::string> take() { return std::move(words_); }

 private:
  std::vector<std::string> words_;
};

std::string size_argument(std::int64_t bytes) {
  constexpr std::int64_t kMiB = 1 << 20;
  return bytes % kMiB == 0 ? fmt::format("{}MiB", bytes / kMiB) : fmt::format("{}", bytes);
}

void add_virtual_options(Command& command, const VirtualOptions& options) {
  command.flag(options.reserve_bytes > 0, "--reserve", size_argument(options.reserve_bytes));
  command.flag(!options.address_order.empty(), "--address-order", options.address_order);
  command.flag(options.events != VirtualEvents::immediate, "--events", to_name(kVirtualEventsNames, options.events));
  command.flag(options.backed, "--backed");
}

void add_tracing(Command& command, const RunSpec& spec) {
  const TraceLevel level = trace_level(spec);
  command.flag(level != default_trace(spec.device), "--trace", to_name(kTraceLevelNames, level));
  command.flag(spec.require_cupti, "--require-cupti");
}

std::vector<std::string> program_words(const RunSpec& spec) {
  Command command({"headroom", "run"});
  command.flag(true, "--device", spec.device);
  add_virtual_options(command, spec.virtual_options);
  add_tracing(command, spec);
  command.flag(spec.source_lines, "--source-lines");
  command.flag(spec.ranks > 0, "--ranks", spec.ranks);
  command.flag(spec.ranks > 0, "--rank", spec.rank);
  for (const StatedValue& stated : spec.values)
    command.flag(true, "--value", fmt::format("{}={}", stated.place, stated.value));
  command.flag(true, "--");
  command.words(spec.command);
  return command.take();
}

void add_generation(Command& command, const Generation& generation) {
  const Generation defaults;
  command.flag(generation.new_tokens != defaults.new_tokens, "--new-tokens", generation.new_tokens);
  command.flag(generation.beams != defaults.beams, "--beams", generation.beams);
  command.flag(generation.cache != defaults.cache, "--cache", to_name(kCacheKindNames, generation.cache));
  command.flag(generation.cache_dtype != defaults.cache_dtype, "--cache-dtype",
               to_name(kCacheDtypeNames, generation.cache_dtype));
  command.flag(generation.page != defaults.page, "--page", generation.page);
}

std::vector<std::string> model_words(const RunSpec& spec) {
  const RunSpec defaults;
  Command command({"headroom", "profile", model_argument(spec.model)});
  command.flag(!spec.attention.empty(), "--attention", spec.attention);
  command.flag(!spec.positions.empty(), "--positions", spec.positions);
  command.flag(!spec.compression.empty(), "--compress", spec.compression);
  command.flag(spec.capacity_factor.has_value(), "--capacity-factor", spec.capacity_factor.value_or(0));
  command.flag(true, "--batch", spec.batch);
  command.flag(true, "--seq", spec.seq);
  command.flag(spec.padding, "--padding");
  command.flag(spec.mode != defaults.mode, "--mode", to_name(kModeNames, spec.mode));
  add_generation(command, spec.generation);
  command.flag(spec.dtype != defaults.dtype, "--dtype", to_name(kDtypeNames, spec.dtype));
  command.flag(spec.optimizer != defaults.optimizer, "--optimizer", to_name(kOptimizerNames, spec.optimizer));
  command.flag(spec.optimizer_implementation != defaults.optimizer_implementation, "--optimizer-implementation",
               to_name(kOptimizerImplementationNames, spec.optimizer_implementation));
  command.flag(spec.momentum != 0, "--momentum", spec.momentum);
  command.flag(spec.checkpoint != defaults.checkpoint, "--checkpoint", to_name(kCheckpointNames, spec.checkpoint));
  command.flag(spec.accumulate != defaults.accumulate, "--accumulate", spec.accumulate);
  command.flag(spec.clip.has_value(), "--clip", spec.clip.value_or(0));
  command.flag(spec.loss_chunk != 0, "--loss-chunk", spec.loss_chunk);
  command.flag(spec.sdpa != defaults.sdpa, "--sdpa", to_name(kSdpaNames, spec.sdpa));
  command.flag(spec.dropout.has_value(), "--dropout", spec.dropout.value_or(0));
  command.flag(spec.steps != defaults.steps, "--steps", spec.steps);
  command.flag(spec.seed != defaults.seed, "--seed", spec.seed);
  command.flag(true, "--device", spec.device);
  add_virtual_options(command, spec.virtual_options);
  add_tracing(command, spec);
  command.flag(spec.counters, "--counters");
  return command.take();
}

}  // namespace

std::vector<std::string> reproduction_words(const RunSpec& spec) {
  return is_program(spec) ? program_words(spec) : model_words(spec);
}

std::string reproduction_command(const RunSpec& spec) {
  std::string text;
  for (const std::string& word : reproduction_words(spec)) text += (text.empty() ? "" : " ") + shell_quoted(word);
  return text;
}

}  // namespace headroom
