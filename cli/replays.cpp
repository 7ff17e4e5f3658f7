#include "cli/replays.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "base/names.h"
#include "base/shortened.h"
#include "cli/device.h"
#include "cli/environment.h"
#include "cli/measurement.h"
#include "cli/progress.h"
#include "cli/scratch_folder.h"
#include "cli/terminal.h"
#include "cli/worker_process.h"
#include "virtual_gpu/catalog.h"

namespace headroom::cli {
namespace {

constexpr std::uint64_t kReplayLimitBytes = 1 << 20;
constexpr int kProgressMilliseconds = 100;
constexpr std::string_view kSettings = "PYTORCH_CUDA_ALLOC_CONF", kOrder = "HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER";

// The words NAME=VALUE behind the allocator's own settings.
bool is_variable(std::string_view word) {
  const auto equals = word.find('=');
  return equals != std::string_view::npos && equals > 0 &&
         std::ranges::all_of(word.substr(0, equals), [](char c) { return c == '_' || (c >= 'A' && c <= 'Z'); });
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text)
    if (c == ' ')
      words.emplace_back();
    else
      words.back() += c;
  return words;
}

std::string recorded_order(const Recording& recording) {
  for (const std::string& word : words_of(recording.environment.allocator_settings))
    if (word.starts_with(kOrder) && is_variable(word)) return word.substr(kOrder.size() + 1);
  return recording.spec.virtual_options.address_order;
}

// "a:1,b:[x:2,y:3]" -> "a:1", "b:[x:2,y:3]"
std::vector<std::string> options_of(const std::string& settings) {
  std::vector<std::string> options;
  std::string option;
  int depth = 0;
  for (const char c : settings + ",") {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c == ',' && depth == 0) {
      if (!option.empty()) options.push_back(option);
      option.clear();
    } else {
      option += c;
    }
  }
  return options;
}

// `settings` with `option` in place of what they say of it.
std::string with_option(const std::string& settings, const std::string& option) {
  const std::string key = option.substr(0, option.find(':') + 1);
  std::string out;
  for (const std::string& one : options_of(settings))
    if (!one.starts_with(key)) out += one + ",";
  return out + option;
}

constexpr std::array kWorthTrying{"expandable_segments:True",   "expandable_segments:False", "max_split_size_mb:64",
                                  "max_split_size_mb:128",      "max_split_size_mb:256",     "max_split_size_mb:512",
                                  "roundup_power2_divisions:4", "roundup_power2_divisions:8"};

RunSpec spec_of_replay(const Recording& recording) {
  RunSpec spec = recording.spec;
  spec.device = replay_device(recording);
  spec.virtual_options.address_order = recorded_order(recording);
  spec.virtual_options.events = VirtualEvents::immediate;
  spec.virtual_options.backed = false;
  // A card with less to give than the catalogue's, such as a part of one.
  const std::int64_t total = recording.environment.device_total_bytes;
  const std::int64_t more = virtual_gpu::device_model(spec.device).total_bytes - total;
  if (total > 0) spec.virtual_options.reserve_bytes += std::max<std::int64_t>(0, more);
  return spec;
}

WorkerCommand command_of(const RunSpec& spec, const std::string& settings) {
  WorkerCommand command = worker_command(spec);
  std::erase_if(command.environment, [](const std::string& entry) {
    constexpr std::array kNames{
        "PYTORCH_CUDA_ALLOC_CONF=", "PYTORCH_ALLOC_CONF=", "PYTORCH_NO_CUDA_MEMORY_CACHING=", "CUDA_VISIBLE_DEVICES="};
    return std::ranges::any_of(kNames, [&](std::string_view name) { return entry.starts_with(name); });
  });
  if (!settings.empty()) set_variable(command.environment, kSettings, settings);
  return command;
}

class ReplayFleet {
 public:
  ReplayFleet(const Recording& recording, const std::filesystem::path& file, const std::vector<PlannedReplay>& planned,
              TimeLimit limit, bool show_progress, Interrupts& interrupts)
      : spec_(spec_of_replay(recording)),
        file_(std::filesystem::absolute(file)),
        planned_(planned),
        limit_(limit),
        interrupts_(interrupts),
        line_(show_progress),
        width_(terminal_width(STDERR_FILENO)),
        jobs_(default_jobs(spec_.device)),
        replays_(planned.size()),
        workers_(planned.size()) {}

  std::vector<AllocatorReplay> finish_all() {
    while (done_ < planned_.size()) {
      for (; next_ < planned_.size() && next_ - done_ < jobs_; ++next_) workers_[next_] = start(planned_[next_]);
      show_progress();
      wait();
      interrupts_.throw_if_caught();
      for (std::size_t i = 0; i < next_; ++i)
        if (workers_[i]) attend(i);
    }
    return std::move(replays_);
  }

 private:
  std::filesystem::path file_of(std::size_t i) const { return scratch_.path() / fmt::format("{}.json", i); }

