#include "attach/journals.h"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>

#include "base/error.h"

namespace headroom::attach {
namespace {

std::string name_of(c10::Device device) {
  return device.is_cpu() ? "cpu" : fmt::format("cuda{}", static_cast<int>(device.index()));
}

// A process that replaced itself by exec has a journal of this name already.
std::unique_ptr<JournalWriter> make_journal(const std::filesystem::path& folder, c10::Device device) {
  for (int attempt = 1; attempt < 100; ++attempt) {
    const std::string again = attempt == 1 ? "" : fmt::format(".{}", attempt);
    const auto path = folder / fmt::format("{}{}-{}{}", getpid(), again, name_of(device), kJournalSuffix);
    std::error_code error;
    if (std::filesystem::exists(path, error)) continue;
    try {
      return std::make_unique<JournalWriter>(path);
    } catch (const Error&) {
      return nullptr;
    }
  }
  return nullptr;
}

}  // namespace

// Marks before the first event are not worth a journal: the last of them is kept.
class LazyRows : public Rows {
 public:
  LazyRows(Journals& journals, c10::Device device) : journals_(journals), device_(device) {}

  bool append(const JournalRow& row) override {
    if (!writer_ && row.kind == RowKind::mark) {
      mark_ = row;
      return true;
    }
    if (!writer_ && !tried_) open();
    return writer_ && writer_->append(row);
  }
  JournalRow& operator[](std::size_t index) override { return (*writer_)[index]; }
  std::size_t size() const override { return writer_ ? writer_->size() : 0; }

 private:
  void open() {
    tried_ = true;
    writer_ = journals_.open(device_);
    if (writer_ && mark_) writer_->append(*mark_);
  }

  Journals& journals_;
  const c10::Device device_;
  JournalWriter* writer_ = nullptr;
  bool tried_ = false;
  std::optional<JournalRow> mark_;
};

Journals::Journals(std::filesystem::path folder, std::function<Json(c10::Device)> opening)
    : folder_(std::move(folder)), opening_(std::move(opening)) {}

std::unique_ptr<Rows> Journals::rows(c10::Device device) { return std::make_unique<LazyRows>(*this, device); }

Journals::Journal& Journals::journal_of(c10::Device device) {
  for (const auto& journal : journals_)
    if (journal->device == device) return *journal;
  journals_.push_back(std::make_unique<Journal>(Journal{device, {}, nullptr}));
  return *journals_.back();
}

JournalWriter* Journals::open(c10::Device device) {
  const Json opening = opening_(device);
  const std::lock_guard lock(mutex_);
  Journal& journal = journal_of(device);
  if (journal.writer || journal.failed) return journal.writer.get();
  journal.writer = make_journal(folder_, device);
  journal.failed = !journal.writer;
  if (!journal.writer) return nullptr;
  journal.writer->note(opening);
  for (const Json& note : backlog_) journal.writer->note(note);
  for (const Json& note : journal.waiting) journal.writer->note(note);
  journal.waiting.clear();
  return journal.writer.get();
}

void Journals::note(const Json& note) {
  const std::lock_guard lock(mutex_);
  backlog_.push_back(note);
  for (const auto& journal : journals_)
    if (journal->writer) journal->writer->note(note);
}

void Journals::note(c10::Device device, const Json& note) {
  const std::lock_guard lock(mutex_);
  Journal& journal = journal_of(device);
  if (journal.writer)
    journal.writer->note(note);
  else
    journal.waiting.push_back(note);
}

bool Journals::has_journal(c10::Device device) {
  const std::lock_guard lock(mutex_);
  const Journal& journal = journal_of(device);
  return journal.writer || journal.failed;
}

void Journals::append_activity(c10::Device device, std::span<const ActivityRow> rows, const ActivityTables& tables) {
  if (!has_journal(device)) open(device);
  const std::lock_guard lock(mutex_);
  if (JournalWriter* writer = journal_of(device).writer.get()) writer->append_activity(rows, tables.strings, tables.shapes);
}

std::size_t Journals::row_count(c10::Device device) const {
  const std::lock_guard lock(mutex_);
  for (const auto& journal : journals_)
    if (journal->device == device && journal->writer) return journal->writer->size();
  return 0;
}

std::vector<c10::Device> Journals::devices() const {
  const std::lock_guard lock(mutex_);
  std::vector<c10::Device> devices;
  for (const auto& journal : journals_)
    if (journal->writer) devices.push_back(journal->device);
  return devices;
}

}  // namespace headroom::attach
