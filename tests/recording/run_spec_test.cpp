#include "recording/run_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing_support::message_of;

RunSpec every_field_set() {
  return {.model = "configs/my model.json",
          .attention = "mhe-add",
          .positions = "alibi",
          .batch = 8,
          .seq = 512,
          .mode = Mode::forward,
          .dtype = Dtype::amp_bf16,
          .optimizer = Optimizer::sgd,
          .optimizer_implementation = OptimizerImplementation::for_loop,
          .sdpa = Sdpa::flash,
          .dropout = 0.1,
          .steps = 3,
          .device = "cuda:1",
          .seed = 42,
          .virtual_options = {600 << 20, "shuffled:7", VirtualEvents::delayed, true}};
}

RunSpec training() {
  return {.model = "gpt2",
          .optimizer = Optimizer::sgd,
          .momentum = 0.9,
          .checkpoint = Checkpoint::block,
          .accumulate = 4,
          .clip = 0.5,
          .loss_chunk = 1024};
}

RunSpec program() {
  return {.model = "train.py",
          .mode = Mode::forward,
          .device = "virtual:8xh100-80gb",
          .virtual_options = {.reserve_bytes = 1000, .address_order = "ascending"},
          .command = {"python", "train.py", "--name", "it's", ""},
          .values = {{"train.py:42", 3.5}, {"aten::nonzero", 1000}},
          .source_lines = true,
          .ranks = 16,
          .rank = 3};
}

std::string refusal(const char* text) {
  return message_of(ExitCode::bad_input, [&] { run_spec_from_json(parse_json(text, "spec"), "spec"); });
}

TEST(RunSpec, SurvivesJson) {
  const RunSpec spec = every_field_set();
  EXPECT_EQ(run_spec_from_json(to_json(spec), "spec"), spec);
  EXPECT_EQ(run_spec_from_json(parse_json(to_json(spec).dump(), "spec"), "spec"), spec);
  EXPECT_EQ(run_spec_from_json(to_json(RunSpec{.model = "gpt2"}), "spec"), RunSpec{.model = "gpt2"});
  EXPECT_EQ(run_spec_from_json(parse_json(to_json(training()).dump(), "spec"), "spec"), training());
  EXPECT_EQ(run_spec_from_json(parse_json(to_json(program()).dump(), "spec"), "spec"), program());
}

TEST(RunSpec, OfAProgramSaysNothingOfAModel) {
  const Json json = to_json(program());
  for (const char* key : {"batch", "seq", "dtype", "optimizer", "attention", "steps"})
    EXPECT_FALSE(json.contains(key)) << key;
  EXPECT_FALSE(to_json(every_field_set()).contains("command"));
}

TEST(RunSpec, NeedsOnlyAModelAndIgnoresUnknownKeys) {
  EXPECT_EQ(run_spec_from_json(parse_json(R"({"model": "gpt2", "colour": 7})", "spec"), "spec"),
            RunSpec{.model = "gpt2"});
}

TEST(RunSpec, RefusesBadMembersWithKeyAndExpectation) {
  EXPECT_EQ(refusal("{}"), "spec: 'model' is missing, expected a text");
  EXPECT_EQ(refusal(R"({"model": ""})"), "spec: 'model' is \"\", expected a preset's name or a path");
  EXPECT_EQ(refusal(R"({"model": "m", "batch": 0})"),
            "spec: 'batch' is 0, expected a whole number from 1 to 2147483647");
  EXPECT_THAT(refusal(R"({"model": "m", "seq": "long"})"), HasSubstr("'seq' is \"long\""));
  EXPECT_THAT(refusal(R"({"model": "m", "steps": 1001})"), HasSubstr("'steps' is 1001"));
  EXPECT_THAT(refusal(R"({"model": "m", "dropout": 1.5})"),
              HasSubstr("'dropout' is 1.5, expected a number from 0 to 1"));
  EXPECT_THAT(refusal(R"({"model": "m", "dtype": "fp23"})"), HasSubstr("unknown dtype 'fp23'; did you mean 'fp32'?"));
  EXPECT_THAT(refusal(R"({"model": "m", "seed": -1})"), HasSubstr("'seed' is -1"));
  EXPECT_THAT(refusal("[]"), HasSubstr("expected an object"));
}

