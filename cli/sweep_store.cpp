#include "cli/sweep_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_file.h"
#include "base/variables.h"
#include "cli/application.h"
#include "recording/file.h"
#include "recording/training.h"
#include "reports/sweep.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRunLimitBytes = 1 << 20, kModelLimitBytes = 4 << 20;

Descriptor lock(const fs::path& folder) {
  const fs::path file = folder / ".lock";
  Descriptor descriptor;
  do {
    descriptor = Descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  } while (!descriptor.is_open() && errno == EINTR);
  if (!descriptor.is_open()) throw file_failure("write", file, errno);
  if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) == 0) return descriptor;
  if (errno == EWOULDBLOCK)
    throw bad_input(fmt::format(
        "'{}' is in use by another sweep or merge: wait for it, name another folder, or share the work with --shard",
        folder.string()));
  return descriptor;  // a file system without locks
}

// As the worker reads them.
std::string allocator_settings() {
  const std::string older = variable("PYTORCH_CUDA_ALLOC_CONF");
  return older.empty() ? variable("PYTORCH_ALLOC_CONF") : older;
}

bool is_picture(const fs::path& file) {
  const std::string name = file.filename().string();
  return (name.starts_with("peak-") || name.starts_with("categories-")) && name.ends_with(".svg");
}

}  // namespace

SweepMaker sweep_maker(const RunSpec& spec) {
  SweepMaker maker{std::string(version()), allocator_settings(), ""};
  if (spec.model.find('/') != std::string::npos || spec.model.ends_with(".json"))
    maker.model_hash = text_hash(read_file(spec.model, kModelLimitBytes));
  return maker;
}

std::string sweep_key(const RunSpec& spec, const SweepMaker& maker) {
  const Json what{to_json(spec), maker.headroom_version, maker.allocator_settings, maker.model_hash};
  return text_hash(what.dump(-1, ' ', false, Json::error_handler_t::replace));
}

SweepStore::SweepStore(const fs::path& folder) : folder_(folder) {
  require_writable_folder(folder);
  lock_ = lock(folder);
  require_writable_folder(folder / "runs");
}

fs::path SweepStore::file_of(const std::string& key, const char* ending) const {
  return folder_ / "runs" / (key + ending);
}

std::optional<SweepResult> SweepStore::find(const std::string& key, const RunSpec& spec, const SweepMaker& maker,
                                            bool with_recording, std::string& trouble) const {
  const fs::path file = file_of(key, ".json");
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return {};
  try {
    SweepResult result = read_sweep_run(read_file(file, kRunLimitBytes), file.string());
    const bool same = result.spec == spec && result.maker == maker && result.key == key;
    const bool recorded = result.outcome == SweepOutcome::ok || result.outcome == SweepOutcome::oom;
    if (!same || result.outcome == SweepOutcome::error)
      trouble = fmt::format("{} is of another run", file.string());
    else if (with_recording && recorded && !fs::exists(file_of(key, ".headroom"), ignored))
      trouble = fmt::format("{} has no recording beside it", file.string());
    else
      return result;
  } catch (const Error& error) {
    trouble = error.what();
  }
  return {};
}

void SweepStore::keep(const SweepResult& result) const {
  write_file(file_of(result.key, ".json"), write_sweep_run(result));
}

void SweepStore::keep_recording(const std::string& key, const Recording& recording) const {
  write_recording(file_of(key, ".headroom"), recording);
}

void SweepStore::write_tables(const Sweep& sweep, Written& written) const {
  const auto write = [&](const std::string& name, const std::string& text) {
    written.attempt([&] { write_file(folder_ / name, text); });
  };
  std::set<std::string> wanted;
  const std::vector<SweepPicture> pictures = sweep_pictures(sweep);
  for (const SweepPicture& picture : pictures) {
    write(picture.file, picture.svg);
    wanted.insert(picture.file);
  }
  write("results.csv", write_sweep_csv(sweep));
  write("results.md", write_sweep_markdown(sweep, pictures));
  write(kSweepTable, write_sweep_json(sweep));
  std::vector<fs::path> old;
  std::error_code unreadable;
  for (fs::directory_iterator entry(folder_, unreadable), end; !unreadable && entry != end; entry.increment(unreadable))
    if (is_picture(entry->path()) && !wanted.contains(entry->path().filename().string())) old.push_back(entry->path());
  std::error_code ignored;
  for (const fs::path& file : old) fs::remove(file, ignored);
}

}  // namespace headroom::cli
