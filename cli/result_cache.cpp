#include "cli/result_cache.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_file.h"
#include "cli/application.h"
#include "cli/environment.h"
#include "cli/worker_command.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSchema = "headroom.result/1";
constexpr std::uint64_t kConfigLimit = 4u << 20;
// Those whose names begin so can change what a run allocates.
constexpr std::string_view kVariables[] = {"PYTORCH_",         "TORCH_",      "CUDA_", "CUBLAS", "HEADROOM_",
                                           "LD_LIBRARY_PATH=", "LD_PRELOAD=", "OMP_",  "MKL_",   "NVIDIA_"};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// A file as the disk has it: another build of it has another time.
std::string fingerprint(const fs::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return path.string();
  return fmt::format("{} {} {}.{:09}", path.string(), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

// What is preloaded into the worker comes with its environment.
std::string environment_of(const WorkerCommand& command) {
  std::vector<std::string> lines;
  for (const std::string& entry : command.environment)
    if (std::ranges::any_of(kVariables, [&](std::string_view start) { return entry.starts_with(start); }))
      lines.push_back(entry);
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
    if (line.starts_with("LD_PRELOAD=")) text += fingerprint(line.substr(11, line.find(':') - 11)) + "\n";
  }
  return text;
}

// FNV-1a; the file says whose it is, so that two keys of one hash do no harm.
std::string hash(std::string_view text) {
  std::uint64_t value = 14695981039346656037u;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return fmt::format("{:016x}", value);
}

fs::path file_of(const fs::path& folder, const std::string& key) { return folder / (hash(key) + ".json"); }

std::optional<RunSummary> read(const fs::path& path, const std::string& key) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return {};
  try {
    const Json json = parse_json_file(path);
    const JsonReader reader(json, path.string());
    if (reader.string("schema") != kSchema || reader.string("key") != key) return {};
    return run_summary_from_json(reader.member("run"), path.string());
  } catch (const std::exception&) {
    return {};
  }
}

struct OldFile {
  fs::file_time_type time;
  fs::path path;
};

// Half of them go, the oldest, where there are too many.
void thin_out(const fs::path& folder, std::size_t most) {
  std::vector<OldFile> files;
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored))
    if (entry->path().extension() == ".json") files.push_back({entry->last_write_time(ignored), entry->path()});
  if (files.size() <= most) return;
  std::ranges::sort(files, std::ranges::greater(), &OldFile::time);
  for (std::size_t i = most / 2; i < files.size(); ++i) fs::remove(files[i].path, ignored);
}

}  // namespace

fs::path default_results_folder() {
  if (const std::string common = variable("XDG_CACHE_HOME"); common.starts_with('/'))
    return fs::path(common) / "headroom" / "results";
  const std::string home = variable("HOME");
  return home.starts_with('/') ? fs::path(home) / ".cache" / "headroom" / "results" : fs::path();
}

std::string run_key(const RunSpec& spec) {
  Json json = to_json(spec);
  std::error_code ignored;
  fs::path model = spec.model;
  if (fs::is_directory(model, ignored)) model /= "config.json";
  if (fs::is_regular_file(model, ignored)) json["model"] = read_file(model, kConfigLimit);
  const WorkerCommand command = worker_command(spec);
  return fmt::format("{}\nheadroom {}\n{}\n{}", json.dump(-1, ' ', true, Json::error_handler_t::replace), version(),
                     fingerprint(command.executable), environment_of(command));
}

ResultCache::~ResultCache() {
  if (!wrote_) return;
  thin_out(folder_, most_);
  remove_unfinished(folder_);
}

std::optional<RunSummary> ResultCache::find(const RunSpec& spec) {
  const std::string key = run_key(spec);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  if (folder_.empty()) return {};
  std::optional<RunSummary> run = read(file_of(folder_, key), key);
  if (run) known_[key] = *run;
  return run;
}

void ResultCache::keep(const RunSpec& spec, const RunSummary& run) {
  if (run.outcome == OutcomeKind::error) return;
  const std::string key = run_key(spec);
  known_[key] = run;
  if (folder_.empty()) return;
  try {
    fs::create_directories(folder_);
    const Json json{{"schema", kSchema}, {"key", key}, {"run", to_json(run)}};
    write_file(file_of(folder_, key), json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
    wrote_ = true;
  } catch (const std::exception&) {
    folder_.clear();  // what cannot be kept now is not tried again and again
  }
}

}  // namespace headroom::cli
