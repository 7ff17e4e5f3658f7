#include "virtual_gpu/libraries/cudnn/redirect.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

namespace headroom::virtual_gpu::cudnn {
namespace {

using Open = void* (*)(const char* name, int flags);

struct Redirected {
  std::string folder;  // with its last '/'
  Open open = nullptr;
};

Redirected& redirected() {
  static Redirected& singleton = *new Redirected;
  return singleton;
}

struct Relocations {
  const ElfW(Rela) * first = nullptr;
  std::size_t bytes = 0;
};

struct DynamicSection {
  const char* strings = nullptr;
  const ElfW(Sym) * symbols = nullptr;
  Relocations functions, others;
};

DynamicSection read_dynamic(const link_map& library) {
  DynamicSection out;
  for (const ElfW(Dyn)* entry = library.l_ld; entry->d_tag != DT_NULL; ++entry) {
    const auto address = entry->d_un.d_ptr;
    switch (entry->d_tag) {
      case DT_STRTAB:
        out.strings = reinterpret_cast<const char*>(address);
        break;
      case DT_SYMTAB:
        out.symbols = reinterpret_cast<const ElfW(Sym)*>(address);
        break;
      case DT_JMPREL:
        out.functions.first = reinterpret_cast<const ElfW(Rela)*>(address);
        break;
      case DT_PLTRELSZ:
        out.functions.bytes = entry->d_un.d_val;
        break;
      case DT_RELA:
        out.others.first = reinterpret_cast<const ElfW(Rela)*>(address);
        break;
      case DT_RELASZ:
        out.others.bytes = entry->d_un.d_val;
        break;
      default:
        break;
    }
  }
  return out;
}

// The slot may lie in memory that the loader has made read-only since.
void write_slot(std::uintptr_t slot, Open value) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  mprotect(reinterpret_cast<void*>(slot / page * page), page, PROT_READ | PROT_WRITE);
  *reinterpret_cast<Open*>(slot) = value;
}

void redirect(const link_map& library, const DynamicSection& section, const Relocations& relocations) {
  for (std::size_t i = 0; i < relocations.bytes / sizeof(ElfW(Rela)); ++i) {
    const ElfW(Rela)& relocation = relocations.first[i];
    const auto kind = ELF64_R_TYPE(relocation.r_info);
    if (kind != R_X86_64_JUMP_SLOT && kind != R_X86_64_GLOB_DAT) continue;
    const ElfW(Sym)& symbol = section.symbols[ELF64_R_SYM(relocation.r_info)];
    if (std::string_view(section.strings + symbol.st_name) == "dlopen")
      write_slot(library.l_addr + relocation.r_offset, redirected().open);
  }
}

}  // namespace

void* open_redirected(const std::string& path, Open open) {
  redirected() = {path.substr(0, path.rfind('/') + 1), open};
  void* handle = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (handle != nullptr) redirect_newly_loaded();
  return handle;
}

void redirect_newly_loaded() {
  for (const link_map* library = _r_debug.r_map; library != nullptr; library = library->l_next) {
    if (!std::string_view(library->l_name).starts_with(redirected().folder)) continue;
    const DynamicSection section = read_dynamic(*library);
    redirect(*library, section, section.functions);
    redirect(*library, section, section.others);
  }
}

}  // namespace headroom::virtual_gpu::cudnn
