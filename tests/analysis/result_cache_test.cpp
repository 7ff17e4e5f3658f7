// What was run once is known again, as long as everything that decides a run is the same, and never anything else.
#include "result_cache/result_cache.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "result_cache/build.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const RunSummary kRun{.outcome = OutcomeKind::ok, .device_name = "\xff\"", .allocated_bytes = 7, .layer = "a"};

// As it comes back: what is no UTF-8 is replaced.
RunSummary written_and_read(const RunSummary& run) {
  return run_summary_from_json(parse_json(to_json(run).dump(-1, ' ', true, Json::error_handler_t::replace), "x"), "x");
}

class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

class ResultCacheTest : public testing::Test {
 protected:
  ResultCacheTest() { write(program(), "1"); }

  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  fs::path program() const { return folder / "headroom"; }
  std::string key(const RunSpec& spec) const { return run_key(spec, program()); }
  std::string key() const { return key({.model = "gpt2"}); }
  std::size_t count() const { return results.names().size(); }

  testing_support::TemporaryFolder folder, results;
};

TEST_F(ResultCacheTest, KnowsWhatItWasGivenAndNothingElse) {
  {
    ResultCache cache(results.path());
    cache.keep("a", kRun);
    cache.keep("b", {.outcome = OutcomeKind::error});
  }
  const ResultCache cache(results.path());
  EXPECT_EQ(cache.find("a"), written_and_read(kRun));
  EXPECT_EQ(cache.find("b"), std::nullopt) << "a run that failed is not kept";
  EXPECT_EQ(cache.find("c"), std::nullopt);
}

TEST_F(ResultCacheTest, WithoutAFolderItLivesAsLongAsItself) {
  ResultCache cache({});
  cache.keep("a", kRun);
  EXPECT_EQ(cache.find("a"), kRun);
  cache.clear();
  EXPECT_EQ(cache.find("a"), std::nullopt);
  EXPECT_EQ(ResultCache({}).find("a"), std::nullopt);
}

TEST_F(ResultCacheTest, WhatIsDamagedOrOfAnotherKeyIsAsGoodAsAbsent) {
  ResultCache cache(results.path());
  cache.keep("a", kRun);
  const fs::path file = results / results.names().front();
  const std::string good = read_file(file, 1 << 20);
  std::string other = good;
  other.replace(other.find("\"key\":\"a\""), 9, "\"key\":\"b\"");
  for (const std::string& text :
       std::vector<std::string>{"", "{", "[]", "\xff\xfe", R"({"schema":"headroom.result/2","key":7})",
                                good.substr(0, good.size() / 2), other, std::string(2 << 20, ' ') + good}) {
    write(file, text);
    EXPECT_EQ(cache.find("a"), std::nullopt) << text.substr(0, 40);
  }
  write(file, good);
  EXPECT_TRUE(cache.find("a"));
}

TEST_F(ResultCacheTest, WhatCannotBeKeptIsNoError) {
  write(folder / "file", "");
  ResultCache cache(folder / "file" / "results");
  cache.keep("a", kRun);
  EXPECT_EQ(cache.find("a"), kRun) << "it is known to this one at least";
}

TEST_F(ResultCacheTest, TheOlderHalfGoesWhereThereAreTooMany) {
  const auto fill = [&](CacheBounds bounds, char last) {
    ResultCache cache(results.path(), bounds);
    for (char name = 'a'; name <= last; ++name) {
      cache.keep(std::string(1, name), kRun);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // times of files tell the order
    }
  };
  fill({.files = 4}, 'd');
  EXPECT_EQ(count(), 4u);
  fill({.files = 4}, 'e');
  EXPECT_EQ(count(), 2u);
  EXPECT_TRUE(ResultCache(results.path()).find("e")) << "the newest stays";
  ResultCache(results.path()).clear();
  fill({.bytes = 3 * fs::file_size([&] {
                   ResultCache(results.path()).keep("size", kRun);
                   return results / results.names().front();
                 }())},
       'f');
  EXPECT_EQ(count(), 1u) << "so do bytes";
}

