// The frame of a recording file: magic, version, named sections, end marker with a checksum of everything before it.
// Knows nothing of what the sections hold. docs/recording-format.md describes it byte by byte.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

inline constexpr std::string_view kContainerMagic = "HEADROOM";
inline constexpr std::uint32_t kContainerVersion = 1;

class ContainerWriter {
 public:
  ContainerWriter();
  void add_plain(std::string_view name, std::string_view bytes);  // `name`: 1 to 8 characters
  void add_compressed(std::string_view name, std::string_view bytes);
  std::string finish();

 private:
  void add_header(std::string_view name, std::uint64_t raw_bytes, std::uint64_t stored_bytes);
  std::string out_;
};

// Bytes that are written before they are read.
class Bytes {
 public:
  explicit Bytes(std::size_t size) : bytes_(std::make_unique_for_overwrite<char[]>(size)), size_(size) {}
  char* data() { return bytes_.get(); }
  std::size_t size() const { return size_; }
  operator std::string_view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

// Views into the bytes it was given; several threads may read. Every method throws bad_input, opening with `where`, on what is not as written.
class ContainerReader {
 public:
  // Checks magic, version, end marker, checksum and the chain of sections.
  ContainerReader(std::string_view bytes, std::string where);

  bool has(std::string_view name) const;
  std::string_view plain(std::string_view name) const;
  // The decompressed bytes; allocates only after the declared size proved to be at most `limit_bytes`.
  Bytes decompressed(std::string_view name, std::uint64_t limit_bytes) const;

 private:
  struct Section {
    std::string_view name;
    std::uint64_t raw_bytes;
    std::string_view stored;
  };
  const Section& find(std::string_view name) const;
  void read_sections(std::string_view body);
  [[noreturn]] void fail(const std::string& what) const;

  std::string where_;
  std::vector<Section> sections_;
};

// Throws bad_input unless `bytes`, the beginning of a file, is that of a recording this version reads.
void require_recording_header(std::string_view bytes, const std::string& where);

}  // namespace headroom
