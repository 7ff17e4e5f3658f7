// Rows of one size in a file that is valid after every row (journal_format.h): a shared mapping whose disk space is allocated
// before it is touched, so a full disk costs rows and never the process. Nothing is buffered. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "recording/journal_format.h"

namespace headroom {

class RowFile {
 public:
  RowFile() = default;
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;
  ~RowFile();

  // Throws could_not_measure when the file exists or cannot be written; is_open() is false then.
  void create(const std::filesystem::path& path, std::size_t row_bytes);
  bool is_open() const { return base_ != nullptr; }

  bool append(const void* row);  // false: no room, now or ever after
  std::byte* operator[](std::size_t index);
  std::size_t size() const { return row_count_; }
  JournalHeader& header();

 private:
  bool grow();

  int fd_ = -1;
  std::byte* base_ = nullptr;
  std::size_t row_bytes_ = 0, mapped_bytes_ = 0, row_count_ = 0;
  bool full_ = false;
};

// Raises a count in a header, from any thread.
void add_to(std::uint64_t& count, std::uint64_t value);

// Whether a file may have so many bytes: one that grows beyond its limit (ulimit -f) kills the program that is watched.
bool may_have(std::uint64_t bytes);

// Throws could_not_measure when the file exists or cannot be made.
int create_file(const std::filesystem::path& path, int flags);

}  // namespace headroom
