#include "cli/recorded_runs.h"

#include <fmt/format.h>

#include <cctype>
#include <set>

#include "base/error.h"
#include "cli/terminal.h"
#include "recording/snapshot/open.h"
#include "recording/verify.h"

namespace headroom::cli {

Recording read_sound_recording(const std::filesystem::path& path) {
  Recording recording = open_recording(path);
  if (const auto broken = verify(recording); !broken.empty())
    throw bad_input(fmt::format("{}: the recording contradicts itself: {}", path.string(), broken.front()));
  return recording;
}

std::string label_of(const std::string& path) { return printable(std::filesystem::path(path).stem().string()); }

std::vector<std::string> labels_of(const std::vector<std::string>& paths) {
  std::vector<std::string> labels, whole;
  std::set<std::string> different, seen;
  for (const std::string& path : paths) {
    if (!seen.insert(path).second) throw bad_input(fmt::format("'{}' is named twice", path));
    labels.push_back(label_of(path));
    whole.push_back(printable(path));
    different.insert(labels.back());
  }
  return different.size() == labels.size() ? labels : whole;
}

std::string plain_label(std::string_view text, std::string_view otherwise) {
  constexpr std::size_t kLongest = 100;
  std::string label;
  for (const char c : text.substr(0, kLongest)) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || (c == '.' && !label.empty());
    label += plain ? c : '-';
  }
  return label.empty() ? std::string(otherwise) : label;
}

}  // namespace headroom::cli
