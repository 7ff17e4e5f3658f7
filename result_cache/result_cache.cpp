#include "result_cache/result_cache.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/parts.h"
#include "base/temporary_file.h"
#include "base/variables.h"
#include "recording/training.h"
#include "result_cache/build.h"

namespace headroom {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSchema = "headroom.result/2";
constexpr std::uint64_t kConfigLimitBytes = 4u << 20, kResultLimitBytes = 1u << 20;
constexpr std::size_t kWrittenUntilThinned = 512;

// Those whose names begin so can change what a run allocates …
constexpr std::string_view kVariables[] = {"PYTORCH_",         "TORCH_",      "CUDA_", "CUBLAS", "HEADROOM_",
                                           "LD_LIBRARY_PATH=", "LD_PRELOAD=", "OMP_",  "MKL_",   "NVIDIA_"};
// … but for these, which the spec has already or which say only where something is.
constexpr std::string_view kWithoutMeaning[] = {"HEADROOM_VIRTUAL_GPU=",
                                                "HEADROOM_VIRTUAL_GPU_RESERVE=",
                                                "HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER=",
                                                "HEADROOM_VIRTUAL_GPU_EVENTS=",
                                                "HEADROOM_VIRTUAL_GPU_BACKED=",
                                                "HEADROOM_PROGRAM=",
                                                "HEADROOM_WORKER=",
                                                "HEADROOM_CACHE_DIR="};

std::vector<std::string> variables_that_matter() {
  std::vector<std::string> lines;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const auto begins_it = [&](std::string_view start) { return text.starts_with(start); };
    if (std::ranges::any_of(kVariables, begins_it) && std::ranges::none_of(kWithoutMeaning, begins_it))
      lines.emplace_back(text);
  }
  std::ranges::sort(lines);
  return lines;
}

// That is preloaded: beside the worker, else beside headroom.
fs::path virtual_gpu_of(const fs::path& worker, const fs::path& program) {
  const fs::path part = "../lib/headroom/virtual-gpu/headroom-virtual-gpu.so";
  std::error_code ignored;
  const fs::path beside_worker = worker.parent_path() / part;
  return fs::exists(beside_worker, ignored) ? beside_worker : program.parent_path() / part;
}

Json spec_json(const RunSpec& spec) {
  Json json = to_json(spec);
  std::error_code ignored;
  fs::path model = spec.model;
  if (fs::is_directory(model, ignored)) model /= "config.json";
  if (fs::is_regular_file(model, ignored)) json["model"] = "text " + text_hash(read_file(model, kConfigLimitBytes));
  if (trace_level(spec) == TraceLevel::none) json.erase("trace");
  return json;
}

// Of what is in the file: two keys of one name do no harm, for the file says whose it is.
fs::path file_of(const fs::path& folder, const std::string& key) { return folder / (text_hash(key) + ".json"); }

struct OldFile {
  fs::file_time_type time;
  fs::path path;
  std::uint64_t bytes = 0;
};

std::vector<OldFile> files_in(const fs::path& folder) {
  std::vector<OldFile> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() != ".json") continue;
    std::error_code gone;
    OldFile file{entry->last_write_time(gone), path, entry->file_size(gone)};
    if (!gone) files.push_back(std::move(file));
  }
  return files;
}

void thin_out(const fs::path& folder, const CacheBounds& bounds) {
  std::error_code ignored;
  remove_unfinished(folder);
  std::vector<OldFile> files = files_in(folder);
  std::uint64_t bytes = 0;
  for (const OldFile& file : files) bytes += file.bytes;
  if (files.size() <= bounds.files && bytes <= bounds.bytes) return;
  std::ranges::sort(files, std::ranges::greater(), &OldFile::time);
  std::uint64_t kept = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    kept += files[i].bytes;
    if (i >= bounds.files / 2 || kept > bounds.bytes / 2) fs::remove(files[i].path, ignored);
  }
}

}  // namespace

fs::path results_folder() {
  const fs::path folder = cache_folder();
  return folder.empty() ? folder : folder / "results";
}

fs::path worker_of(const fs::path& program) {
  const std::string named = variable("HEADROOM_WORKER");
  return named.empty() ? program.parent_path() / "headroom-worker" : fs::path(named);
}

std::string run_key(const RunSpec& spec, const fs::path& program) {
  const fs::path worker = worker_of(program);
  const Json key{{"spec", spec_json(spec)},
                 {"headroom", {HEADROOM_VERSION, build_of(program)}},
                 {"worker", build_of(worker)},
                 {"torch", told(told_by("worker", worker.parent_path()), "torch")},
                 {"virtual_gpu", build_of(virtual_gpu_of(worker, program))},
                 {"variables", variables_that_matter()}};
  return key.dump(-1, ' ', true, Json::error_handler_t::replace);
}

ResultCache::~ResultCache() {
  if (written_ > 0) thin_out(folder_, bounds_);
}

std::optional<RunSummary> ResultCache::find(const std::string& key) const {
  if (folder_.empty()) {
    const auto known = known_.find(key);
    return known == known_.end() ? std::nullopt : std::optional(known->second);
  }
  const fs::path path = file_of(folder_, key);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return {};
  try {
    const Json json = parse_json(read_file(path, kResultLimitBytes), path.string());
    const JsonReader reader(json, path.string());
    if (reader.string("schema") != kSchema || reader.string("key") != key) return {};
    return run_summary_from_json(reader.member("run"), path.string());
  } catch (const std::exception&) {
    return {};
  }
}

void ResultCache::keep(const std::string& key, const RunSummary& run) {
  if (run.outcome == OutcomeKind::error) return;
  if (folder_.empty()) {
    known_[key] = run;
    return;
  }
  try {
    fs::create_directories(folder_);
    const Json json{{"schema", kSchema}, {"key", key}, {"run", to_json(run)}};
    write_file(file_of(folder_, key), json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
    if (++written_ % kWrittenUntilThinned == 0) thin_out(folder_, bounds_);
  } catch (const std::exception&) {
    folder_.clear();  // what cannot be kept now is not tried again and again
    known_[key] = run;
    written_ = 0;
  }
}

void ResultCache::clear() {
  known_.clear();
  std::error_code ignored;
  for (const OldFile& file : files_in(folder_)) fs::remove(file.path, ignored);
}

}  // namespace headroom
