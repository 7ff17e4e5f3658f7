// Machine code as the driver gets it, made for tests: a cubin with one kernel, and fat binaries around it.
#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace headroom::virtual_gpu::testing_support {

struct CubinSpec {
  std::string kernel = "kernel";
  int capability = 90;
  bool one_architecture = false;
  std::uint32_t registers = 40, max_threads = 256, static_shared_bytes = 512;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> parameters{{0, 8}, {8, 4}};  // offset, bytes
  std::string variable = "table";
  std::uint64_t variable_bytes = 64;
};

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline void append_attribute(std::string& info, std::uint8_t attribute, const std::vector<std::uint32_t>& words) {
  info += '\4';
  info += static_cast<char>(attribute);
  append(info, static_cast<std::uint16_t>(4 * words.size()));
  for (const std::uint32_t word : words) append(info, word);
}

inline std::string make_cubin(const CubinSpec& spec) {
  struct Part {
    std::string name, bytes;
    std::uint32_t type;
    std::uint64_t size;
    std::uint32_t link = 0;
  };
  std::string strings("\0", 1), symbols(sizeof(Elf64_Sym), '\0'), global_info, kernel_info;
  const auto text = [&](const std::string& value) {
    const auto at = static_cast<std::uint32_t>(strings.size());
    strings += value + '\0';
    return at;
  };
  const auto symbol = [&](const std::string& name, unsigned char type, std::uint16_t section, std::uint64_t size) {
    Elf64_Sym entry{};
    entry.st_name = text(name);
    entry.st_info = ELF64_ST_INFO(STB_GLOBAL, type);
    entry.st_shndx = section;
    entry.st_size = size;
    append(symbols, entry);
  };
  symbol(spec.kernel, STT_FUNC, 3, 128);
  symbol(spec.variable, STT_OBJECT, 8, spec.variable_bytes);
  append_attribute(global_info, 0x2f, {1, spec.registers});
  append_attribute(kernel_info, 0x05, {spec.max_threads, 1, 1});
  for (std::size_t i = spec.parameters.size(); i-- > 0;) {
    const auto [offset, bytes] = spec.parameters[i];
    append_attribute(kernel_info, 0x17,
                     {0, static_cast<std::uint32_t>(i | offset << 16), std::uint32_t{bytes} << 18 | 0x1f000});
  }
  const std::uint64_t reserved = spec.capability >= 90 ? 1024 : 0;
  std::vector<Part> parts{{"", "", SHT_NULL, 0},
                          {".strtab", strings, SHT_STRTAB, strings.size()},
                          {".symtab", symbols, SHT_SYMTAB, symbols.size(), 1},
                          {".text." + spec.kernel, std::string(128, '\0'), SHT_PROGBITS, 128},
                          {".nv.info", global_info, SHT_LOPROC, global_info.size()},
                          {".nv.info." + spec.kernel, kernel_info, SHT_LOPROC, kernel_info.size()},
                          {".nv.shared." + spec.kernel, "", SHT_NOBITS, spec.static_shared_bytes + reserved},
                          {".nv.constant0." + spec.kernel, std::string(540, '\0'), SHT_PROGBITS, 540},
                          {".nv.global", "", SHT_NOBITS, spec.variable_bytes},
                          {".shstrtab", "", SHT_STRTAB, 0}};
  std::string names("\0", 1);
  std::vector<Elf64_Shdr> headers(parts.size());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    headers[i].sh_name = static_cast<std::uint32_t>(names.size());
    names += parts[i].name + '\0';
  }
  parts.back().bytes = names;
  parts.back().size = names.size();
  std::string file(sizeof(Elf64_Ehdr), '\0');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    headers[i].sh_type = parts[i].type;
    headers[i].sh_offset = file.size();
    headers[i].sh_size = parts[i].size;
    headers[i].sh_link = parts[i].link;
    file += parts[i].bytes;
  }
  Elf64_Ehdr elf{};
  std::memcpy(elf.e_ident, ELFMAG, SELFMAG);
  elf.e_ident[EI_CLASS] = ELFCLASS64;
  elf.e_ident[EI_ABIVERSION] = 7;
  elf.e_flags =
      static_cast<std::uint32_t>(spec.capability | (spec.one_architecture ? 0x800 : 0) | spec.capability << 16);
  elf.e_shoff = file.size();
  elf.e_shnum = static_cast<std::uint16_t>(parts.size());
  elf.e_shstrndx = static_cast<std::uint16_t>(parts.size() - 1);
  elf.e_shentsize = sizeof(Elf64_Shdr);
  for (const Elf64_Shdr& header : headers) append(file, header);
  std::memcpy(file.data(), &elf, sizeof elf);
  return file;
}

struct FatEntry {
  std::uint16_t kind = 2;  // 1: PTX
  int capability = 90;
  std::string payload;
  std::uint64_t flags = 0, uncompressed_bytes = 0;
};

inline std::string make_fat_binary(const std::vector<FatEntry>& entries) {
  std::string body;
  for (const FatEntry& entry : entries) {
    std::string header;
    append(header, entry.kind);
    append(header, std::uint16_t{0x101});
    append(header, std::uint32_t{64});
    append(header, std::uint64_t{(entry.payload.size() + 7) / 8 * 8});
    append(header, static_cast<std::uint32_t>(entry.payload.size()));
    append(header, std::uint32_t{0});
    append(header, std::uint16_t{0});
    append(header, std::uint16_t{9});
    append(header, static_cast<std::uint32_t>(entry.capability));
    append(header, std::uint64_t{0});
    append(header, entry.flags);
    append(header, std::uint64_t{0});
    append(header, entry.uncompressed_bytes);
    body += header + entry.payload + std::string((8 - entry.payload.size() % 8) % 8, '\0');
  }
  std::string out;
  append(out, std::uint32_t{0xba55ed50});
  append(out, std::uint16_t{1});
  append(out, std::uint16_t{16});
  append(out, std::uint64_t{body.size()});
  return out + body;
}

}  // namespace headroom::virtual_gpu::testing_support