TEST(RunSpec, RefusesBadMembersOfProgramsAndVirtualDevices) {
  const auto of_virtual = [](const std::string& member) {
    return refusal((R"({"model": "m", "virtual_options": {)" + member + "}}").c_str());
  };
  EXPECT_THAT(of_virtual(R"("reserve_bytes": -1)"), HasSubstr("spec: virtual_options: 'reserve_bytes' is -1"));
  EXPECT_EQ(of_virtual(R"("address_order": "random")"),
            "spec: virtual_options: 'address_order' is 'random', expected descending, ascending or shuffled:SEED");
  EXPECT_THAT(of_virtual(R"("events": "late")"), HasSubstr("unknown events 'late'"));
  EXPECT_THAT(of_virtual(R"("backed": 1)"), HasSubstr("'backed' is 1"));
  const auto of_program = [](const std::string& member) {
    return refusal((R"({"model": "m", "command": ["m"], )" + member + "}").c_str());
  };
  EXPECT_THAT(refusal(R"({"model": "m", "command": "m"})"), HasSubstr("'command' is \"m\", expected an array"));
  EXPECT_THAT(refusal(R"({"model": "m", "command": [1]})"), HasSubstr("an array of texts"));
  EXPECT_THAT(of_program(R"("values": [{"value": 1}])"), HasSubstr("'place' is missing"));
  EXPECT_THAT(of_program(R"("ranks": -1)"), HasSubstr("'ranks' is -1"));
  EXPECT_THAT(of_program(R"("ranks": 8, "rank": 8)"), HasSubstr("'rank' is 8, expected a whole number from 0 to 7"));
}

TEST(RunSpec, SaysNothingOfPositionsUnlessOthersWereAskedFor) {
  EXPECT_FALSE(to_json(RunSpec{.model = "m"}).contains("positions"));
  EXPECT_EQ(to_json(every_field_set())["positions"], "alibi");
  EXPECT_THAT(refusal(R"({"model": "m", "positions": 7})"), HasSubstr("'positions' is 7"));
}

TEST(RunSpec, SaysNothingOfPaddingUnlessItWasAskedFor) {
  RunSpec spec{.model = "m"};
  EXPECT_FALSE(to_json(spec).contains("padding"));
  spec.padding = true;
  EXPECT_EQ(run_spec_from_json(to_json(spec), "here"), spec);
  EXPECT_THAT(reproduction_command(spec), HasSubstr("--seq 128 --padding --device"));
  spec.mode = Mode::generate;
  EXPECT_EQ(message_of(ExitCode::bad_input, [&] { validate(spec); }),
            "--padding is of training and forward passes, and --mode is generate");
}

TEST(RunSpec, SaysNothingOfTracingUnlessItWasAskedFor) {
  for (const RunSpec& spec : {RunSpec{.model = "m"}, program()})
    for (const char* key : {"trace", "require_cupti", "counters"}) EXPECT_FALSE(to_json(spec).contains(key)) << key;
  RunSpec traced = program();
  traced.trace = TraceLevel::none;
  EXPECT_EQ(to_json(traced)["trace"], "none");
  traced.trace = TraceLevel::full;
  traced.require_cupti = true;
  EXPECT_EQ(run_spec_from_json(to_json(traced), "spec"), traced);
  EXPECT_THAT(refusal(R"({"model": "m", "trace": "all"})"), HasSubstr("unknown trace 'all'"));
  const RunSpec counted{.model = "m", .device = "cuda:1", .counters = true};
  EXPECT_EQ(run_spec_from_json(to_json(counted), "spec"), counted);
  EXPECT_THAT(reproduction_command(counted), HasSubstr("--counters"));
}

TEST(RunSpec, SaysNothingOfTrainingUnlessItWasAskedFor) {
  for (const char* key : {"momentum", "checkpoint", "accumulate", "clip", "loss_chunk"}) {
    EXPECT_FALSE(to_json(RunSpec{.model = "m"}).contains(key)) << key;
    EXPECT_TRUE(to_json(training()).contains(key)) << key;
  }
  EXPECT_THAT(refusal(R"({"model": "m", "momentum": 1})"), HasSubstr("'momentum' is 1"));
  EXPECT_THAT(refusal(R"({"model": "m", "checkpoint": "layer"})"), HasSubstr("unknown checkpoint 'layer'"));
  EXPECT_THAT(refusal(R"({"model": "m", "accumulate": 0})"), HasSubstr("'accumulate' is 0"));
  EXPECT_THAT(refusal(R"({"model": "m", "clip": 0})"), HasSubstr("'clip' is 0"));
  EXPECT_THAT(refusal(R"({"model": "m", "loss_chunk": -1})"), HasSubstr("'loss_chunk' is -1"));
}

TEST(TraceLevelOfARun, IsFullOnARealGpuAndNoneElsewhereUnlessSaid) {
  for (const char* device : {"cuda", "cuda:3"})
    EXPECT_EQ(trace_level({.model = "m", .device = device}), TraceLevel::full) << device;
  for (const char* device : {"cpu", "virtual:h100-80gb", "virtual:8xh100-80gb"})
    EXPECT_EQ(trace_level({.model = "m", .device = device}), TraceLevel::none) << device;
  EXPECT_EQ(trace_level({.model = "m", .device = "cuda", .trace = TraceLevel::none}), TraceLevel::none);
  EXPECT_EQ(trace_level({.model = "m", .trace = TraceLevel::memory}), TraceLevel::memory);
}