  std::unique_ptr<WorkerProcess> start(const PlannedReplay& replay) {
    const Json job{{"replay",
                    {{"recording", file_.string()},
                     {"label", replay.label},
                     {"change", to_name(kReplayChangeNames, replay.change)},
                     {"settings", replay.settings}}}};
    return std::make_unique<WorkerProcess>(command_of(spec_, replay.settings), job, file_of(next_),
                                           interrupts_.original_mask(), limit_);
  }

  void wait() { wait_for_any(workers_, interrupts_, line_.enabled() ? kProgressMilliseconds : -1); }

  void attend(std::size_t i) {
    workers_[i]->read_available();
    if (!workers_[i]->has_ended()) return;
    const WorkerEnd end = workers_[i]->end();
    workers_[i].reset();
    ++done_;
    if (end.code != ExitCode::done) throw failure(planned_[i], end);
    replays_[i] =
        parse_replay(parse_json(read_file(file_of(i), kReplayLimitBytes), "the worker's replay"), "the replay");
  }

  static Error failure(const PlannedReplay& replay, const WorkerEnd& end) {
    const bool refused = end.message.find("with the allocator settings") != std::string::npos;
    return Error(refused ? ExitCode::bad_input : end.code,
                 fmt::format("the replay '{}' failed: {}", printable(replay.label), printable(end.message)));
  }

  void show_progress() {
    if (!line_.enabled()) return;
    std::vector<RunningRun> running;
    for (std::size_t i = 0; i < next_; ++i)
      if (workers_[i]) running.push_back({planned_[i].label, {"replay"}});
    line_.show(progress_text(done_, planned_.size(), running, width_));
  }

  const RunSpec spec_;
  const std::filesystem::path file_;
  const std::vector<PlannedReplay>& planned_;
  const TimeLimit limit_;
  Interrupts& interrupts_;
  ScratchFolder scratch_;
  ProgressLine line_;
  int width_;
  std::size_t jobs_;
  std::vector<AllocatorReplay> replays_;
  std::vector<std::unique_ptr<WorkerProcess>> workers_;
  std::size_t next_ = 0, done_ = 0;  // started so far; ended so far
};

// KEY:VALUE, several separated by commas; a value in brackets may have commas.
bool are_pairs(std::string_view text) {
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size()) depth += (text[at] == '[') - (text[at] == ']');
    if (at < text.size() && (text[at] != ',' || depth > 0)) continue;
    const std::string_view pair = text.substr(begin, at - begin);
    const std::size_t colon = pair.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == pair.size()) return false;
    begin = at + 1;
  }
  return true;
}

// PyTorch does not refuse what is not of this form, but dies of it.
void require_settings(const std::string& text) {
  for (const std::string& word : words_of(text))
    if (!word.empty() && !is_variable(word) && !are_pairs(word))
      throw bad_input(
          fmt::format("--settings is '{}', expected KEY:VALUE, several separated by commas, such as "
                      "expandable_segments:True",
                      shortened(printable(text))));
}

}  // namespace

std::string recorded_settings(const Recording& recording) {
  std::string out;
  for (const std::string& word : words_of(recording.environment.allocator_settings)) {
    if (is_variable(word)) break;
    out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

std::vector<PlannedReplay> planned_replays(const Recording& recording, const std::vector<std::string>& settings) {
  const std::string recorded = recorded_settings(recording);
  std::vector<PlannedReplay> planned{
      {recorded.empty() ? "as recorded" : "as recorded: " + recorded, ReplayChange::none, recorded}};
  for (const std::string& one : settings) {
    require_settings(one);
    planned.push_back({one, ReplayChange::settings, one});
  }
  if (!settings.empty()) return planned;
  const bool expandable = recorded.find("expandable_segments:True") != std::string::npos;
  for (const std::string option : kWorthTrying) {
    if (option == (expandable ? "expandable_segments:True" : "expandable_segments:False")) continue;
    const std::string all = with_option(recorded, option);
    if (all != recorded) planned.push_back({all, ReplayChange::settings, all});
  }
  planned.push_back({"empty_cache() before each phase", ReplayChange::empty_cache, recorded});
  planned.push_back({"lasting blocks first", ReplayChange::lasting_first, recorded});
  return planned;
}

std::string replay_device(const Recording& recording) {
  if (is_virtual(recording.spec.device)) return one_virtual(recording.spec.device);
  const headroom::Environment& environment = recording.environment;
  if (const auto* model = virtual_gpu::device_of_product(environment.device_name)) return "virtual:" + model->name;
  throw bad_input(
      fmt::format("no replay: the run was made on '{}', which is not among the virtual devices (headroom list "
                  "devices); --no-replay shows "
                  "what was recorded",
                  printable(environment.device_name)));
}

std::vector<AllocatorReplay> run_replays(const Recording& recording, const std::filesystem::path& file,
                                         const std::vector<PlannedReplay>& planned, TimeLimit limit, bool show_progress,
                                         Interrupts& interrupts) {
  return ReplayFleet(recording, file, planned, limit, show_progress, interrupts).finish_all();
}

}  // namespace headroom::cli
