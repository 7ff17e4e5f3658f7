// The buffers that CUPTI fills. CUPTI owns one from request to completion, whatever happens meanwhile: none is ever
// freed, and one that never comes back is counted. Aligned, zeroed, bounded in number, and used again.
//
// request() and complete() are called by CUPTI on any thread, with locks of its own; their mutex is held around no call
// of CUPTI. Buffers are numbered by request, so that a reader can tell when all that were open at some time have come
// back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace headroom::tracing {

class BufferPool {
 public:
  struct Filled {
    std::uint8_t* data;
    std::size_t valid_bytes;  // at most the buffer's size
    bool damaged;             // CUPTI gave a length that the buffer does not have, or a record in it is torn
  };

  BufferPool(std::size_t buffer_bytes, std::size_t limit);

  // nullptr at the limit: CUPTI then drops records, and counts them.
  std::uint8_t* request();
  bool complete(std::uint8_t* data, std::size_t valid_bytes);  // false: no buffer of this pool that CUPTI holds
  std::size_t buffer_bytes() const { return buffer_bytes_; }

  std::vector<Filled> take_filled();
  void recycle(const std::vector<Filled>& read);

  std::uint64_t requested_count() const;
  // Every buffer of the first `count` requested has come back and was given to take_filled().
  bool all_returned(std::uint64_t count) const;
  std::int64_t held_by_cupti() const;

 private:
  enum class Owner : std::uint8_t { pool, cupti, filled, reader };
  struct Unmap {
    std::size_t bytes;
    void operator()(std::uint8_t* data) const;
  };
  struct Buffer {
    std::unique_ptr<std::uint8_t, Unmap> data;  // takes memory where CUPTI has written
    Owner owner = Owner::pool;
    std::uint64_t request = 0;
    std::size_t valid_bytes = 0;
    bool damaged = false;
  };

  Buffer* add();
  Buffer* find(const std::uint8_t* data);

  const std::size_t buffer_bytes_, limit_;
  mutable std::mutex mutex_;
  std::vector<Buffer> buffers_;
  std::uint64_t requested_ = 0;
};

}  // namespace headroom::tracing
