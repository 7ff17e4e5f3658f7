#include "virtual_gpu/core/cubin.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace headroom::virtual_gpu {
namespace {

template <class T>
bool read_at(std::string_view bytes, std::uint64_t offset, T* out) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
  std::memcpy(out, bytes.data() + offset, sizeof(T));
  return true;
}

std::string_view text_at(std::string_view table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  const std::string_view rest = table.substr(offset);
  return rest.substr(0, rest.find('\0'));
}

struct Section {
  Elf64_Shdr header{};
  std::string_view name, bytes;
};

std::vector<Section> read_sections(std::string_view file) {
  Elf64_Ehdr elf;
  if (!read_at(file, 0, &elf) || std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0) return {};
  std::vector<Section> sections(elf.e_shnum);
  for (std::size_t i = 0; i < sections.size(); ++i) {
    Section& section = sections[i];
    if (!read_at(file, elf.e_shoff + i * sizeof(Elf64_Shdr), &section.header)) return {};
    if (section.header.sh_type != SHT_NOBITS && section.header.sh_offset <= file.size())
      section.bytes = file.substr(section.header.sh_offset, section.header.sh_size);
  }
  if (elf.e_shstrndx >= sections.size()) return {};
  for (Section& section : sections) section.name = text_at(sections[elf.e_shstrndx].bytes, section.header.sh_name);
  return sections;
}

// `.nv.info`: format byte, attribute byte, then a 16-bit value, or (format 4) a 16-bit size and that many bytes.
template <class Visit>
void for_each_attribute(std::string_view info, Visit visit) {
  for (std::uint64_t at = 0; at + 4 <= info.size();) {
    std::uint16_t size = 0;
    read_at(info, at + 2, &size);
    const bool sized = info[at] == 4;
    visit(static_cast<std::uint8_t>(info[at + 1]), sized ? info.substr(at + 4, size) : info.substr(at + 2, 2));
    at += sized ? 4u + size : 4u;
  }
}

constexpr std::uint8_t kMaxThreads = 0x05, kRequiredThreads = 0x10, kFrameSize = 0x11, kParameter = 0x17,
                       kRegisters = 0x2f, kRequiredCluster = 0x3d;

std::vector<std::string_view> symbol_names(const std::vector<Section>& sections) {
  std::vector<std::string_view> names;
  for (const Section& section : sections) {
    if (section.header.sh_type != SHT_SYMTAB || section.header.sh_link >= sections.size()) continue;
    for (std::uint64_t at = 0; at < section.bytes.size(); at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol{};
      read_at(section.bytes, at, &symbol);
      names.push_back(text_at(sections[section.header.sh_link].bytes, symbol.st_name));
    }
  }
  return names;
}

using Facts = std::unordered_map<std::string, KernelFacts>;

void read_global_attributes(const Section& info, const std::vector<std::string_view>& symbols, Facts& facts) {
  for_each_attribute(info.bytes, [&](std::uint8_t attribute, std::string_view value) {
    std::uint32_t symbol = 0, number = 0;
    if (!read_at(value, 0, &symbol) || !read_at(value, 4, &number) || symbol >= symbols.size()) return;
    const auto kernel = facts.find(std::string(symbols[symbol]));
    if (kernel == facts.end()) return;
    if (attribute == kRegisters) kernel->second.registers = static_cast<int>(number);
    if (attribute == kFrameSize) kernel->second.local_bytes = number;
  });
}

bool read_size(std::string_view value, dim3* out) {
  return read_at(value, 0, &out->x) && read_at(value, 4, &out->y) && read_at(value, 8, &out->z);
}

// A parameter: u32 index, u16 number, u16 offset, u32 whose upper 14 bits are its size. They come last first.
void read_parameter(std::string_view value, KernelFacts& facts) {
  std::uint16_t number = 0, offset = 0;
  std::uint32_t packed = 0;
  if (!read_at(value, 4, &number) || !read_at(value, 6, &offset) || !read_at(value, 8, &packed)) return;
  if (number >= facts.parameters.size()) facts.parameters.resize(number + 1u);
  facts.parameters[number] = {offset, packed >> 18};
}

void read_kernel_attributes(const Section& info, KernelFacts& facts) {
  for_each_attribute(info.bytes, [&](std::uint8_t attribute, std::string_view value) {
    dim3 size;
    if ((attribute == kMaxThreads || attribute == kRequiredThreads) && read_size(value, &size))
      facts.max_threads_per_block = static_cast<int>(size.x * size.y * size.z);
    if (attribute == kRequiredCluster && read_size(value, &size)) facts.required_cluster = size;
    if (attribute == kParameter) read_parameter(value, facts);
  });
}