TEST(RunSpec, RefusesMoreTokensThanAnIndexHolds) {
  EXPECT_NO_THROW(run_spec_from_json(parse_json(R"({"model": "m", "batch": 1, "seq": 2147483647})", "spec"), "spec"));
  EXPECT_EQ(refusal(R"({"model": "m", "batch": 2147483647, "seq": 2147483647})"),
            "spec: 'batch' x 'seq' is 2,147,483,647 x 2,147,483,647 tokens, expected at most 2,147,483,647 a step");
  EXPECT_THAT(refusal(R"({"model": "m", "batch": 65536, "seq": 32768})"), HasSubstr("65,536 x 32,768"));
}

TEST(ValidateRunSpec, NamesTheFlag) {
  const auto complaint = [](const RunSpec& spec) { return message_of(ExitCode::bad_input, [&] { validate(spec); }); };
  EXPECT_NO_THROW(validate(every_field_set()));
  EXPECT_NO_THROW(validate({.model = "m", .device = "cuda", .counters = true}));
  for (const char* device : {"cpu", "virtual:h100-80gb"})
    EXPECT_THAT(complaint({.model = "m", .device = device, .counters = true}),
                HasSubstr("--counters reads a real GPU's own counters"));
  EXPECT_THAT(complaint({.model = ""}), HasSubstr("MODEL is empty"));
  EXPECT_EQ(complaint({.model = "m", .batch = 0}), "--batch is 0, expected a whole number from 1 to 2147483647");
  EXPECT_THAT(complaint({.model = "m", .seq = -1}), HasSubstr("--seq is -1"));
  EXPECT_THAT(complaint({.model = "m", .batch = 1 << 30, .seq = 4}), HasSubstr("--batch x --seq"));
  EXPECT_THAT(complaint({.model = "m", .steps = 0}), HasSubstr("--steps is 0"));
  EXPECT_THAT(complaint({.model = "m", .mode = Mode::generate, .steps = 3}),
              HasSubstr("--steps is of training and forward passes"));
  EXPECT_THAT(complaint({.model = "m", .dropout = -0.5}), HasSubstr("--dropout is -0.5"));
  EXPECT_THAT(complaint({.model = "m", .dropout = NAN}), HasSubstr("--dropout"));
  EXPECT_THAT(complaint({.model = "m", .device = ""}), HasSubstr("--device is empty"));
  EXPECT_THAT(complaint({.model = "m", .seed = -3}), HasSubstr("--seed is -3"));
  EXPECT_NO_THROW(validate(program()));
  EXPECT_EQ(complaint({.model = "m", .device = "cpu", .trace = TraceLevel::full}),
            "--trace full traces a GPU, and --device is cpu: there is nothing to trace");
  EXPECT_THAT(complaint({.model = "m", .device = "cpu", .require_cupti = true}), HasSubstr("--require-cupti"));
  EXPECT_THAT(complaint({.model = "m", .require_cupti = true}), HasSubstr("--trace memory or full"));
  EXPECT_NO_THROW(validate({.model = "m", .device = "cuda", .require_cupti = true}));
  EXPECT_NO_THROW(validate({.model = "m", .device = "cpu", .trace = TraceLevel::none}));
  EXPECT_THAT(complaint({.model = "m", .virtual_options = {.reserve_bytes = -1}}), HasSubstr("--reserve is -1"));
  for (const char* order : {"shuffled", "shuffled:", "shuffled:x", "shuffled:-1", "shuffled:1 ", "Ascending"})
    EXPECT_EQ(complaint({.model = "m", .virtual_options = {.address_order = order}}),
              std::string("--address-order is '") + order + "', expected descending, ascending or shuffled:SEED");
  EXPECT_THAT(complaint({.model = "m", .command = {"m"}, .ranks = 2, .rank = 2}), HasSubstr("--rank is 2"));
  EXPECT_THAT(complaint({.model = "m", .command = {"m"}, .values = {{"", 1}}}), HasSubstr("PLACE of --value is empty"));
  EXPECT_THAT(complaint({.model = "m", .command = {"m"}, .values = {{"a.py:1", NAN}}}), HasSubstr("a finite number"));
}

