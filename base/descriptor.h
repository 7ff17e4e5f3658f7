// A file descriptor that is closed once, by its owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace headroom {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Descriptor() { close(); }

  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  int close() { return is_open() ? ::close(std::exchange(descriptor_, -1)) : 0; }  // of close(2), with errno

 private:
  int descriptor_ = -1;
};

}  // namespace headroom
