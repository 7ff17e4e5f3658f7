#include "reports/sweep.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "base/json.h"
#include "reports/markup.h"
#include "reports/text.h"
#include "tests/reports/golden.h"
#include "tests/sweep_sample.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing_support::message_of;
using testing_support::sweep_row;
using testing_support::sweep_sample;

std::vector<std::string> files_of(const Sweep& sweep) {
  std::vector<std::string> files;
  for (const SweepPicture& picture : sweep_pictures(sweep)) files.push_back(picture.file);
  return files;
}

TEST(SweepReport, LooksAsItShould) {
  for (const int width : {40, 80, 120})
    expect_golden(write_sweep_terminal(sweep_sample(), {width, false}), "sweep-" + std::to_string(width) + ".txt");
  expect_golden(write_sweep_markdown(sweep_sample(), sweep_pictures(sweep_sample())), "sweep.md");
  expect_golden(write_sweep_csv(sweep_sample()), "sweep.csv");
  expect_golden(sweep_pictures(sweep_sample())[0].svg, "sweep-peak-seq.svg");
}

TEST(SweepReport, NoLineIsWiderThanTheTerminal) {
  for (const int width : {40, 57, 80, 120, 200}) {
    std::istringstream lines(write_sweep_terminal(sweep_sample(), {width, false}));
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(display_width(line), static_cast<std::size_t>(width)) << line;
  }
}

TEST(SweepReport, IsReadBackAsItWas) {
  const Sweep sweep = sweep_sample();
  const Sweep again = read_sweep_json(write_sweep_json(sweep), "results.json");
  EXPECT_EQ(again.rows, sweep.rows);
  EXPECT_EQ(write_sweep_json(again), write_sweep_json(sweep));
  for (const SweepRow& row : sweep.rows) EXPECT_EQ(read_sweep_run(write_sweep_run(row.result), "run"), row.result);
}

