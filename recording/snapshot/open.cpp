#include "recording/snapshot/open.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "recording/container.h"
#include "recording/file.h"
#include "recording/snapshot/pickle.h"
#include "recording/snapshot/snapshot.h"

namespace headroom {
namespace {

constexpr std::uint64_t kSnapshotLimitBytes = std::uint64_t{4} << 30;
constexpr std::size_t kBeginningBytes = 4096;

struct Format {
  std::string_view beginning;
  const char* sentence;
};

constexpr Format kBinaryFormats[] = {
    {"PK\x03\x04",
     "this is a zip archive, as torch.save writes checkpoints; a memory snapshot is what "
     "torch.cuda.memory._dump_snapshot writes"},
    {"\x1f\x8b",
     "this is compressed with gzip, as PyTorch's profiler writes traces; a packed snapshot opens once unpacked"},
    {"\x28\xb5\x2f\xfd", "this is compressed with zstd; a packed recording or snapshot opens once unpacked"},
    {"\x89PNG", "this is a picture"},
    {"\x7f"
     "ELF",
     "this is a program"},
    {"SQLite format 3", "this is a database, as Nsight Systems exports them; its reports do not say what holds memory"},
};

constexpr Format kTextFormats[] = {
    {"\"headroom.report/",
     "this is a report of Headroom's; open the recording that it was made from, NAME.headroom beside it"},
    {"\"headroom.reproduction/", "this is what `headroom reproduce` found; it has no recordings in it"},
    {"\"headroom.fragmentation/", "this is what `headroom fragmentation` found; open the recording beside it"},
    {"\"headroom.", "this is a document of Headroom's that is no recording"},
    {"\"traceEvents\"", "this is a trace of PyTorch's profiler or of Chrome; it does not have every allocation in it"},
};

std::string text_format(std::string_view text) {
  const char first = text.empty() ? '\0' : text.front();
  if (first == '<') return "this is a page, as `headroom report` writes them; open the recording that it was made from";
  if (first != '{' && first != '[') return "";
  for (const Format& format : kTextFormats)
    if (text.find(format.beginning) != std::string_view::npos) return format.sentence;
  return "this is JSON of an unknown kind";
}

}  // namespace

std::string foreign_format(std::string_view beginning) {
  for (const Format& format : kBinaryFormats)
    if (beginning.starts_with(format.beginning)) return format.sentence;
  const std::size_t start = beginning.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? "" : text_format(beginning.substr(start));
}

Recording open_recording(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return read_recording(path);  // which says what is wrong
  const std::string beginning = read_beginning(path, kBeginningBytes);
  if (looks_like_pickle(beginning)) return read_snapshot(read_file(path, kSnapshotLimitBytes), path.string());
  if (beginning.starts_with(kContainerMagic)) return read_recording(path);
  const std::string what = beginning.empty() ? "this file is empty" : foreign_format(beginning);
  throw bad_input(fmt::format("{}: not a Headroom recording and not a memory snapshot of PyTorch's{}", path.string(),
                              what.empty() ? "" : ": " + what));
}

}  // namespace headroom
