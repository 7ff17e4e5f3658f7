// headroom sweep and headroom merge as people meet them: what is a row, what is kept, what goes on where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <fstream>
#include <map>
#include <thread>

#include "base/json.h"
#include "cli/sweep_file.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing_support::message_of;
using testing_support::TemporaryFolder;
namespace fs = std::filesystem;

constexpr const char* kSweep = R"([base]
model = "bert-base"

[grid]
attention = ["mha", "mqa"]
seq = [64, 128, 1024]
)";  // 1024 is beyond BERT's positions

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

// A folder with sweep.toml, in which the tool runs.
struct Place {
  TemporaryFolder folder;
  Tool tool;

  explicit Place(const std::string& text = kSweep) {
    write(folder / "sweep.toml", text);
    tool.folder = folder.path();
  }
  Ended run(const std::string& more = "") { return tool.run(words("sweep sweep.toml --out out " + more)); }
  Json results(const std::string& out = "out") const { return Json::parse(text_of(folder / (out + "/results.json"))); }
  std::vector<fs::path> kept(const std::string& out = "out") const {
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder / (out + "/runs"), ignored)) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
  }
  // Every file below a folder, but for locks.
  std::map<std::string, std::string> files(const std::string& out) const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder / out))
      if (entry.is_regular_file() && entry.path().filename() != ".lock")
        found[fs::relative(entry.path(), folder / out)] = text_of(entry.path());
    return found;
  }
  void without_worker() { tool.environment["HEADROOM_WORKER"] = "/nonexistent/worker"; }
};

std::vector<std::string> outcomes(const Json& results) {
  std::vector<std::string> out;
  for (const Json& row : results["runs"]) out.push_back(row["outcome"]);
  return out;
}

TEST(Sweep, EveryCombinationIsARowAndWhatCannotBeSaysWhy) {
  Place place;
  const Ended ended = place.run();
  EXPECT_EQ(ended.code, 0) << ended.err;
  expect_golden("sweep.txt", ended.out);
  const Json results = place.results();
  EXPECT_THAT(outcomes(results), ElementsAre("ok", "ok", "refused", "ok", "ok", "refused"));
  EXPECT_THAT(results["runs"][2]["reason"].get<std::string>(), HasSubstr("1024"));
  EXPECT_THAT(place.kept(), SizeIs(4));
  for (const char* file : {"results.csv", "results.md", "peak-seq.svg", "categories-seq-1.svg"})
    EXPECT_TRUE(fs::exists(place.folder / (std::string("out/") + file))) << file;
}

TEST(Sweep, TableGoesToStdoutInTheFormAskedFor) {
  Place place;
  EXPECT_THAT(place.run("--format csv").out, testing::StartsWith("run,attention,seq,outcome,"));
  EXPECT_EQ(place.run("--format csv").out, text_of(place.folder / "out/results.csv"));
  EXPECT_EQ(place.run("--format json").out, text_of(place.folder / "out/results.json"));
  EXPECT_EQ(place.run("--quiet").out, "");
  EXPECT_EQ(place.run("--format yaml").code, 2);
}

TEST(Sweep, RunningOutOfMemoryIsARowAndAFailureIsRunAgain) {
  Place place;
  place.tool.fake("mha=oom,mqa=killed");
  const Ended ended = place.run();
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("killed"));
  EXPECT_THAT(outcomes(place.results()), ElementsAre("oom", "oom", "refused", "error", "error", "refused"));
  EXPECT_THAT(place.kept(), SizeIs(2)) << "failures are no results";
  place.tool.fake("mha=killed");
  EXPECT_EQ(place.run().code, 0);
  EXPECT_THAT(outcomes(place.results()), ElementsAre("oom", "oom", "refused", "ok", "ok", "refused"));
}

TEST(Sweep, WhatTheWorkerRefusesIsRefused) {
  Place place;
  place.tool.fake("mqa=refuse");
  EXPECT_EQ(place.run().code, 0);
  EXPECT_THAT(outcomes(place.results()), ElementsAre("ok", "ok", "refused", "refused", "refused", "refused"));
}

