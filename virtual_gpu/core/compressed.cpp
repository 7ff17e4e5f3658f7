#include "virtual_gpu/core/compressed.h"

#include <dlfcn.h>

namespace headroom::virtual_gpu {
namespace {

class Lz4 {
 public:
  Lz4(std::string_view in, std::uint64_t bytes) : in_(in), bytes_(bytes) { out_.reserve(bytes); }

  std::string run() {
    while (at_ < in_.size())
      if (!sequence()) return {};
    return out_.size() == bytes_ ? std::move(out_) : std::string();
  }

 private:
  bool sequence() {
    const unsigned token = next();
    const std::uint64_t literals = length(token >> 4);
    if (literals > in_.size() - at_ || literals > bytes_ - out_.size()) return false;
    out_.append(in_.substr(at_, literals));
    at_ += literals;
    if (at_ == in_.size()) return true;  // the last sequence has no match
    if (in_.size() - at_ < 2) return false;
    const std::uint64_t low = next(), distance = low | std::uint64_t{next()} << 8;
    return match(distance, length(token & 15) + 4);
  }

  bool match(std::uint64_t distance, std::uint64_t count) {
    if (distance == 0 || distance > out_.size() || count > bytes_ - out_.size()) return false;
    for (std::uint64_t i = 0; i < count; ++i) out_ += out_[out_.size() - distance];
    return true;
  }

  std::uint64_t length(std::uint64_t start) {
    std::uint64_t total = start;
    for (unsigned more = start == 15 ? 255 : 0; more == 255 && at_ < in_.size();) total += more = next();
    return total;
  }

  unsigned next() { return static_cast<unsigned char>(in_[at_++]); }

  std::string_view in_;
  std::uint64_t bytes_, at_ = 0;
  std::string out_;
};

constexpr std::uint64_t kMostBytes = 1ull << 32;  // of a file nobody would compile

}  // namespace

void decompress_zstd(std::string_view compressed, std::uint64_t bytes, std::string& out) {
  using Decompress = std::size_t (*)(void*, std::size_t, const void*, std::size_t);
  using IsError = unsigned (*)(std::size_t);
  static void* const library = dlopen("libzstd.so.1", RTLD_LAZY | RTLD_LOCAL);
  static const auto decompress =
      library == nullptr ? nullptr : reinterpret_cast<Decompress>(dlsym(library, "ZSTD_decompress"));
  static const auto is_error = library == nullptr ? nullptr : reinterpret_cast<IsError>(dlsym(library, "ZSTD_isError"));
  if (decompress == nullptr || is_error == nullptr || bytes > kMostBytes) return out.clear();
  out.resize(bytes);
  const std::size_t written = decompress(out.data(), out.size(), compressed.data(), compressed.size());
  if (is_error(written) != 0 || written != out.size()) out.clear();
}

std::string decompress_lz4(std::string_view compressed, std::uint64_t bytes) {
  return bytes > kMostBytes ? std::string() : Lz4(compressed, bytes).run();
}

}  // namespace headroom::virtual_gpu
