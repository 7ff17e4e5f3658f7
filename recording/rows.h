// Rows that grow at the end and stay where they are: what an event log is kept in, in memory or in a journal's file.
#pragma once

#include <cstddef>
#include <deque>

#include "recording/journal_format.h"

namespace headroom {

class Rows {
 public:
  virtual ~Rows() = default;
  virtual bool append(const JournalRow& row) = 0;  // false: no room, and the row is lost
  virtual JournalRow& operator[](std::size_t index) = 0;
  virtual std::size_t size() const = 0;
};

class RowsInMemory : public Rows {
 public:
  bool append(const JournalRow& row) override {
    rows_.push_back(row);
    return true;
  }
  JournalRow& operator[](std::size_t index) override { return rows_[index]; }
  std::size_t size() const override { return rows_.size(); }

 private:
  std::deque<JournalRow> rows_;
};

}  // namespace headroom