TEST(ValidateRunSpec, RefusesTrainingThatMeansNothing) {
  const auto complaint = [](RunSpec spec) { return message_of(ExitCode::bad_input, [&] { validate(spec); }); };
  EXPECT_NO_THROW(validate(training()));
  EXPECT_NO_THROW(validate({.model = "m", .optimizer = Optimizer::adafactor, .clip = 1}));
  EXPECT_EQ(complaint({.model = "m", .momentum = 0.9}), "--momentum is of --optimizer sgd, and --optimizer is adamw");
  EXPECT_EQ(complaint({.model = "m", .optimizer = Optimizer::sgd, .momentum = 1}),
            "--momentum is 1, expected a number from 0 to below 1");
  EXPECT_THAT(complaint({.model = "m", .optimizer = Optimizer::sgd, .momentum = NAN}), HasSubstr("--momentum"));
  for (const Optimizer optimizer : {Optimizer::adafactor, Optimizer::adam_8bit})
    EXPECT_THAT(complaint({.model = "m",
                           .optimizer = optimizer,
                           .optimizer_implementation = OptimizerImplementation::fused}),
                HasSubstr("leave --optimizer-implementation out"));
  EXPECT_THAT(complaint({.model = "m", .accumulate = 0}), HasSubstr("--accumulate is 0"));
  EXPECT_THAT(complaint({.model = "m", .clip = 0}), HasSubstr("--clip is 0, expected a number above 0"));
  EXPECT_THAT(complaint({.model = "m", .clip = NAN}), HasSubstr("--clip"));
  EXPECT_THAT(complaint({.model = "m", .optimizer = Optimizer::none, .clip = 1}), HasSubstr("--optimizer is none"));
  EXPECT_THAT(complaint({.model = "m", .loss_chunk = -1}), HasSubstr("--loss-chunk is -1"));
  const RunSpec inference{.model = "m", .mode = Mode::forward};
  const auto with = [&](auto member, auto value) {
    RunSpec spec = inference;
    spec.*member = value;
    return complaint(spec);
  };
  EXPECT_EQ(with(&RunSpec::checkpoint, Checkpoint::block), "--checkpoint is of training, and --mode is forward");
  EXPECT_THAT(with(&RunSpec::accumulate, 2), HasSubstr("--accumulate is of training"));
  EXPECT_THAT(with(&RunSpec::clip, 1.0), HasSubstr("--clip is of training"));
  EXPECT_THAT(with(&RunSpec::loss_chunk, 64), HasSubstr("--loss-chunk is of training"));
}

TEST(ReproductionWords, AreThoseOfTheCommandWithoutAShellsQuotes) {
  EXPECT_THAT(reproduction_words({.model = "my models/config.json"}),
              testing::ElementsAre("headroom", "profile", "my models/config.json", "--batch", "1", "--seq", "128", "--device",
                                   "virtual:h100-80gb"));
}

TEST(ReproductionCommand, LeavesOutDefaults) {
  EXPECT_EQ(reproduction_command({.model = "bert-base"}),
            "headroom profile bert-base --batch 1 --seq 128 --device virtual:h100-80gb");
  EXPECT_EQ(reproduction_command({.model = "bert-base", .attention = "mha", .batch = 8, .device = "cpu"}),
            "headroom profile bert-base --attention mha --batch 8 --seq 128 --device cpu");
}

TEST(ReproductionCommand, NamesEverythingThatDiffers) {
  EXPECT_EQ(reproduction_command(every_field_set()),
            "headroom profile 'configs/my model.json' --attention mhe-add --positions alibi --batch 8 --seq 512 --mode "
            "forward "
            "--dtype amp-bf16 --optimizer sgd --optimizer-implementation for-loop --sdpa flash --dropout 0.1 --steps 3 "
            "--seed 42 --device cuda:1 --reserve 600MiB --address-order shuffled:7 --events delayed --backed");
}

TEST(ReproductionCommand, NamesHowItTrains) {
  EXPECT_EQ(reproduction_command(training()),
            "headroom profile gpt2 --batch 1 --seq 128 --optimizer sgd --momentum 0.9 --checkpoint block --accumulate 4 "
            "--clip 0.5 --loss-chunk 1024 --device virtual:h100-80gb");
}

TEST(ReproductionCommand, OfAProgramEndsInItsOwnWords) {
  EXPECT_EQ(reproduction_command({.model = "train.py", .device = "cuda", .command = {"python", "train.py"}}),
            "headroom run --device cuda -- python train.py");
  EXPECT_EQ(reproduction_command(program()),
            "headroom run --device virtual:8xh100-80gb --reserve 1000 --address-order ascending --source-lines --ranks 16 "
            "--rank 3 --value train.py:42=3.5 --value aten::nonzero=1000 -- python train.py --name 'it'\\''s' ''");
}

TEST(ReproductionCommand, QuotesForTheShell) {
  EXPECT_THAT(reproduction_command({.model = "it's $HOME.json"}), HasSubstr("profile 'it'\\''s $HOME.json' --batch"));
  EXPECT_THAT(reproduction_command({.model = "--help"}), HasSubstr("profile ./--help --batch"));
}

}  // namespace
}  // namespace headroom
