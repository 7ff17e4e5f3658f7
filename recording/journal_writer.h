// Writes one journal. Rows go into a shared mapping whose disk space is allocated before it is touched, so a full disk costs
// events (counted) and never the process; notes are appended with one write each. Nothing is buffered: what was written
// survives the process, however it ends. Rows are one thread's at a time, notes
// another's.
#pragma once

#include <atomic>
#include <filesystem>

#include "base/json.h"
#include "recording/rows.h"

namespace headroom {

class JournalWriter : public Rows {
 public:
  // Makes the folder `path`. Throws could_not_measure when it exists or cannot be written.
  explicit JournalWriter(const std::filesystem::path& path);
  ~JournalWriter() override;
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  bool append(const JournalRow& row) override;
  JournalRow& operator[](std::size_t index) override;
  std::size_t size() const override { return row_count_; }
  void count_lost_event();

  // A note that finds no room is lost, and so is every event from then on: its rows could name what the notes lack.
  void note(const Json& note);

 private:
  bool grow();

  int rows_fd_ = -1, notes_fd_ = -1;
  std::byte* base_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::size_t row_count_ = 0;
  std::atomic<bool> full_{false};
};

}  // namespace headroom
