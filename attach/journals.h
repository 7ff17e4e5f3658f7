// The journals of this process: one for each device, made when something first happens on it. A note for all reaches
// journals that are made later, too.
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "recording/journal_writer.h"

namespace headroom::attach {

class Journals {
 public:
  // `opening` gives the first note of a device's journal.
  Journals(std::filesystem::path folder, std::function<Json(c10::Device)> opening);

  // Rows of `device`; the journal is made with the first event.
  std::unique_ptr<Rows> rows(c10::Device device);

  void note(const Json& note);                      // for all devices
  void note(c10::Device device, const Json& note);  // kept until the device has a journal
  // The journal is made with the first row.
  void append_activity(c10::Device device, std::span<const ActivityRow> rows, const ActivityTables& tables);
  std::size_t row_count(c10::Device device) const;
  std::vector<c10::Device> devices() const;  // that have one

 private:
  friend class LazyRows;
  struct Journal {
    c10::Device device;
    std::vector<Json> waiting;
    std::unique_ptr<JournalWriter> writer;
    bool failed = false;
  };
  bool has_journal(c10::Device device);  // or tried to make one
  JournalWriter* open(c10::Device device);  // nullptr: no room for a journal
  Journal& journal_of(c10::Device device);

  const std::filesystem::path folder_;
  const std::function<Json(c10::Device)> opening_;
  mutable std::mutex mutex_;
  std::vector<Json> backlog_;
  std::vector<std::unique_ptr<Journal>> journals_;
};

}  // namespace headroom::attach