TEST(Sweep, WhatIsThereIsNotRunAgainNorWhatOtherSweepsShare) {
  Place place;
  place.run();
  const auto before = place.files("out");
  place.without_worker();
  const Ended again = place.run();
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("4 of 4 runs are there already"));
  EXPECT_EQ(place.files("out"), before);
  write(place.folder / "sweep.toml", "[base]\nmodel = \"bert-base\"\nattention = \"mqa\"\n[grid]\nseq = [128, 64]\n");
  EXPECT_EQ(place.run().code, 0) << "a part of the other sweep, in another order";
  EXPECT_THAT(outcomes(place.results()), ElementsAre("ok", "ok"));
}

TEST(Sweep, OtherAllocatorSettingsAreOtherRuns) {
  Place place;
  place.run();
  place.tool.environment["PYTORCH_CUDA_ALLOC_CONF"] = "expandable_segments:True";
  place.run();
  EXPECT_THAT(place.kept(), SizeIs(8));
}

TEST(Sweep, DamagedOrForeignResultIsRunAgainAndSaid) {
  Place place;
  place.run();
  const auto whole = place.files("out");
  const auto kept = place.kept();
  fs::resize_file(kept[0], 100);
  fs::remove(kept[1]);
  fs::copy(kept[2], kept[1]);
  std::string text = text_of(kept[3]);
  write(kept[3], text.replace(text.find("\"allocated_bytes\": "), 19, "\"allocated_bytes\": 1"));
  const Ended ended = place.run();
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr(kept[0].filename().string() + ": not valid JSON"), HasSubstr("is of another run"),
                    HasSubstr("contradicts itself"), HasSubstr("run again")));
  EXPECT_EQ(place.files("out"), whole);
}

TEST(Sweep, KilledInTheMiddleGoesOnToTheSameBytes) {
  Place whole, place;
  whole.run();
  place.tool.fake("mqa=hang");
  place.tool.start(words("sweep sweep.toml --out out --jobs 1"));
  place.tool.workers(3);  // the third hangs
  place.tool.send(SIGKILL);
  EXPECT_EQ(place.tool.wait().signal, SIGKILL);
  EXPECT_TRUE(place.tool.all_workers_gone());
  EXPECT_THAT(place.kept(), SizeIs(2));
  EXPECT_FALSE(fs::exists(place.folder / "out/results.json"));
  write(place.folder / "out/runs/.headroom-99999999-0.tmp", "half");  // as a kill within a write leaves it
  place.tool.fake("mha=killed");
  const Ended ended = place.run();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("2 of 4 runs are there already"));
  EXPECT_EQ(place.files("out"), whole.files("out"));
}

TEST(Sweep, InterruptedSaysWhatIsKept) {
  Place place;
  place.tool.fake("mqa=hang");
  place.tool.start(words("sweep sweep.toml --out out --jobs 1"));
  place.tool.workers(3);
  place.tool.send(SIGINT);
  const Ended ended = place.tool.wait();
  EXPECT_EQ(ended.signal, SIGINT);
  EXPECT_THAT(ended.err, HasSubstr("2 of 4 runs are kept in out; the same command goes on from there"));
  EXPECT_TRUE(place.tool.all_workers_gone());
}

TEST(Sweep, TwoProcessesDoNotShareAFolder) {
  Place place;
  place.tool.fake("hang");
  place.tool.start(words("sweep sweep.toml --out out --jobs 1"));
  place.tool.workers(1);
  Tool other;
  other.folder = place.folder.path();
  const Ended refused = other.run(words("sweep sweep.toml --out out"));
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("'out' is in use by another sweep or merge"));
  place.tool.send(SIGTERM);
  EXPECT_EQ(place.tool.wait().signal, SIGTERM);
}

TEST(Sweep, RecordingsAreKeptWhereAsked) {
  Place place;
  place.run();
  const Ended ended = place.run("--keep-recordings");
  EXPECT_THAT(ended.err, HasSubstr("has no recording beside it; run again"));
  EXPECT_THAT(place.kept(), SizeIs(8));
  place.without_worker();
  EXPECT_EQ(place.run("--keep-recordings").code, 0);
}

TEST(Sweep, PlaceThatCannotBeWrittenIsSaidBeforeAnythingRuns) {
  Place place;
  write(place.folder / "out", "a file");
  const Ended ended = place.run();
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("'out'"));
  fs::remove(place.folder / "out");
  fs::create_directory(place.folder / "out");
  write(place.folder / "out/runs", "a file");
  EXPECT_EQ(place.run().code, 2);
}

