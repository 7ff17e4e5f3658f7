#include "recording/row_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace headroom {
namespace {

constexpr std::size_t kReservedBytes = std::size_t{1} << 40;  // of address space: more than 10^10 rows
constexpr std::size_t kGrowthBytes = std::size_t{4} << 20;

}  // namespace

void add_to(std::uint64_t& count, std::uint64_t value) {
  std::atomic_ref<std::uint64_t>(count).fetch_add(value, std::memory_order_release);
}

bool may_have(std::uint64_t bytes) {
  rlimit limit{};
  return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur;
}

int create_file(const std::filesystem::path& path, int flags) {
  const int fd = open(path.c_str(), O_CREAT | O_EXCL | O_CLOEXEC | flags, 0600);
  if (fd < 0) throw could_not_measure(fmt::format("cannot create {}: {}", path.string(), std::strerror(errno)));
  return fd;
}

void RowFile::create(const std::filesystem::path& path, std::size_t row_bytes) {
  fd_ = create_file(path, O_RDWR);
  row_bytes_ = row_bytes;
  void* reserved = mmap(nullptr, kReservedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED)
    throw could_not_measure(fmt::format("cannot reserve addresses for {}: {}", path.string(), std::strerror(errno)));
  base_ = static_cast<std::byte*>(reserved);
  if (!grow()) {
    munmap(std::exchange(base_, nullptr), kReservedBytes);
    throw could_not_measure(fmt::format("no room for {}", path.string()));
  }
  header().version = kJournalVersion;
  header().row_bytes = static_cast<std::uint32_t>(row_bytes);
  std::memcpy(header().magic, kJournalMagic, sizeof(kJournalMagic));
}

RowFile::~RowFile() {
  if (base_) munmap(base_, kReservedBytes);
  if (fd_ >= 0) close(fd_);
}

bool RowFile::grow() {
  const auto end = static_cast<off_t>(mapped_bytes_);
  const std::size_t wanted = mapped_bytes_ + kGrowthBytes;
  if (wanted > kReservedBytes || !may_have(wanted) || posix_fallocate(fd_, end, kGrowthBytes) != 0) return false;
  void* at = mmap(base_ + mapped_bytes_, kGrowthBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd_, end);
  if (at == MAP_FAILED) return false;
  mapped_bytes_ += kGrowthBytes;
  return true;
}

bool RowFile::append(const void* row) {
  const std::size_t end = kJournalHeaderBytes + (row_count_ + 1) * row_bytes_;
  full_ = full_ || (end > mapped_bytes_ && !grow());
  if (full_) return false;
  std::memcpy((*this)[row_count_], row, row_bytes_);
  ++row_count_;
  add_to(header().row_count, 1);
  return true;
}

std::byte* RowFile::operator[](std::size_t index) { return base_ + kJournalHeaderBytes + index * row_bytes_; }

JournalHeader& RowFile::header() { return *reinterpret_cast<JournalHeader*>(base_); }

}  // namespace headroom
