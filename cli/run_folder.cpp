#include "cli/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "cli/terminal.h"
#include "recording/journal.h"
#include "recording/verify.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLongestMessage = 64 << 10;

std::string first_line(const fs::path& file) {
  try {
    const std::string text = read_file(file, kLongestMessage);
    return printable(text.substr(0, text.find('\n')));
  } catch (const Error& error) {
    return error.what();
  }
}

// "4711-cuda0.journal"
ProcessRecording named_after(const fs::path& journal) {
  ProcessRecording out;
  const std::string name = journal.stem().string();
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), out.process);
  out.device = name.substr(static_cast<std::size_t>(parsed.ptr - name.data()));
  if (out.device.starts_with("-")) out.device.erase(0, 1);
  return out;
}

// Why a journal may be incomplete.
std::string room_hint(const fs::path& folder) {
  constexpr std::uintmax_t kLittle = 1 << 20;
  std::error_code error;
  if (const fs::space_info space = fs::space(folder, error); error || space.available >= kLittle) return {};
  return fmt::format("; {} is full: set TMPDIR to a folder with space", folder.parent_path().string());
}

void take_journal(const fs::path& journal, RunFolder& found) {
  ProcessRecording process = named_after(journal);
  try {
    process.recording = read_journal(journal);
  } catch (const Error& error) {
    found.damaged.push_back(error.what() + room_hint(journal.parent_path()));
    return;
  }
  if (const auto broken = verify(process.recording); !broken.empty())
    found.damaged.push_back(fmt::format("the recording of process {} contradicts itself: {}", process.process, broken[0]));
  else if (process.recording.events.size() > 0)
    found.recordings.push_back(std::move(process));
}

template <class Key>
std::size_t count_of(const std::vector<ProcessRecording>& recordings, Key key) {
  std::set<std::string> distinct;
  for (const auto& recording : recordings) distinct.insert(key(recording));
  return distinct.size();
}

std::string process_text(const ProcessRecording& r) {
  return r.recording.spec.ranks > 0 ? fmt::format("rank{}", r.recording.spec.rank) : fmt::format("pid{}", r.process);
}

}  // namespace

RunFolder read_run_folder(const fs::path& folder) {
  RunFolder found;
  std::error_code ignored;
  std::set<std::string> refusals;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".attached") found.attached = true;
    if (entry.path().extension() == ".refused") refusals.insert(first_line(entry.path()));
  }
  found.refusals.assign(refusals.begin(), refusals.end());
  for (const auto& journal : find_journals(folder)) take_journal(journal, found);
  return found;
}

std::vector<std::string> labels_of(const std::vector<ProcessRecording>& recordings, const std::string& label) {
  const bool processes = count_of(recordings, process_text) > 1;
  const bool devices = count_of(recordings, [](const auto& r) { return r.device; }) > 1;
  std::vector<std::string> labels;
  for (const auto& recording : recordings) {
    labels.push_back(label);
    if (processes) labels.back() += "." + process_text(recording);
    if (devices) labels.back() += "." + recording.device;
  }
  return labels;
}

}  // namespace headroom::cli