TEST(Sweep, FullDiskEndsItAndKeepsWhatWasKept) {
  Place place;
  const fs::path out = place.folder / "out";
  fs::create_directory(out);
  if (mount("tmpfs", out.c_str(), "tmpfs", 0, "size=16k") != 0) GTEST_SKIP() << "only root may mount";
  const Ended ended = place.run("--jobs 1");
  std::size_t whole = 0;
  for (const fs::path& file : place.kept()) whole += Json::parse(text_of(file)).contains("schema");
  const std::size_t kept = place.kept().size();
  umount2(out.c_str(), MNT_DETACH);
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("No space left on device"));
  EXPECT_EQ(whole, kept) << "no half file";
}

TEST(Merge, ShardsGiveTheBytesOfAWholeSweep) {
  Place place;
  place.run();
  for (const char* shard : {"3/3", "1/3", "2/3"})
    EXPECT_EQ(place.tool.run(words(std::string("sweep sweep.toml --out parts --shard ") + shard)).code, 0);
  const Ended ended = place.tool.run(
      words("merge parts/shard-2-of-3 parts/shard-1-of-3 parts/shard-3-of-3 parts/shard-1-of-3 --out merged"));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(place.files("merged"), place.files("out"));
  place.without_worker();
  EXPECT_EQ(place.tool.run(words("sweep sweep.toml --out merged")).code, 0) << "it can go on there";
  EXPECT_EQ(place.files("merged"), place.files("out"));
}

TEST(Merge, MissingRunsAreListed) {
  Place place;
  place.run("--shard 1/3");
  const Ended ended = place.tool.run(words("merge out/shard-1-of-3 --out merged"));
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("4 of 6 runs are in none of the folders: 2–5"));
  EXPECT_THAT(place.results("merged")["missing"], SizeIs(4));
}

TEST(Merge, RunsThatDifferAreRefusedByNumber) {
  Place place;
  place.run();
  fs::copy(place.folder / "out", place.folder / "other", fs::copy_options::recursive);
  std::string text = text_of(place.folder / "other/results.json");
  const auto reserved = text.find("\"reserved_bytes\": ", text.find("\"run\": 2"));
  write(place.folder / "other/results.json", text.insert(reserved + 18, "1"));
  const Ended ended = place.tool.run(words("merge out other --out merged"));
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("run 2 (mha, seq 128) is not the same in out and other"));
  EXPECT_FALSE(fs::exists(place.folder / "merged"));
}

TEST(Merge, FoldersMustBeOfOneSweepThatEnded) {
  Place place;
  place.run();
  write(place.folder / "sweep.toml", "[base]\nmodel = \"bert-base\"\n[grid]\nseq = [64]\n");
  place.tool.run(words("sweep sweep.toml --out other"));
  EXPECT_THAT(place.tool.run(words("merge out other --out merged")).err, HasSubstr("of different sweeps"));
  fs::create_directory(place.folder / "empty");
  EXPECT_THAT(place.tool.run(words("merge empty --out merged")).err, HasSubstr("its sweep has not ended"));
  EXPECT_THAT(place.tool.run(words("merge nowhere --out merged")).err, HasSubstr("nowhere"));
  EXPECT_THAT(place.tool.run(words("merge out")).err, HasSubstr("expected --out FOLDER"));
  write(place.folder / "empty/results.json", "{\"schema\": \"headroom.report/1\"}");
  EXPECT_THAT(place.tool.run(words("merge empty --out merged")).err, HasSubstr("its schema is 'headroom.report/1'"));
}

TEST(Shards, JobArrayOfSlurmDoesTheWholeSweep) {
  Place place;
  place.run();
  // As sbatch --array=10-14:2 sets it.
  place.tool.environment.insert({{"SLURM_ARRAY_TASK_COUNT", "3"},
                                 {"SLURM_ARRAY_TASK_MIN", "10"},
                                 {"SLURM_ARRAY_TASK_MAX", "14"},
                                 {"SLURM_ARRAY_TASK_STEP", "2"},
                                 {"SLURM_JOB_ID", "4711"},
                                 {"SLURM_PROCID", "0"},
                                 {"SLURM_NTASKS", "1"}});
  for (const char* id : {"10", "12", "14"}) {
    place.tool.environment["SLURM_ARRAY_TASK_ID"] = id;
    const Ended ended = place.tool.run(words("sweep sweep.toml --out parts --shard auto"));
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("of 3, as SLURM_ARRAY_TASK_ID says"));
  }
  EXPECT_EQ(place.tool.run(words("merge parts/shard-1-of-3 parts/shard-2-of-3 parts/shard-3-of-3 --out merged")).code,
            0);
  EXPECT_EQ(place.files("merged"), place.files("out"));
}