TEST(SweepReport, NothingBreaksATable) {
  Sweep sweep = sweep_sample();
  sweep.rows[0].settings[0] = "a,\"b\"\n|*<c>\x1b[31m";
  EXPECT_THAT(write_sweep_csv(sweep), HasSubstr("\n1,\"a,\"\"b\"\"\n|*<c>\x1b[31m\",64,ok,"));
  EXPECT_THAT(write_sweep_markdown(sweep, {}), AllOf(HasSubstr("\\|\\*&lt;c&gt;"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(write_sweep_terminal(sweep, {}), Not(HasSubstr("\x1b")));
  for (const SweepPicture& picture : sweep_pictures(sweep)) EXPECT_THAT(picture.svg, Not(HasSubstr("<c>")));
}

TEST(SweepReport, SumsOfTheTableAreThePeaks) {
  std::istringstream lines(write_sweep_csv(sweep_sample()));
  std::string line;
  std::getline(lines, line);
  EXPECT_THAT(line,
              testing::StartsWith("run,attention,seq,outcome,reason,parameters,parameter_bytes,peak_allocated_bytes,"));
  std::getline(lines, line);
  EXPECT_EQ(std::ranges::count(line, ','), 28);
}

TEST(SweepPictures, AreOfEachNumberWithALineForEachCombinationOfTheRest) {
  EXPECT_THAT(files_of(sweep_sample()), ElementsAre("peak-seq.svg", "categories-seq-1.svg", "categories-seq-2.svg"));
  const std::string svg = sweep_pictures(sweep_sample())[0].svg;
  EXPECT_THAT(svg, AllOf(HasSubstr(">mha · slope 1.00</text>"), HasSubstr(">mqa · slope 0.54</text>"),
                         HasSubstr(">1.00 GiB</text>"), HasSubstr("prefers-color-scheme:dark")));
}

TEST(SweepReport, EveryFormSaysWhatTheRunsHaveInCommonAndThatTheyAreVirtual) {
  const Sweep sweep = sweep_sample();
  const auto pictures = sweep_pictures(sweep);
  for (const std::string& text : {write_sweep_terminal(sweep, {200, false}), write_sweep_markdown(sweep, pictures),
                                  pictures.front().svg, pictures.back().svg})
    EXPECT_THAT(text, AllOf(HasSubstr("bert-base · batch 1 · seq 128 · train · fp32"),
                            HasSubstr("virtual NVIDIA H100 80GB HBM3")));
}

TEST(SweepReport, WhatWasVariedIsNotInCommon) {
  Sweep sweep = sweep_sample();
  sweep.rows[1].result.spec->attention = "mqa";
  sweep.rows[2].result.spec->seq = 4096;
  sweep.rows[3].result.spec->dtype = Dtype::bf16;
  EXPECT_THAT(sweep_conditions(sweep),
              ElementsAre("bert-base", "batch 1", "train", "adamw (foreach)", "eager attention"));
  for (SweepRow& row : sweep.rows) row.result.spec->model = "/home/me/models/gpt2/config.json";
  EXPECT_EQ(sweep_conditions(sweep).front(), "gpt2");
  for (SweepRow& row : sweep.rows) row.result.spec.reset();
  EXPECT_THAT(sweep_conditions(sweep), IsEmpty());
}

TEST(SweepPictures, ManyLinesAreSeveralPictures) {
  Sweep sweep = sweep_sample();
  sweep.varied = {"attention", "batch", "seq"};
  sweep.rows.clear();
  for (const char* attention : {"mha", "mqa", "sha"})
    for (int batch = 1; batch <= 4; ++batch)
      for (const int seq : {64, 128}) {
        const auto number = static_cast<std::int64_t>(sweep.rows.size() + 1);
        sweep.rows.push_back(sweep_row(number, {attention, batch, seq}, (1 << 20) * batch * seq));
      }
  sweep.count = static_cast<std::int64_t>(sweep.rows.size());
  // By batch 6 lines fit in one picture; by seq 12 do not: one picture for each batch.
  const auto files = files_of(sweep);
  EXPECT_EQ(std::ranges::count_if(files, [](const auto& file) { return file.starts_with("peak-seq-"); }), 4);
  EXPECT_THAT(files, testing::Contains("peak-batch.svg"));
}

TEST(SweepPictures, FlatLinesAndSinglePointsAreNoTrouble) {
  Sweep sweep = sweep_sample();
  sweep.rows = {sweep_row(1, {"mha", 64}, 4096), sweep_row(2, {"mha", 128}, 4096)};
  for (const SweepPicture& picture : sweep_pictures(sweep))
    EXPECT_THAT(picture.svg, AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
  sweep.rows.resize(1);
  EXPECT_THAT(sweep_pictures(sweep), IsEmpty());
}

TEST(SweepWords, RunsThatFollowEachOtherAreTakenTogether) {
  EXPECT_EQ(number_ranges({1, 2, 3, 5, 6, 9}), "1–3, 5, 6, 9");
  EXPECT_EQ(number_ranges({}), "");
  EXPECT_EQ(sweep_counts(sweep_sample()), "6 runs: 5 ok, 1 out of memory");
  EXPECT_EQ(slope_text(-0.001), "0.00");
}

TEST(SweepReader, SaysWhatIsWrong) {
  const auto refusal = [](const std::string& text) {
    return message_of(ExitCode::bad_input, [&] { read_sweep_json(text, "r.json"); });
  };
  EXPECT_THAT(refusal("{}"), HasSubstr("r.json: its schema is '', expected headroom.sweep/1"));
  std::string text = write_sweep_json(sweep_sample());
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    return other.replace(other.find(from), from.size(), to);
  };
  EXPECT_THAT(refusal(changed("\"run\": 1", "\"run\": 9")),
              HasSubstr("'run' is 9, expected a whole number from 1 to 6"));
  EXPECT_THAT(refusal(changed("\"run\": 2", "\"run\": 1")), HasSubstr("run 1 is out of place"));
  EXPECT_THAT(refusal(changed("\"outcome\": \"ok\"", "\"outcome\": \"fine\"")), HasSubstr("'outcome' is \"fine\""));
  EXPECT_THAT(refusal(changed("\"parameter\": ", "\"parameter\": 1")),
              HasSubstr("contradicts itself: run 1: the categories sum"));
}

TEST(SweepReader, AnyBytesAreASweepOrOneMessage) {
  const std::string whole = write_sweep_json(sweep_sample()), one = write_sweep_run(sweep_sample().rows[0].result);
  std::uint32_t state = 1;
  const auto next = [&] { return (state = state * 1664525 + 1013904223) >> 8; };
  for (int i = 0; i < 600; ++i) {
    std::string text = i % 2 == 0 ? whole : one;
    for (int k = 0; k < 1 + i % 3; ++k) text[next() % text.size()] = "0{}[]\",:-9ex\n"[next() % 13];
    if (i % 7 == 0) text.resize(next() % text.size());
    try {
      i % 2 == 0 ? (void)write_sweep_json(read_sweep_json(text, "x")) : (void)read_sweep_run(text, "x");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input);
    }
  }
}

}  // namespace
}  // namespace headroom