// Without a bound of its own a kernel may use as many threads as its registers allow, allocated for whole warps in
// units of 256 from 65,536 (CUDA C++ Programming Guide, compute capabilities).
int thread_limit(const KernelFacts& facts) {
  if (facts.registers == 0) return facts.max_threads_per_block;
  const int warp_registers = (facts.registers * 32 + 255) / 256 * 256;
  const int warps = 65536 / warp_registers / 4 * 4;
  return std::min(facts.max_threads_per_block, warps * 32);
}

}  // namespace

Facts read_cubin(std::string_view file, std::uint64_t reserved_shared_bytes) {
  constexpr std::string_view text = ".text.", shared = ".nv.shared.", constants = ".nv.constant0.", info = ".nv.info.";
  const std::vector<Section> sections = read_sections(file);
  const auto with_prefix = [&](std::string_view prefix, auto visit) {
    for (const Section& section : sections)
      if (section.name.starts_with(prefix)) visit(section, std::string(section.name.substr(prefix.size())));
  };
  Facts facts;
  with_prefix(text, [&](const Section&, const std::string& kernel) { facts[kernel]; });
  with_prefix(shared, [&](const Section& section, const std::string& kernel) {
    if (const auto it = facts.find(kernel); it != facts.end())
      it->second.static_shared_bytes = section.header.sh_size - std::min(section.header.sh_size, reserved_shared_bytes);
  });
  with_prefix(constants, [&](const Section& section, const std::string& kernel) {
    if (const auto it = facts.find(kernel); it != facts.end()) it->second.constant_bytes = section.header.sh_size;
  });
  with_prefix(info, [&](const Section& section, const std::string& kernel) {
    if (const auto it = facts.find(kernel); it != facts.end()) read_kernel_attributes(section, it->second);
  });
  for (const Section& section : sections)
    if (section.name == ".nv.info") read_global_attributes(section, symbol_names(sections), facts);
  for (auto& [name, kernel] : facts) kernel.max_threads_per_block = thread_limit(kernel);
  return facts;
}

std::vector<CubinVariable> read_cubin_variables(std::string_view file) {
  const std::vector<Section> sections = read_sections(file);
  std::vector<CubinVariable> variables;
  for (const Section& table : sections) {
    if (table.header.sh_type != SHT_SYMTAB || table.header.sh_link >= sections.size()) continue;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.bytes.size(); at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol{};
      read_at(table.bytes, at, &symbol);
      if (ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT || symbol.st_shndx >= sections.size()) continue;
      const std::string_view section = sections[symbol.st_shndx].name;
      if (section.starts_with(".nv.global") || section == ".nv.constant3")
        variables.push_back(
            {std::string(text_at(sections[table.header.sh_link].bytes, symbol.st_name)), symbol.st_size});
    }
  }
  return variables;
}

// The end of what its headers describe; nothing else says how long a file in memory is.
std::uint64_t cubin_bytes(const void* image) {
  Elf64_Ehdr elf;
  std::memcpy(&elf, image, sizeof elf);
  std::uint64_t end = std::max(elf.e_shoff + std::uint64_t{elf.e_shnum} * sizeof(Elf64_Shdr),
                               elf.e_phoff + std::uint64_t{elf.e_phnum} * sizeof(Elf64_Phdr));
  for (unsigned i = 0; i < elf.e_shnum; ++i) {
    Elf64_Shdr section;
    std::memcpy(&section, static_cast<const char*>(image) + elf.e_shoff + i * sizeof section, sizeof section);
    if (section.sh_type != SHT_NOBITS) end = std::max(end, section.sh_offset + section.sh_size);
  }
  return end;
}

CubinTarget cubin_target(std::string_view file) {
  Elf64_Ehdr elf;
  if (!read_at(file, 0, &elf) || std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0) return {};
  if (elf.e_ident[EI_ABIVERSION] < 8) return {static_cast<int>(elf.e_flags & 0xff), (elf.e_flags & 0x800) != 0};
  return {static_cast<int>(elf.e_flags >> 8 & 0xff), (elf.e_flags & 0x8) != 0};
}

}  // namespace headroom::virtual_gpu
