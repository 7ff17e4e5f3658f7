#include "recording/journal_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "recording/activity_document.h"

namespace headroom {
namespace {

constexpr std::size_t kTextLimitBytes = 64u << 10;  // of an activity's name: a line of notes has its limits

}  // namespace

JournalWriter::JournalWriter(const std::filesystem::path& path) : path_(path) {
  std::error_code error;
  if (!std::filesystem::create_directory(path, error))
    throw could_not_measure(
        fmt::format("cannot make the journal {}: {}", path.string(), error ? error.message() : "it exists already"));
  rows_.create(path / kJournalRowsName, sizeof(JournalRow));
  notes_fd_ = create_file(path / kJournalNotesName, O_WRONLY | O_APPEND);
}

JournalWriter::~JournalWriter() {
  if (notes_fd_ >= 0) close(notes_fd_);
}

bool JournalWriter::append(const JournalRow& row) {
  if (!full_ && rows_.append(&row)) return true;
  full_ = true;
  count_lost_event();
  return false;
}

JournalRow& JournalWriter::operator[](std::size_t index) { return *reinterpret_cast<JournalRow*>(rows_[index]); }

void JournalWriter::count_lost_event() { add_to(rows_.header().lost_count, 1); }

bool JournalWriter::open_activity() {
  if (activity_.is_open() || activity_failed_) return activity_.is_open();
  try {
    activity_.create(path_ / kJournalActivityName, sizeof(ActivityRow));
  } catch (const Error&) {
    activity_failed_ = true;
  }
  return activity_.is_open();
}

void JournalWriter::append_activity(std::span<const ActivityRow> rows, const std::vector<std::string>& strings,
                                    const std::vector<LaunchShape>& shapes) {
  for (; noted_string_count_ < strings.size(); ++noted_string_count_)
    note({{"activity_string", strings[noted_string_count_].substr(0, kTextLimitBytes)}});
  for (; noted_shape_count_ < shapes.size(); ++noted_shape_count_)
    note({{"launch_shape", to_json(shapes[noted_shape_count_])}});
  if (rows.empty()) return;
  std::uint64_t lost_count = 0;
  const bool open = open_activity();
  for (const ActivityRow& row : rows)
    if (full_ || !open || !activity_.append(&row)) ++lost_count;
  add_to(rows_.header().lost_activity_count, lost_count);
}

void JournalWriter::note(const Json& note) {
  if (full_) return;
  const std::string line = note.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  std::size_t done = 0;
  notes_bytes_ += line.size();
  while (done < line.size() && may_have(notes_bytes_)) {
    const ssize_t count = write(notes_fd_, line.data() + done, line.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  if (done == line.size()) return;
  full_ = true;
  count_lost_event();
}

Json activity_note(const DeviceActivity& activity) { return {{"activity", activity_summary(activity)}}; }
Json sample_note(const DriverMemorySample& sample) { return {{"driver_memory", to_json(sample)}}; }
Json dram_note(const DramBytes& dram) { return {{"dram", to_json(dram)}}; }

}  // namespace headroom
