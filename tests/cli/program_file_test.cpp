// Which programs can be started at all, and what keeps Headroom out of one.
#include "cli/program_file.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/python_arguments.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using Words = std::vector<std::string>;

void write_executable(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  fs::permissions(path, fs::perms::owner_all);
}

// A whole program without a loader: exit(5).
std::string static_program(Elf64_Half machine = EM_X86_64) {
  const std::string code("\xbf\x05\x00\x00\x00\xb8\x3c\x00\x00\x00\x0f\x05", 12);
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = machine;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  header.e_entry = 0x400000 + sizeof header + sizeof(Elf64_Phdr);
  Elf64_Phdr part{};
  part.p_type = PT_LOAD;
  part.p_flags = PF_R | PF_X;
  part.p_vaddr = part.p_paddr = 0x400000;
  part.p_filesz = part.p_memsz = sizeof header + sizeof part + code.size();
  part.p_align = 0x1000;
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) +
         std::string(reinterpret_cast<const char*>(&part), sizeof part) + code;
}

class ProgramFile : public testing::Test {
 protected:
  ProgramFile() { tool.folder = here.path(); }
  Ended run(const Words& command) {
    Words words{"run", "--device", "virtual:h100-80gb", "--"};
    words.insert(words.end(), command.begin(), command.end());
    return tool.run(words);
  }
  void expect_refused(const Words& command, const std::string& message) {
    const Ended ended = run(command);
    EXPECT_EQ(ended.code, 2);
    EXPECT_EQ(ended.err, "headroom: " + message + "\n");
  }

  testing_support::TemporaryFolder here;
  Tool tool;
};

TEST_F(ProgramFile, WhatCannotBeStartedIsRefusedInOneLine) {
  std::ofstream(here / "train.py") << "import torch\n";
  std::ofstream(here / "data") << "text";
  fs::create_directory(here / "folder");
  expect_refused({"pyhton", "train.py"}, "cannot run 'pyhton': no such program in PATH");
  expect_refused(
      {"train.py"},
      "cannot run 'train.py': no such program in PATH; a Python script runs as: headroom run … -- python train.py");
  expect_refused({"data"}, "cannot run 'data': no such program in PATH; the file in this folder is ./data");
  expect_refused({"./nothing"}, "cannot run './nothing': there is no such file");
  expect_refused({"./folder"}, "cannot run './folder': it is a folder");
  expect_refused({"./data"}, "cannot run './data': it is not executable; chmod +x makes it so");
  expect_refused(
      {"./train.py"},
      "cannot run './train.py': it is not executable; a Python script runs as: headroom run … -- python ./train.py");
  expect_refused({""}, "cannot run '': no such program in PATH");
}

TEST_F(ProgramFile, AScriptWhoseInterpreterIsMissingIsRefused) {
  write_executable(here / "a", "#!/nowhere/python -u\n");
  expect_refused({"./a"},
                 "cannot run './a': its first line names the interpreter /nowhere/python, which does not exist");
  write_executable(here / "b", "#!/usr/bin/env -S python99 -u\n");
  expect_refused({"./b"}, "cannot run './b': its first line names the interpreter python99, which is not in PATH");
}

TEST_F(ProgramFile, AProgramForAnotherMachineIsRefused) {
  write_executable(here / "arm", static_program(EM_AARCH64));
  expect_refused({"./arm"},
                 "'./arm' is a program for 64-bit ARM, but this machine and Headroom's libraries are x86-64");
}

TEST_F(ProgramFile, AFileThatIsNoProgramRunsAsTheShellWouldRunIt) {
  write_executable(here / "script", "exit 6\n");
  EXPECT_EQ(run({"./script"}).code, 6);
}

TEST_F(ProgramFile, AStaticProgramRunsAndTheReasonForNoRecordingIsGiven) {
  write_executable(here / "static", static_program());
  const Ended ended = run({"./static"});
  EXPECT_EQ(ended.code, 5);
  EXPECT_EQ(ended.err,
            "headroom: nothing was recorded: ./static is statically linked, so nothing can be loaded into it\n");
}

TEST_F(ProgramFile, AProgramWithRightsOfItsOwnRunsAndTheReasonForNoRecordingIsGiven) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to make one";
  fs::copy_file("/bin/true", here / "other");
  ASSERT_EQ(chown((here / "other").c_str(), 65534, 0), 0);
  ASSERT_EQ(chmod((here / "other").c_str(), 04755), 0);
  const Ended ended = run({"./other"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("./other runs with rights of its own"), HasSubstr("./other headroom run")));
}

TEST_F(ProgramFile, APythonThatIgnoresItsEnvironmentIsNamedWithItsFlag) {
  for (const std::string flag : {"-I", "-E", "-S", "-uI"}) {
    const Ended ended = run({"python3", flag, "-c", "raise SystemExit(4)"});
    EXPECT_EQ(ended.code, 4);
    EXPECT_THAT(ended.err, HasSubstr("nothing was recorded: python3 -" + flag.substr(flag.size() - 1) + " ignores"));
  }
}

TEST(PythonArguments, FlagsAreFoundAsPythonReadsThem) {
  const auto flag = [](const Words& words) { return cli::isolating_flag(words); };
  EXPECT_EQ(flag({"python", "-I", "x.py"}), "-I");
  EXPECT_EQ(flag({"/usr/bin/python3.11", "-uBE", "x.py"}), "-E");
  EXPECT_EQ(flag({"python", "-W", "ignore", "-S", "x.py"}), "-S");
  EXPECT_EQ(flag({"python", "-X", "importtime", "-W", "error", "x.py"}), "");
  EXPECT_EQ(flag({"python", "-WIgnore", "x.py"}), "");
  EXPECT_EQ(flag({"python", "x.py", "-I"}), "");
  EXPECT_EQ(flag({"python", "-c", "pass", "-I"}), "");
  EXPECT_EQ(flag({"python", "-m", "torch.distributed.run", "-I"}), "");
  EXPECT_EQ(flag({"python-config", "-I"}), "");
  EXPECT_EQ(flag({"torchrun", "-I"}), "");
  EXPECT_EQ(flag({"python"}), "");
}

TEST(ProgramLabel, IsTheScriptsNameWhereThereIsOne) {
  EXPECT_EQ(cli::program_name({"python", "-u", "src/train.py", "--lr", "3"}), "train.py");
  EXPECT_EQ(cli::program_label({"python", "-u", "src/train.py", "--lr", "3"}), "train");
  EXPECT_EQ(cli::program_label({"python", "-m", "torch.distributed.run", "x.py"}), "torch.distributed.run");
  EXPECT_EQ(cli::program_label({"/usr/bin/torchrun", "x.py"}), "torchrun");
  EXPECT_EQ(cli::program_label({"./run.sh"}), "run");
  EXPECT_EQ(cli::program_label({"python", "-c", "pass"}), "python");
  EXPECT_EQ(cli::program_label({"./my train.py"}), "my-train");
  EXPECT_EQ(cli::program_label({".py"}), "program");
}

}  // namespace
}  // namespace headroom::cli_test
