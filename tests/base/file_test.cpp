#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::message_of;
using testing_support::TemporaryFolder;

constexpr std::uint64_t kLimit = 1 << 20;

TEST(WriteFile, ThenReadGivesTheSameBytes) {
  TemporaryFolder folder;
  const std::string bytes("a\0b\n", 4);
  write_file(folder / "f", bytes);
  EXPECT_EQ(read_file(folder / "f", kLimit), bytes);
  EXPECT_THAT(folder.names(), ElementsAre("f"));
}

TEST(WriteFile, TakesNoBytesAtAll) {
  TemporaryFolder folder;
  write_file(folder / "empty", "");
  EXPECT_EQ(read_file(folder / "empty", 0), "");
}

TEST(WriteFile, ReplacesAFileAndKeepsItsPermissions) {
  TemporaryFolder folder;
  write_file(folder / "f", "old");
  ASSERT_EQ(::chmod((folder / "f").c_str(), 0640), 0);
  write_file(folder / "f", "new");
  struct stat status {};
  ASSERT_EQ(::stat((folder / "f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
  EXPECT_EQ(read_file(folder / "f", kLimit), "new");
}

TEST(WriteFile, FollowsALink) {
  TemporaryFolder folder;
  write_file(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "target", kLimit), "new");
}

TEST(WriteFile, TakesTheLongestNameAFileMayHave) {
  TemporaryFolder folder;
  write_file(folder / std::string(255, 'n'), "x");
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { write_file(folder / std::string(256, 'n'), "x"); }),
              HasSubstr("too long"));
}

TEST(WriteFile, RefusesAFolderThatIsNotThere) {
  TemporaryFolder folder;
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { write_file(folder / "no/f", "x"); }), HasSubstr("/no'"));
}

TEST(WriteFile, RefusesWhatIsNotAFile) {
  TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { write_file(folder / "pipe", "x"); }), HasSubstr("is a pipe"));
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { write_file(folder.path(), "x"); }), HasSubstr("is a folder"));
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { write_file("/dev/full", "x"); }), HasSubstr("is a device"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
  EXPECT_THAT(folder.names(), ElementsAre("pipe"));
}

// Runs `body` in a process of its own, which may limit itself; its exit code is 0 when `body` returned true.
template <class F>
bool holds_in_child(F body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool refuses_as_full(const std::filesystem::path& path, std::string_view bytes) {
  try {
    write_file(path, bytes);
  } catch (const Error& error) {
    return error.code() == ExitCode::could_not_measure &&
           std::string(error.what()).find(path.string()) != std::string::npos;
  }
  return false;
}

TEST(WriteFile, LeavesTheOldFileAndNoLitterWhenNoMoreMayBeWritten) {
  TemporaryFolder folder;
  write_file(folder / "f", "old");
  EXPECT_TRUE(holds_in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return refuses_as_full(folder / "f", std::string(100'000, 'x'));
  }));
  EXPECT_EQ(read_file(folder / "f", kLimit), "old");
  EXPECT_THAT(folder.names(), ElementsAre("f"));
}

TEST(WriteFile, LeavesTheOldFileAndNoLitterOnAFullDisk) {
  TemporaryFolder folder;
  if (::mount("none", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0) GTEST_SKIP() << "mounting needs root";
  write_file(folder / "f", "old");
  EXPECT_TRUE(refuses_as_full(folder / "f", std::string(1 << 20, 'x')));
  EXPECT_EQ(read_file(folder / "f", kLimit), "old");
  EXPECT_THAT(folder.names(), ElementsAre("f"));
  EXPECT_EQ(::umount(folder.path().c_str()), 0);
}

TEST(WriteFile, DiesOfNoLimitAndKeepsSignalsForTheTimeAfter) {
  TemporaryFolder folder;
  write_file(folder / "f", "old");
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_DFL);
    const rlimit limit{10, 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file(folder / "f", std::string(11, 'x'));
    } catch (const Error&) {
      sigset_t now;
      ::sigprocmask(SIG_BLOCK, nullptr, &now);
      ::_exit(sigismember(&now, SIGXFSZ) + sigismember(&now, SIGTERM));
    }
    ::_exit(9);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(read_file(folder / "f", kLimit), "old");
  EXPECT_THAT(folder.names(), ElementsAre("f"));
}

TEST(AppendFile, AddsToTheEndOrMakesTheFile) {
  TemporaryFolder folder;
  append_file(folder / "f", "one\n");
  append_file(folder / "f", "two\n");
  EXPECT_EQ(read_file(folder / "f", kLimit), "one\ntwo\n");
  append_file("/dev/null", "gone");
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { append_file(folder / "no/f", "x"); }), HasSubstr("no/f"));
}

