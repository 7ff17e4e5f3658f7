#include "recording/container.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/error.h"

namespace headroom {
namespace {

constexpr std::string_view kEndMark = "END.MARK";
constexpr std::size_t kHeaderBytes = 12;  // magic, version
constexpr std::size_t kNameBytes = 8;
constexpr std::size_t kSectionHeaderBytes = 24;  // name, raw size, stored size
constexpr std::size_t kTrailerBytes = 16;        // end mark, checksum
constexpr int kCompressionLevel = 3;

template <class T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

template <class T>
T get(std::string_view bytes) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value |= static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

// FNV-1a, 64 bits: each byte's step is a bijection of the state, so no single changed byte can go unseen.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

}  // namespace

ContainerWriter::ContainerWriter() : out_(kContainerMagic) { put(out_, kContainerVersion); }

void ContainerWriter::add_header(std::string_view name, std::uint64_t raw_bytes, std::uint64_t stored_bytes) {
  out_.append(name).append(kNameBytes - name.size(), '\0');
  put(out_, raw_bytes);
  put(out_, stored_bytes);
}

void ContainerWriter::add_plain(std::string_view name, std::string_view bytes) {
  add_header(name, bytes.size(), bytes.size());
  out_.append(bytes);
}

void ContainerWriter::add_compressed(std::string_view name, std::string_view bytes) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kCompressionLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string stored(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress2(context.get(), stored.data(), stored.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size))
    throw could_not_measure(fmt::format("cannot compress a recording: {}", ZSTD_getErrorName(size)));
  add_header(name, bytes.size(), size);
  out_.append(stored, 0, size);
}

std::string ContainerWriter::finish() {
  out_.append(kEndMark);
  put(out_, checksum(out_));
  return std::move(out_);
}

void require_recording_header(std::string_view bytes, const std::string& where) {
  if (bytes.substr(0, kContainerMagic.size()) != kContainerMagic)
    throw bad_input(fmt::format("{}: not a Headroom recording (it does not begin with '{}')", where, kContainerMagic));
  if (bytes.size() < kHeaderBytes) throw bad_input(fmt::format("{}: the recording is cut short", where));
  const auto version = get<std::uint32_t>(bytes.substr(kContainerMagic.size()));
  if (version > kContainerVersion)
    throw bad_input(fmt::format("{}: recording format {} is newer than this program, which reads up to {}", where,
                                version, kContainerVersion));
  if (version < 1) throw bad_input(fmt::format("{}: recording format {} does not exist", where, version));
}

ContainerReader::ContainerReader(std::string_view bytes, std::string where) : where_(std::move(where)) {
  require_recording_header(bytes, where_);
  if (bytes.size() < kHeaderBytes + kTrailerBytes ||
      bytes.substr(bytes.size() - kTrailerBytes, kEndMark.size()) != kEndMark)
    fail("the recording is cut short: its end mark is missing");
  const std::string_view sealed = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  if (checksum(sealed) != get<std::uint64_t>(bytes.substr(sealed.size())))
    fail("the recording is damaged: its checksum does not match");
  read_sections(bytes.substr(kHeaderBytes, bytes.size() - kHeaderBytes - kTrailerBytes));
}

void ContainerReader::read_sections(std::string_view body) {
  while (!body.empty()) {
    if (body.size() < kSectionHeaderBytes) fail("the recording is damaged: a section's header is cut short");
    std::string_view name = body.substr(0, kNameBytes);
    name = name.substr(0, name.find('\0'));
    const auto raw_bytes = get<std::uint64_t>(body.substr(kNameBytes));
    const auto stored_bytes = get<std::uint64_t>(body.substr(kNameBytes + 8));
    body.remove_prefix(kSectionHeaderBytes);
    if (stored_bytes > body.size()) fail("the recording is damaged: a section reaches beyond the file's end");
    const auto same_name = [&](const Section& section) { return section.name == name; };
    if (std::any_of(sections_.begin(), sections_.end(), same_name))
      fail("the recording is damaged: a section occurs twice");
    if (sections_.size() == 1000) fail("the recording is damaged: it has more than 1000 sections");
    sections_.push_back({name, raw_bytes, body.substr(0, stored_bytes)});
    body.remove_prefix(stored_bytes);
  }
}

bool ContainerReader::has(std::string_view name) const {
  return std::any_of(sections_.begin(), sections_.end(), [&](const Section& section) { return section.name == name; });
}

const ContainerReader::Section& ContainerReader::find(std::string_view name) const {
  for (const Section& section : sections_)
    if (section.name == name) return section;
  fail(fmt::format("the recording has no section '{}'", name));
}

std::string_view ContainerReader::plain(std::string_view name) const {
  const Section& section = find(name);
  if (section.raw_bytes != section.stored.size()) fail(fmt::format("section '{}' has a wrong size", name));
  return section.stored;
}

Bytes ContainerReader::decompressed(std::string_view name, std::uint64_t limit_bytes) const {
  const Section& section = find(name);
  const std::string_view stored = section.stored;
  if (section.raw_bytes > limit_bytes || ZSTD_getFrameContentSize(stored.data(), stored.size()) != section.raw_bytes ||
      ZSTD_findFrameCompressedSize(stored.data(), stored.size()) != stored.size())
    fail(fmt::format("section '{}' has a wrong size", name));
  Bytes raw(section.raw_bytes);
  const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size());
  if (ZSTD_isError(size)) fail(fmt::format("section '{}' is damaged: {}", name, ZSTD_getErrorName(size)));
  if (size != raw.size()) fail(fmt::format("section '{}' has a wrong size", name));
  return raw;
}

void ContainerReader::fail(const std::string& what) const { throw bad_input(fmt::format("{}: {}", where_, what)); }

}  // namespace headroom
