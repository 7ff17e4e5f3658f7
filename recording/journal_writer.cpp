#include "recording/journal_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace headroom {
namespace {

constexpr std::size_t kReservedBytes = std::size_t{1} << 40;  // of address space: 2 x 10^10 events
constexpr std::size_t kGrowthBytes = std::size_t{4} << 20;

int create_file(const std::filesystem::path& path, int flags) {
  const int fd = open(path.c_str(), O_CREAT | O_EXCL | O_CLOEXEC | flags, 0600);
  if (fd < 0) throw could_not_measure(fmt::format("cannot create {}: {}", path.string(), std::strerror(errno)));
  return fd;
}

JournalHeader& header_at(std::byte* base) { return *reinterpret_cast<JournalHeader*>(base); }

void publish(std::uint64_t& field, std::uint64_t value) {
  std::atomic_ref<std::uint64_t>(field).store(value, std::memory_order_release);
}

}  // namespace

JournalWriter::JournalWriter(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::create_directory(path, error))
    throw could_not_measure(fmt::format("cannot make the journal {}: {}", path.string(),
                                        error ? error.message() : "it exists already"));
  rows_fd_ = create_file(path / kJournalRowsName, O_RDWR);
  notes_fd_ = create_file(path / kJournalNotesName, O_WRONLY | O_APPEND);
  void* reserved = mmap(nullptr, kReservedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED)
    throw could_not_measure(fmt::format("cannot reserve addresses for {}: {}", path.string(), std::strerror(errno)));
  base_ = static_cast<std::byte*>(reserved);
  if (!grow()) throw could_not_measure(fmt::format("no room for the journal {}", path.string()));
  JournalHeader& header = header_at(base_);
  header.version = kJournalVersion;
  header.row_bytes = sizeof(JournalRow);
  std::memcpy(header.magic, kJournalMagic, sizeof(kJournalMagic));
}

JournalWriter::~JournalWriter() {
  if (base_) munmap(base_, kReservedBytes);
  if (rows_fd_ >= 0) close(rows_fd_);
  if (notes_fd_ >= 0) close(notes_fd_);
}

bool JournalWriter::grow() {
  const auto end = static_cast<off_t>(mapped_bytes_);
  if (mapped_bytes_ + kGrowthBytes > kReservedBytes || posix_fallocate(rows_fd_, end, kGrowthBytes) != 0) return false;
  void* at = mmap(base_ + mapped_bytes_, kGrowthBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, rows_fd_, end);
  if (at == MAP_FAILED) return false;
  mapped_bytes_ += kGrowthBytes;
  return true;
}

bool JournalWriter::append(const JournalRow& row) {
  const std::size_t end = kJournalHeaderBytes + (row_count_ + 1) * sizeof(JournalRow);
  if (end > mapped_bytes_ && !full_ && !grow()) full_ = true;
  if (full_) {
    count_lost_event();
    return false;
  }
  (*this)[row_count_] = row;
  publish(header_at(base_).row_count, ++row_count_);
  return true;
}

JournalRow& JournalWriter::operator[](std::size_t index) {
  return reinterpret_cast<JournalRow*>(base_ + kJournalHeaderBytes)[index];
}

void JournalWriter::count_lost_event() {
  JournalHeader& header = header_at(base_);
  publish(header.lost_count, header.lost_count + 1);
}

void JournalWriter::note(const Json& note) {
  if (full_) return;
  const std::string line = note.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t count = write(notes_fd_, line.data() + done, line.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  if (done == line.size()) return;
  full_ = true;
  count_lost_event();
}

}  // namespace headroom