TEST(AppendFile, AddsAllOrNothing) {
  TemporaryFolder folder;
  append_file(folder / "f", "12345678");
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{10, 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      append_file(folder / "f", "9 to 11");
    } catch (const Error& error) {
      ::_exit(error.code() == ExitCode::could_not_measure ? 0 : 1);
    }
    ::_exit(9);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_file(folder / "f", kLimit), "12345678");
}

TEST(ReadBeginning, GivesWhatIsThereAndSaysWhatIsNot) {
  TemporaryFolder folder;
  write_file(folder / "f", "12345");
  EXPECT_EQ(read_beginning(folder / "f", 3), "123");
  EXPECT_EQ(read_beginning(folder / "f", 100), "12345");
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { read_beginning(folder / "no", 1); }), HasSubstr("No such file"));
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { read_beginning(folder.path(), 1); }),
              HasSubstr("is a folder, expected a file"));
}

TEST(WritableFolder, IsRidOfWhatTheDeadLeftAndOfNothingElse) {
  TemporaryFolder folder;
  const std::string dead = ".headroom-999999999-0123456789abcdef.tmp", alive = ".headroom-1-0123456789abcdef.tmp",
                    locked = ".headroom-999999998-0123456789abcdef.tmp", other = ".headroom-999999999.txt";
  for (const std::string& name : {dead, alive, locked, other}) write_file(folder / name, "half");
  const int held = ::open((folder / locked).c_str(), O_RDONLY);  // by a process of another machine
  ASSERT_EQ(::flock(held, LOCK_EX | LOCK_NB), 0);
  require_writable_folder(folder.path());
  ::close(held);
  EXPECT_THAT(folder.names(), testing::UnorderedElementsAre(alive, locked, other));
}

TEST(WriteNewFile, WritesOnceAndNeverOverWhatIsThere) {
  const TemporaryFolder folder;
  write_new_file(folder / "f", "first");
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { write_new_file(folder / "f", "second"); }), HasSubstr("/f'"));
  std::filesystem::create_symlink("nowhere", folder / "link");
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { write_new_file(folder / "link", "x"); }), HasSubstr("/link'"));
  EXPECT_EQ(read_file(folder / "f", 100), "first");
  EXPECT_EQ(folder.names().size(), 2u) << "no litter";
}

TEST(ReadFile, RefusesWhatIsMissing) {
  TemporaryFolder folder;
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { read_file(folder / "absent", kLimit); }),
              HasSubstr("absent': No such file"));
}

TEST(ReadFile, RefusesWhatIsNotAFile) {
  TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const auto read = [](const std::filesystem::path& path) {
    return message_of(ExitCode::bad_input, [&] { read_file(path, kLimit); });
  };
  EXPECT_THAT(read(folder.path()), HasSubstr("is a folder, expected a file"));
  EXPECT_THAT(read(folder / "pipe"), HasSubstr("is a pipe, expected a file"));
  EXPECT_THAT(read("/dev/zero"), HasSubstr("is a device, expected a file"));
}

TEST(ReadFile, KeepsToItsLimit) {
  TemporaryFolder folder;
  write_file(folder / "f", "12345");
  EXPECT_EQ(read_file(folder / "f", 5), "12345");
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { read_file(folder / "f", 4); }), HasSubstr("larger than 4 B"));
}

TEST(ReadFile, RefusesAHugeSparseFileAtOnce) {
  TemporaryFolder folder;
  write_file(folder / "f", "");
  std::filesystem::resize_file(folder / "f", std::uintmax_t{1} << 40);
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { read_file(folder / "f", kLimit); }), HasSubstr("1.00 MiB"));
}

TEST(ReadFile, ReadsFilesThatDoNotTellTheirSize) { EXPECT_FALSE(read_file("/proc/self/status", kLimit).empty()); }

TEST(WritableFolder, IsMadeWithItsParents) {
  TemporaryFolder folder;
  require_writable_folder(folder / "a/b/c");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b/c"));
  EXPECT_TRUE(std::filesystem::is_empty(folder / "a/b/c"));
  require_writable_folder(folder / "a/b/c");
}

TEST(WritableFolder, MayNotLieBelowAFile) {
  TemporaryFolder folder;
  write_file(folder / "f", "x");
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { require_writable_folder(folder / "f/sub"); }), HasSubstr("f/sub"));
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { require_writable_folder(folder / "f"); }), HasSubstr("f'"));
}

TEST(WritableFolder, MustLetThisUserWrite) {
  TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  EXPECT_TRUE(holds_in_child([&] {
    if (::getuid() == 0 && ::setuid(65534) != 0) return false;
    try {
      require_writable_folder(folder.path());
    } catch (const Error& error) {
      return error.code() == ExitCode::bad_input;
    }
    return false;
  }));
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
  EXPECT_THAT(folder.names(), IsEmpty());
}

}  // namespace
}  // namespace headroom
