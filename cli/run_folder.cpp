#include "cli/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_file.h"
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
    found.damaged.push_back(
        fmt::format("the recording of process {} contradicts itself: {}", process.process, broken[0]));
  else if (process.recording.events.size() > 0)
    found.recordings.push_back(std::move(process));
}

// The third line of PID.attached: a rank that a launcher gave the process.
std::string rank_of(const fs::path& attached) {
  std::istringstream lines(read_file(attached, kLongestMessage));
  std::string line;
  for (int i = 0; i < 3; ++i)
    if (!std::getline(lines, line)) return {};
  return line.find_first_not_of("0123456789") == std::string::npos ? line : "";
}

// Ways to tell recordings apart, the plainest first.
struct Naming {
  bool rank, process, device;
};
constexpr Naming kNamings[] = {{false, false, false}, {true, false, false}, {false, false, true},
                               {true, false, true},   {false, true, false}, {false, true, true}};

std::string name_of(const ProcessRecording& recording, const Naming& naming) {
  std::string name;
  if (naming.rank) name += ".rank" + recording.rank;
  if (naming.process) name += fmt::format(".pid{}", recording.process);
  if (naming.device) name += "." + recording.device;
  return name;
}

}  // namespace

RunFolder read_run_folder(const fs::path& folder) {
  RunFolder found;
  std::error_code error;
  std::set<std::string> refusals;
  std::map<long, std::string> ranks;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() == ".attached") ranks[std::atol(path.stem().c_str())] = rank_of(path);
    if (path.extension() == ".refused") refusals.insert(first_line(path));
  }
  if (error) throw file_failure("read", folder, error.value());
  found.attached = !ranks.empty();
  found.refusals.assign(refusals.begin(), refusals.end());
  for (const auto& journal : find_journals(folder)) take_journal(journal, found);
  for (auto& recording : found.recordings) recording.rank = ranks[recording.process];
  return found;
}

std::vector<std::string> labels_of(const std::vector<ProcessRecording>& recordings, const std::string& label) {
  const bool have_ranks = std::ranges::none_of(recordings, [](const auto& r) { return r.rank.empty(); });
  std::vector<std::string> labels;
  for (const Naming& naming : kNamings) {
    if (naming.rank && !have_ranks) continue;
    labels.clear();
    for (const auto& recording : recordings) labels.push_back(label + name_of(recording, naming));
    if (std::set(labels.begin(), labels.end()).size() == labels.size()) break;
  }
  return labels;
}

}  // namespace headroom::cli
