#include "tracing/buffers.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace headroom::tracing {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kPreallocated = 4;

}  // namespace

BufferPool::BufferPool(std::size_t buffer_bytes, std::size_t limit)
    : buffer_bytes_((std::max<std::size_t>(buffer_bytes, 1024) + kAlignment - 1) / kAlignment * kAlignment),
      limit_(limit) {
  buffers_.reserve(limit_);
  for (std::size_t i = 0; i < std::min(kPreallocated, limit_); ++i) add();
}

BufferPool::Buffer* BufferPool::add() {
  if (buffers_.size() == limit_) return nullptr;
  void* data = mmap(nullptr, buffer_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return nullptr;
  buffers_.emplace_back();
  buffers_.back().data = std::unique_ptr<std::uint8_t, Unmap>(static_cast<std::uint8_t*>(data), Unmap{buffer_bytes_});
  return &buffers_.back();
}

void BufferPool::Unmap::operator()(std::uint8_t* data) const { munmap(data, bytes); }

BufferPool::Buffer* BufferPool::find(const std::uint8_t* data) {
  const auto found =
      std::find_if(buffers_.begin(), buffers_.end(), [&](const Buffer& b) { return b.data.get() == data; });
  return found == buffers_.end() ? nullptr : &*found;
}

std::uint8_t* BufferPool::request() {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(buffers_.begin(), buffers_.end(), [](const Buffer& b) { return b.owner == Owner::pool; });
  Buffer* buffer = found == buffers_.end() ? add() : &*found;
  if (!buffer) return nullptr;
  buffer->owner = Owner::cupti;
  buffer->request = ++requested_;
  return buffer->data.get();
}

bool BufferPool::complete(std::uint8_t* data, std::size_t valid_bytes) {
  const std::lock_guard lock(mutex_);
  Buffer* buffer = find(data);
  if (!buffer || buffer->owner != Owner::cupti) return false;
  buffer->owner = Owner::filled;
  buffer->damaged = valid_bytes > buffer_bytes_;
  buffer->valid_bytes = std::min(valid_bytes, buffer_bytes_);
  return true;
}

std::vector<BufferPool::Filled> BufferPool::take_filled() {
  const std::lock_guard lock(mutex_);
  std::vector<Filled> filled;
  for (auto& buffer : buffers_) {
    if (buffer.owner != Owner::filled) continue;
    buffer.owner = Owner::reader;
    filled.push_back({buffer.data.get(), buffer.valid_bytes, buffer.damaged});
  }
  return filled;
}

// Of a damaged buffer the whole, as CUPTI may have written behind what it called valid; outside the lock, as CUPTI may
// wait for it.
void BufferPool::recycle(const std::vector<Filled>& read) {
  for (const auto& filled : read) std::memset(filled.data, 0, filled.damaged ? buffer_bytes_ : filled.valid_bytes);
  const std::lock_guard lock(mutex_);
  for (const auto& filled : read) find(filled.data)->owner = Owner::pool;
}

std::uint64_t BufferPool::requested_count() const {
  const std::lock_guard lock(mutex_);
  return requested_;
}

bool BufferPool::all_returned(std::uint64_t count) const {
  const std::lock_guard lock(mutex_);
  return std::none_of(buffers_.begin(), buffers_.end(), [&](const Buffer& b) {
    return (b.owner == Owner::cupti || b.owner == Owner::filled) && b.request <= count;
  });
}

std::int64_t BufferPool::held_by_cupti() const {
  const std::lock_guard lock(mutex_);
  return std::count_if(buffers_.begin(), buffers_.end(), [](const Buffer& b) { return b.owner == Owner::cupti; });
}

}  // namespace headroom::tracing
