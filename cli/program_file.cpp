#include "cli/program_file.h"

#include <elf.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "cli/python_arguments.h"
#include "cli/recorded_runs.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestShebang = 256;  // as much as the kernel reads

std::string beginning_of(const fs::path& path, std::size_t size) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

// Of "#!/usr/bin/env -S python3 -u": the words after "#!"; none where the file is no script.
std::vector<std::string> shebang_of(const fs::path& path) {
  const std::string bytes = beginning_of(path, kLongestShebang);
  if (!bytes.starts_with("#!")) return {};
  std::istringstream line(bytes.substr(2, bytes.find('\n') - 2));
  return {std::istream_iterator<std::string>(line), {}};
}

std::optional<Elf64_Ehdr> elf_header_of(const fs::path& path) {
  const std::string bytes = beginning_of(path, sizeof(Elf64_Ehdr));
  if (!bytes.starts_with(ELFMAG) || bytes.size() < sizeof(Elf64_Ehdr)) return {};
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

std::string machine_name(const Elf64_Ehdr& header) {
  switch (header.e_machine) {
    case EM_X86_64:
      return header.e_ident[EI_CLASS] == ELFCLASS64 ? "x86-64" : "x86-64 with 32-bit pointers";
    case EM_386:
      return "32-bit x86";
    case EM_AARCH64:
      return "64-bit ARM";
    case EM_ARM:
      return "32-bit ARM";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "64-bit PowerPC";
    case EM_S390:
      return "IBM Z";
    default:
      return fmt::format("ELF machine {}", header.e_machine);
  }
}

void require_own_machine(const fs::path& path) {
  const auto header = elf_header_of(path), own = elf_header_of("/proc/self/exe");
  if (!header || !own || machine_name(*header) == machine_name(*own)) return;
  throw bad_input(fmt::format("'{}' is a program for {}, but this machine and Headroom's libraries are {}",
                              path.string(), machine_name(*header), machine_name(*own)));
}

bool is_executable(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

std::optional<fs::path> search_path(const std::string& name) {
  const char* folders = std::getenv("PATH");
  std::istringstream stream(folders ? folders : "/usr/local/bin:/usr/bin:/bin");
  for (std::string folder; std::getline(stream, folder, ':');)
    if (const fs::path path = fs::path(folder.empty() ? "." : folder) / name; is_executable(path)) return path;
  return {};
}

void require_executable(const fs::path& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found)
    throw bad_input(fmt::format("cannot run '{}': there is no such file", path.string()));
  if (error) throw bad_input(fmt::format("cannot run '{}': {}", path.string(), error.message()));
  if (fs::is_directory(status)) throw bad_input(fmt::format("cannot run '{}': it is a folder", path.string()));
  if (is_executable(path)) return;
  const bool python = path.extension() == ".py";
  throw bad_input(fmt::format("cannot run '{}': it is not executable; {}", path.string(),
                              python
                                  ? fmt::format("a Python script runs as: headroom run … -- python {}", path.string())
                                  : "chmod +x makes it so"));
}

fs::path find_file(const std::string& name) {
  if (name.find('/') == std::string::npos) {
    if (const auto found = search_path(name)) return *found;
    std::error_code ignored;
    throw bad_input(fmt::format("cannot run '{}': no such program in PATH{}", name,
                                !fs::is_regular_file(name, ignored) ? ""
                                : fs::path(name).extension() == ".py"
                                    ? fmt::format("; a Python script runs as: headroom run … -- python {}", name)
                                    : fmt::format("; the file in this folder is ./{}", name)));
  }
  require_executable(name);
  return name;
}

// The words that really run: those of the shebang, through env, in front of the script and its arguments.
std::vector<std::string> resolved(const fs::path& program, const std::vector<std::string>& command) {
  std::vector<std::string> words = shebang_of(program);
  if (words.empty()) return command;
  if (fs::path(words.front()).filename() == "env") {
    words.erase(words.begin());
    while (!words.empty() && (words.front().starts_with("-") || words.front().find('=') != std::string::npos))
      words.erase(words.begin());
  }
  words.push_back(program.string());
  words.insert(words.end(), command.begin() + 1, command.end());
  return words;
}

void require_interpreter(const fs::path& script) {
  const auto words = shebang_of(script);
  if (words.empty()) return;
  std::error_code ignored;
  if (!fs::exists(words.front(), ignored))
    throw bad_input(fmt::format("cannot run '{}': its first line names the interpreter {}, which does not exist",
                                script.string(), words.front()));
  const auto real = resolved(script, {script.string()});
  if (real.front().find('/') == std::string::npos && !search_path(real.front()))
    throw bad_input(fmt::format("cannot run '{}': its first line names the interpreter {}, which is not in PATH",
                                script.string(), real.front()));
}

bool is_static(const fs::path& path) {
  const auto header = elf_header_of(path);
  if (!header || header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_phentsize != sizeof(Elf64_Phdr)) return false;
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(header->e_phoff));
  Elf64_Phdr part;
  for (int i = 0; i < header->e_phnum && file.read(reinterpret_cast<char*>(&part), sizeof part); ++i)
    if (part.p_type == PT_INTERP) return false;
  return true;
}

// The system then starts the program without LD_PRELOAD.
bool changes_rights(const fs::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return false;
  if ((status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid()) return true;
  if ((status.st_mode & S_ISGID) != 0 && (status.st_mode & S_IXGRP) != 0 && status.st_gid != getegid()) return true;
  return getuid() != 0 && getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
}

fs::path file_of(const std::string& word) {
  return word.find('/') != std::string::npos ? fs::path(word) : search_path(word).value_or(word);
}

}  // namespace

fs::path find_program(const std::vector<std::string>& command) {
  const fs::path program = find_file(command.front());
  require_interpreter(program);
  require_own_machine(file_of(resolved(program, command).front()));
  return program;
}

std::string obstacle_to_attaching(const fs::path& program, const std::vector<std::string>& command) {
  const auto words = resolved(program, command);
  const fs::path file = file_of(words.front());
  if (is_static(file)) return fmt::format("{} is statically linked, so nothing can be loaded into it", file.string());
  if (changes_rights(file))
    return fmt::format(
        "{0} runs with rights of its own (setuid, setgid or capabilities), and the system starts such programs without "
        "what is to be loaded into them; let it start Headroom instead: {1} headroom run … -- PROGRAM",
        file.string(), command.front());
  if (const std::string flag = isolating_flag(words); !flag.empty())
    return fmt::format("{} {} ignores PYTHONPATH or its site folders, through which Headroom attaches; leave {} out",
                       file.filename().string(), flag, flag);
  return {};
}

std::string program_name(const std::vector<std::string>& command) {
  const std::string script = python_script(command);
  return fs::path(script.empty() ? command.front() : script).filename().string();
}

std::string program_label(const std::vector<std::string>& command) {
  std::string name = program_name(command);
  for (const std::string_view ending : {".py", ".sh"})
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  return plain_label(name, "program");
}

}  // namespace headroom::cli