TEST_F(ResultCacheTest, WhatKilledProcessesLeftUnfinishedGoes) {
  const std::string of_the_dead = ".headroom-99999999-0.tmp",
                    of_the_living = fmt::format(".headroom-{}-0.tmp", getpid());
  write(results / of_the_dead, "half");
  write(results / of_the_living, "being written");
  write(results / "notes.txt", "of somebody else");
  { ResultCache(results.path()).keep("a", kRun); }
  EXPECT_FALSE(fs::exists(results / of_the_dead));
  EXPECT_TRUE(fs::exists(results / of_the_living));
  ResultCache(results.path()).clear();
  EXPECT_EQ(count(), 2u) << "emptying it leaves what is not its own";
}

TEST_F(ResultCacheTest, TheKeyIsOfAllThatDecidesARun) {
  const std::string first = key();
  EXPECT_EQ(key(), first);
  EXPECT_NE(key({.model = "gpt2", .batch = 2}), first);
  write(program(), "another");
  EXPECT_NE(key(), first) << "another program";
  write(program(), "1");
  const std::string again = key();
  for (const char* name : {"PYTORCH_CUDA_ALLOC_CONF", "HEADROOM_TORCH_DIR", "LD_PRELOAD"}) {
    const Variable changed(name, "");
    EXPECT_NE(key(), again) << name;
  }
  for (const char* name : {"HEADROOM_CACHE_DIR", "HEADROOM_VIRTUAL_GPU_EVENTS", "EDITOR"}) {
    const Variable changed(name, "/x");
    EXPECT_EQ(key(), again) << name;
  }
  const Variable odd("OMP_ODD", "\xff\n");
  EXPECT_THAT(key(), Not(HasSubstr("\xff")));
  ResultCache cache(results.path());
  cache.keep(key(), kRun);
  EXPECT_TRUE(cache.find(key()));
}

TEST_F(ResultCacheTest, TheKeyNamesTheTorchOfTheWorker) {
  fs::create_directories(folder / "bin");
  fs::create_directories(folder / "lib/headroom/versions");
  write(folder / "bin/headroom-worker", "");
  const fs::path own = folder / "bin/headroom";
  write(own, "");
  write(folder / "lib/headroom/versions/worker.json", R"({"torch": "2.11.0"})");
  const std::string first = run_key({.model = "gpt2"}, own);
  EXPECT_THAT(first, HasSubstr(R"("torch":"2.11.0")"));
  write(folder / "lib/headroom/versions/worker.json", R"({"torch": "2.15.0"})");
  EXPECT_NE(run_key({.model = "gpt2"}, own), first);
}

TEST_F(ResultCacheTest, AModelsFileCountsByItsTextAndNotByItsPlace) {
  write(folder / "a.json", "{}");
  write(folder / "b.json", "{}");
  const std::string first = key({.model = (folder / "a.json").string()});
  EXPECT_EQ(key({.model = (folder / "b.json").string()}), first);
  write(folder / "a.json", "{ }");
  EXPECT_NE(key({.model = (folder / "a.json").string()}), first);
}

TEST(Build, IsThatOfTheLinkerWhereverTheFileLies) {
  const testing_support::TemporaryFolder folder;
  const std::string own = build_of("/proc/self/exe");
  EXPECT_THAT(own, StartsWith("build "));
  fs::copy_file("/proc/self/exe", folder / "copy");
  EXPECT_EQ(build_of(folder / "copy"), own);
}

TEST(Build, OfAnyOtherFileIsItsPlaceSizeAndTime) {
  const testing_support::TemporaryFolder folder;
  const fs::path file = folder / "script";
  EXPECT_EQ(build_of(file), file.string());
  std::ofstream(file) << "#!/bin/sh\n";
  const std::string first = build_of(file);
  EXPECT_THAT(first, StartsWith(file.string() + " 10 "));
  std::ofstream(file) << "#!/bin/sh\n\n";
  EXPECT_NE(build_of(file), first);
}

// A file cut anywhere, or with any byte of its headers changed, is read without harm.
TEST(Build, SurvivesDamagedPrograms) {
  const testing_support::TemporaryFolder folder;
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::string bytes(4096, '\0');
  self.read(bytes.data(), 4096);
  const fs::path file = folder / "damaged";
  for (std::size_t i = 0; i < 1024; i += 3) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(~damaged[i]);
    std::ofstream(file, std::ios::binary) << damaged.substr(0, i % 2 == 0 ? damaged.size() : i);
    EXPECT_FALSE(build_of(file).empty());
  }
}

}  // namespace
}  // namespace headroom
