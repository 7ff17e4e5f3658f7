// Writes one journal. Rows go into files of their own (row_file.h), so that a full disk costs rows (counted) and never the
// process; notes are appended with one write each. Nothing is buffered: what was written survives the process, however it
// ends. Events are one thread's at a time, notes and device activity another's.
#pragma once

#include <atomic>
#include <filesystem>
#include <span>

#include "base/json.h"
#include "recording/activity_rows.h"
#include "recording/row_file.h"
#include "recording/rows.h"

namespace headroom {

class JournalWriter : public Rows {
 public:
  // Makes the folder `path`. Throws could_not_measure when it exists or cannot be written.
  explicit JournalWriter(const std::filesystem::path& path);
  ~JournalWriter() override;

  bool append(const JournalRow& row) override;
  JournalRow& operator[](std::size_t index) override;
  std::size_t size() const override { return rows_.size(); }
  void count_lost_event();

  // What a tracer gave since the last time. The tables hold all since the start and only grow; texts and shapes that are new
  // are noted first, so that no row names what the notes lack.
  void append_activity(std::span<const ActivityRow> rows, const std::vector<std::string>& strings,
                       const std::vector<LaunchShape>& shapes);

  // A note that finds no room is lost, and so is every row from then on: it could name what the notes lack.
  void note(const Json& note);

 private:
  bool open_activity();

  const std::filesystem::path path_;
  RowFile rows_, activity_;
  int notes_fd_ = -1;
  std::uint64_t notes_bytes_ = 0;
  std::atomic<bool> full_{false};
  bool activity_failed_ = false;
  std::size_t noted_string_count_ = 1, noted_shape_count_ = 0;
};

// Notes of device activity (journal_format.h).
Json activity_note(const DeviceActivity& activity);  // what it says but for its tables
Json sample_note(const DriverMemorySample& sample);  // whose `event` is the number of rows before it
Json dram_note(const DramBytes& dram);               // whose layer is the journal's

}  // namespace headroom
