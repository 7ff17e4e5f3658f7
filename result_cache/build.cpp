#include "result_cache/build.h"

#include <elf.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string_view>

namespace headroom {
namespace {

constexpr std::uint64_t kMostNoteBytes = 64 << 10;
constexpr int kMostParts = 256;

template <class T>
bool read_at(std::ifstream& file, std::uint64_t offset, T& out) {
  return file.seekg(static_cast<std::streamoff>(offset)) && file.read(reinterpret_cast<char*>(&out), sizeof out);
}

std::uint64_t padded(std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; }

// The id among the notes of one part of the file; empty where there is none.
std::string id_in(std::string_view notes) {
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note;
    std::memcpy(&note, notes.data(), sizeof note);
    const std::uint64_t value = sizeof note + padded(note.n_namesz), end = value + padded(note.n_descsz);
    if (end > notes.size()) return {};
    const std::string_view owner = notes.substr(sizeof note, note.n_namesz);
    if (note.n_type == NT_GNU_BUILD_ID && owner == std::string_view("GNU", 4)) {
      std::string id;
      for (const char byte : notes.substr(value, note.n_descsz))
        id += fmt::format("{:02x}", static_cast<unsigned char>(byte));
      return id;
    }
    notes.remove_prefix(end);
  }
  return {};
}

std::string build_id(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header;
  if (!read_at(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return {};
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) return {};
  for (int i = 0; i < std::min<int>(header.e_phnum, kMostParts); ++i) {
    Elf64_Phdr part;
    if (!read_at(file, header.e_phoff + static_cast<std::uint64_t>(i) * sizeof part, part)) return {};
    if (part.p_type != PT_NOTE || part.p_filesz > kMostNoteBytes) continue;
    std::string notes(part.p_filesz, '\0');
    file.seekg(static_cast<std::streamoff>(part.p_offset));
    if (!file.read(notes.data(), static_cast<std::streamsize>(notes.size()))) return {};
    if (std::string id = id_in(notes); !id.empty()) return id;
  }
  return {};
}

}  // namespace

std::string build_of(const std::filesystem::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return file.string();
  if (S_ISREG(status.st_mode))
    if (std::string id = build_id(file); !id.empty()) return "build " + id;
  return fmt::format("{} {} {}.{:09}", file.string(), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace headroom