TEST(Shards, GnuParallelDoesTheWholeSweep) {
  const char* parallel = "/usr/bin/parallel";
  if (!fs::exists(parallel)) GTEST_SKIP() << "needs GNU parallel";
  Place place;
  place.run();
  Tool tool;
  tool.folder = place.folder.path();
  tool.executable = parallel;
  tool.environment["HOME"] = place.folder.path();
  const Ended ended =
      tool.run({"--will-cite", "-j2", "-N0",
                std::string(HEADROOM_EXECUTABLE) + " sweep sweep.toml --out parts --quiet --shard auto/3", ":::", "a",
                "b", "c"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(place.tool.run(words("merge parts/shard-1-of-3 parts/shard-2-of-3 parts/shard-3-of-3 --out merged")).code,
            0);
  EXPECT_EQ(place.files("merged"), place.files("out"));
}

// What the file says, without running anything.

cli::SweepPlan plan_of(const std::string& text) { return cli::read_sweep_plan(parse_toml(text, "s.toml")); }

std::string refusal(const std::string& text) {
  return message_of(ExitCode::bad_input, [&] { plan_of(text); });
}

TEST(SweepFile, LastKeyOfAGridChangesFastestAndSingleRunsComeLast) {
  const auto plan = plan_of(
      "[base]\nmodel = \"bert-base\"\n[[run]]\nseq = 32\n[[grid]]\nseq = [64, 128]\nbatch = [1, 2]\n"
      "[[grid]]\nseq = { from = 100, to = 300, step = 100 }\n");
  EXPECT_THAT(plan.varied, ElementsAre("batch", "seq"));
  std::vector<std::string> found;
  for (const auto& run : plan.runs) found.push_back(Json(run.settings).dump());
  EXPECT_THAT(found, ElementsAre("[1,64]", "[2,64]", "[1,128]", "[2,128]", "[1,100]", "[1,200]", "[1,300]", "[1,32]"));
}

TEST(SweepFile, SameRunTwiceIsOne) {
  EXPECT_THAT(plan_of("[base]\nmodel = \"bert-base\"\n[grid]\nbatch = [1, 2]\n[[run]]\nbatch = 2\n").runs, SizeIs(2));
}

TEST(SweepFile, ExcludeLeavesCombinationsOut) {
  const auto plan = plan_of(
      "[base]\nmodel = \"bert-base\"\n[grid]\nattention = [\"mha\", \"mqa\"]\nseq = [64, 128, 256]\n"
      "[[exclude]]\nattention = \"mqa\"\nseq = [128, 256]\n");
  EXPECT_THAT(plan.runs, SizeIs(4));
}

TEST(SweepFile, MistakesNameTheirLine) {
  const std::string base = "[base]\nmodel = \"bert-base\"\n";
  EXPECT_THAT(refusal(base + "[grid]\nsqe = [1]\n"), HasSubstr("s.toml:4: unknown key 'sqe'; did you mean 'seq'?"));
  EXPECT_THAT(refusal(base + "[gird]\nseq = [1]\n"), HasSubstr("s.toml:3: unknown table 'gird'; did you mean 'grid'?"));
  EXPECT_THAT(refusal(base + "[grid]\nseq = 128\n"), HasSubstr("s.toml:4: 'seq' is one value, expected a list"));
  EXPECT_THAT(refusal(base + "[grid]\nseq = []\n"), HasSubstr("s.toml:4: 'seq' has 0 values"));
  EXPECT_THAT(refusal(base + "[grid]\nseq = [64,\n 64]\n"), HasSubstr("s.toml:5: 'seq' has 64 twice"));
  EXPECT_THAT(refusal(base + "[grid]\nseq = [64, [1]]\n"), HasSubstr("a list within its list"));
  EXPECT_THAT(refusal(base + "batch = [1, 2]\n[grid]\nseq = [64]\n"),
              HasSubstr("s.toml:3: 'batch' has several values"));
  EXPECT_THAT(refusal(base + "[grid]\nseq = { from = 1, to = 8 }\n"),
              HasSubstr("s.toml:4: a range has a factor or a step"));
  EXPECT_THAT(refusal(base + "[grid]\nseq = { from = 9, to = 8, step = 1 }\n"), HasSubstr("'to' is 8"));
  EXPECT_THAT(refusal(base + "[grid]\nseq = [64]\n[[exclude]]\nseq = 65\n"),
              HasSubstr("s.toml:5: this [[exclude]] excludes"));
  EXPECT_THAT(refusal(base + "[grid]\nseq = [64]\n[[exclude]]\nseq = 64\n"), HasSubstr("nothing is left to run"));
  EXPECT_THAT(refusal(base), HasSubstr("expected a [grid] of values, or [[run]] tables"));
  EXPECT_THAT(refusal("[grid]\nseq = [64]\n"), HasSubstr("expected a MODEL"));
}

TEST(SweepFile, ValueThatCanNeverBeIsAMistakeAndOneThatCannotBeHereIsNot) {
  const auto grid = [](const std::string& rest) {
    return "[base]\nmodel = \"bert-base\"\n[grid]\nbatch = [1, 2]\n" + rest;
  };
  EXPECT_THAT(refusal(grid("attention = [\"mha\",\n\"mhaa\"]\n")), HasSubstr("s.toml:6: "));
  EXPECT_THAT(refusal(grid("dtype = [\"fp32\", \"fp33\"]\n")), HasSubstr("s.toml:5: unknown dtype 'fp33'"));
  EXPECT_THAT(refusal(grid("seq = [0, 64]\n")), HasSubstr("s.toml:5: 'seq' is '0'"));
  EXPECT_THAT(refusal(grid("padding = [true, 1]\n")), HasSubstr("s.toml:5: 'padding' is 1, expected true or false"));
  EXPECT_THAT(refusal("[base]\nmodel = \"bert-bsae\"\n[grid]\nbatch = [1]\n"), HasSubstr("s.toml:2: unknown model"));
  for (const char* possible :
       {"seq = [64, 4096]\n", "attention = [\"mha\", \"mhe-add\"]\nseq = [4096]\n", "sdpa = [\"eager\", \"flash\"]\n",
        "optimizer = [\"sgd\", \"adamw\"]\nmomentum = [0.9]\n"})
    EXPECT_NO_THROW(plan_of(grid(possible))) << possible;
}

TEST(SweepFile, GridBeyondMeasureIsRefusedAtOnce) {
  std::string many;
  for (int i = 1; i <= 400; ++i) many += std::to_string(i) + ",";
  EXPECT_THAT(refusal("[base]\nmodel = \"bert-base\"\n[grid]\nbatch = [" + many + "]\nseq = [" + many + "]\n"),
              HasSubstr("s.toml:3: 160000 combinations, at most 100,000 are run"));
  EXPECT_THAT(refusal("[base]\nmodel = \"bert-base\"\n[grid]\nseq = { from = 1, to = 9007199254740992, step = 1 }\n"),
              HasSubstr("'seq' has 10001 values, expected 1 to 10,000"));
}

TEST(SweepFile, AnyTextIsAPlanOrOneMessage) {
  const std::vector<std::string> parts{"[base]\n",
                                       "[grid]\n",
                                       "[[grid]]\n",
                                       "[[run]]\n",
                                       "[[exclude]]\n",
                                       "[run]\n",
                                       "model = \"bert-base\"\n",
                                       "seq = [64, 128]\n",
                                       "seq = 64\n",
                                       "batch = [1, 1]\n",
                                       "batch = {from=1,to=9,factor=3}\n",
                                       "attention = \"mha\"\n",
                                       "padding = [true]\n",
                                       "seq = [[]]\n",
                                       "dtype = [1.5]\n",
                                       "x = 1979-05-27\n",
                                       "\"\" = 1\n",
                                       "= \n"};
  std::uint32_t state = 7;
  for (int i = 0; i < 300; ++i) {
    std::string text = i % 2 == 0 ? parts[0] + parts[6] : "";
    for (int k = 0; k < 5; ++k) text += parts[(state = state * 1664525 + 1013904223) / 65536 % parts.size()];
    try {
      const cli::SweepPlan plan = plan_of(text);
      EXPECT_FALSE(plan.runs.empty());
      for (const auto& run : plan.runs) EXPECT_EQ(run.settings.size(), plan.varied.size());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input) << text;
      EXPECT_THAT(error.what(), testing::StartsWith("s.toml")) << text;
    }
  }
}

}  // namespace
}  // namespace headroom::cli_test
