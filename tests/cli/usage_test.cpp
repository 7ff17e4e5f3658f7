// What the tool says about itself, and about command lines it cannot follow: exact texts.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "models/catalog/attention.h"
#include "tests/cli/tool.h"
#include "virtual_gpu/catalog.h"

namespace headroom::cli_test {
namespace {

struct Case {
  std::string line;
  std::string message;  // after "headroom: "
  int code = 2;
};

void expect_refused(const Case& expected) {
  SCOPED_TRACE("headroom " + expected.line);
  Tool tool;
  const Ended ended = tool.run(words(expected.line));
  EXPECT_EQ(ended.code, expected.code);
  EXPECT_EQ(ended.err, "headroom: " + expected.message + "\n");
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(tool.workers(0).size(), 0u) << "a worker was started";
}

// "" is the tool's own.
const std::vector<std::string> kPages{"",      "compare", "profile", "fit",           "run",       "sweep", "merge",
                                      "check", "report",  "diff",    "fragmentation", "reproduce", "view",  "list"};

TEST(Help, OfTheToolAndOfEachCommandIsAsPrinted) {
  for (const std::string& command : kPages) {
    Tool tool;
    const Ended ended = tool.run(words(command + " --help"));
    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.err, "");
    expect_golden("help" + (command.empty() ? "" : "-" + command) + ".txt", ended.out);
  }
}

TEST(Help, FitsTerminalsOf120Columns) {
  for (const std::string& command : kPages) {
    std::istringstream text(Tool().run(words(command + " --help")).out);
    for (std::string line; std::getline(text, line);) EXPECT_LE(line.size(), 120u) << line;
  }
}

TEST(Help, NeedsNoWorkerAndNoHome) {
  Tool tool;
  tool.environment = {};
  EXPECT_EQ(tool.run({"--help"}).code, 0);
}

TEST(Version, IsTheFirstLine) {
  const Ended ended = Tool().run({"--version"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.out.substr(0, ended.out.find('\n')), "headroom 0.1.0");
}

TEST(Usage, WhatIsMissingIsNamed) {
  const std::vector<Case> cases{
      {"",
       "expected a command: compare, profile, fit, run, sweep, merge, check, report, diff, fragmentation, reproduce, "
       "view "
       "or list "
       "(headroom "
       "--help explains "
       "them)"},
      {"profile", "expected a MODEL: a preset's name (headroom list models) or the path of a config.json"},
      {"compare", "expected a MODEL: a preset's name (headroom list models) or the path of a config.json"},
      {"report", "expected the path of a RECORDING, as --out of another command writes it"},
      {"list", "expected what to list: models, attention, compression, devices or formats"},
      {"profile bert-base --batch", "--batch expects a value"}};
  for (const auto& expected : cases) expect_refused(expected);
}

TEST(Usage, AnUnknownNameIsAnsweredWithTheNearestAndAllOthers) {
  const std::string models = "headroom list models shows all " + std::to_string(models::presets().size()) +
                             "; the path of a config.json will do, too";
  const std::string mechanisms =
      "headroom list attention shows all " + std::to_string(models::attention_mechanisms().size());
  std::string devices = "cpu, cuda, cuda:0";
  for (const auto& model : virtual_gpu::device_catalog()) devices += ", virtual:" + model.name;
  const std::vector<Case> cases{
      {"comprae bert-base",
       "unknown command 'comprae'; did you mean 'compare'? Known: compare, profile, fit, run, sweep, merge, check, "
       "report, "
       "diff, "
       "fragmentation, reproduce, view, list; headroom --help explains them"},
      {"budgets budgets.toml",
       "unknown command 'budgets'. Known: compare, profile, fit, run, sweep, merge, check, report, diff, "
       "fragmentation, "
       "reproduce, "
       "view, list; headroom --help explains them"},
      {"--verzion", "unknown flag '--verzion'; did you mean '--version'?"},
      {"profile bert-base --attentoin mha", "unknown flag '--attentoin'; did you mean '--attention'?"},
      {"profile bert-base --attentoin=mha", "unknown flag '--attentoin'; did you mean '--attention'?"},
      {"compare bert-base --jbos 2", "unknown flag '--jbos'; did you mean '--jobs'?"},
      {"profile bert-base --zzz", "unknown flag '--zzz'; headroom profile --help lists the flags"},
      {"profile bert-base -x", "unknown flag '-x'; headroom profile --help lists the flags"},
      {"list modles",
       "unknown list 'modles'; did you mean 'models'? Known: models, attention, compression, devices, formats"},
      {"list models --format html", "unknown format 'html'. Known: terminal, json"},
      {"profile bret-base", "unknown model 'bret-base'; did you mean 'bert-base'? " + models},
      {"profile bert-base --attention mqaa", "unknown attention mechanism 'mqaa'; did you mean 'mqa'? " + mechanisms},
      {"compare bert-base --attention mha,mhe_add",
       "unknown attention mechanism 'mhe_add'; did you mean 'mhe-add'? " + mechanisms},
      {"compare bert-base --attention mha,mqa --baseline mqq",
       "unknown baseline 'mqq'; did you mean 'mqa'? Known: mha, mqa"},
      {"profile bert-base --device vritual:h100-80gb",
       "unknown device 'vritual:h100-80gb'; did you mean 'virtual:h100-80gb'? Known: " + devices},
      {"profile bert-base --device h100-80gb",
       "unknown device 'h100-80gb'; did you mean 'virtual:h100-80gb'? headroom list devices shows all"},
      {"profile bert-base --device H100",
       "unknown device 'H100'; did you mean 'virtual:h100-80gb'? headroom list devices shows all"},
      {"profile bert-base --device a100-40g",
       "unknown device 'a100-40g'; did you mean 'virtual:a100-40gb'? headroom list devices shows all"},
      {"profile bert-base --device gpu", "unknown device 'gpu'; did you mean 'cuda'? headroom list devices shows all"},
      {"profile bert-base --device tpu-v5-pod", "unknown device 'tpu-v5-pod'. Known: " + devices},
      {"fit bert-base --solve batch --device a100",
       "unknown device 'a100'; did you mean 'virtual:a100-40gb'? headroom list devices shows all"},
      {"fit bert-base --solve batch --device all,virtual:t4-16gb",
       "--device all stands alone: it names every virtual device"},
      {"profile bert-base --dtype torch.bfloat16", "unknown dtype 'torch.bfloat16'; did you mean 'bf16'?"},
      {"profile bert-base --device cuda:x", "unknown device 'cuda:x'; did you mean 'cuda:0'? Known: " + devices},
      {"profile bert-base --dtype fp8", "unknown dtype 'fp8'. Known: fp32, fp16, bf16, amp-fp16, amp-bf16"},
      {"profile bert-base --mode trian", "unknown mode 'trian'; did you mean 'train'? Known: train, forward, generate"},
      {"profile bert-base --optimizer adamx",
       "unknown optimizer 'adamx'; did you mean 'adam'? Known: none, sgd, adam, adamw, adafactor, adam-8bit"},
      {"profile bert-base --optimizer-implementation for_each",
       "unknown optimizer implementation 'for_each'; did you mean 'foreach'? Known: foreach, fused, for-loop"},
      {"profile bert-base --sdpa falsh",
       "unknown sdpa 'falsh'; did you mean 'flash'? Known: eager, math, flash, efficient"},
      {"profile bert-base --positions alibbi",
       "unknown positions 'alibbi'; did you mean 'alibi'? Known: learned, sinusoidal, rope, rope-interleaved, alibi, "
       "t5-buckets, none, transformer-xl"},
      {"profile bert-base --format jsno",
       "unknown format 'jsno'; did you mean 'json'? Known: terminal, json, html, markdown, latex, csv, svg, pdf, png, "
       "perfetto, snapshot"},
      {"profile bert-base --color sometimes", "unknown color 'sometimes'. Known: auto, always, never"}};
  for (const auto& expected : cases) expect_refused(expected);
}

TEST(Usage, ANumberOutOfRangeOrNoNumberIsRefused) {
  const std::string tokens = "expected a whole number from 1 to 2147483647";
  const std::vector<Case> cases{
      {"profile bert-base --batch 0", "--batch is '0', " + tokens},
      {"profile bert-base --batch -8", "--batch is '-8', " + tokens},
      {"profile bert-base --batch=-8", "--batch is '-8', " + tokens},
      {"profile bert-base --batch eight", "--batch is 'eight', " + tokens},
      {"profile bert-base --batch 8.0", "--batch is '8.0', " + tokens},
      {"profile bert-base --batch 0x8", "--batch is '0x8', " + tokens},
      {"profile bert-base --batch 1e3", "--batch is '1e3', " + tokens},
      {"profile bert-base --batch 9223372036854775807", "--batch is '9223372036854775807', " + tokens},
      {"profile bert-base --batch 9223372036854775808",
       "--batch is '9223372036854775808', beyond what 63 bits hold; " + tokens},
      {"profile bert-base --seq 0", "--seq is '0', " + tokens},
      {"profile bert-base --seq 1k", "--seq is '1k', " + tokens},
      {"profile bert-base --batch 65536 --seq 65536",
       "--batch x --seq is 65,536 x 65,536 tokens, expected at most 2,147,483,647 a step"},
      {"profile bert-base --steps 0", "--steps is '0', expected a whole number from 1 to 1000"},
      {"profile bert-base --seed -1", "--seed is '-1', expected a whole number of at least 0"},
      {"profile bert-base --dropout lots", "--dropout is 'lots', expected a number"},
      {"profile bert-base --dropout nan", "--dropout is 'nan', expected a number"},
      {"profile bert-base --dropout 1.5", "--dropout is 1.5, expected a number from 0 to 1"},
      {"compare bert-base --jobs 0", "--jobs is '0', expected a whole number from 1 to 1024"},
      {"profile bert-base --width 39", "--width is '39', expected a whole number from 40 to 10000"}};
  for (const auto& expected : cases) expect_refused(expected);
}

TEST(Usage, WhatContradictsItselfIsRefused) {
  const std::vector<Case> cases{
      {"profile bert-base gpt2", "unexpected argument 'gpt2' after the others of profile"},
      {"profile bert-base --batch 1 --batch 2", "--batch is given more than once"},
      {"compare bert-base --attention mha,mqa,mha", "--attention names 'mha' twice"},
      {"profile gpt2 --positions alibi --sdpa flash",
       "flash attention takes no position biases (alibi): use --sdpa efficient, math or eager"},
      {"profile bert-base --attention el-exact --positions rope",
       "bert-base: attention 'el-exact' is undefined here: it multiplies the query and key matrices together, and "
       "rotary "
       "positions act between them"},
      {"compare bert-base --attention mha,,mqa", "--attention has an empty item in 'mha,,mqa'"},
      {"compare bert-base --attention mha,", "--attention has an empty item in 'mha,'"},
      {"profile bert-base --attention mha,mqa",
       "--attention is 'mha,mqa', expected one mechanism; headroom compare takes several"},
      {"profile bert-base --format json,html", "--format json,html needs --out FOLDER: only one format fits on stdout"},
      {"profile bert-base --format json,json", "--format names 'json' twice"},
      {"profile bert-base --out --quiet",
       "--out expects a folder, not the flag '--quiet'; a folder of that name is ./--quiet"},
      {"profile bert-base --seq 513", "bert-base: a sequence of 513 tokens is longer than its table of 512 positions"},
      {"profile llama-7b --attention el-exact",
       "llama-7b: attention 'el-exact' is undefined here: it multiplies the query and key matrices together, and "
       "rotary "
       "positions act between them"},
      {"compare llama-7b --attention mha,el-exact",
       "llama-7b: attention 'el-exact' is undefined here: it multiplies the query and key matrices together, and "
       "rotary "
       "positions act between them"},
      {"report nothing.headroom", "cannot read 'nothing.headroom': No such file or directory"}};
  for (const auto& expected : cases) expect_refused(expected);
}

TEST(Usage, AFlagsValueCannotSteerTheTerminal) {
  const Ended ended = Tool().run({"profile", "bert-base", "--dtype", "x\x1b[31m\ny"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.err, "headroom: unknown dtype 'x\\x1b[31m\\ny'. Known: fp32, fp16, bf16, amp-fp16, amp-bf16\n");
}

TEST(Usage, AnEmptyValueIsRefused) {
  for (const std::string flag : {"--batch", "--dtype", "--device", "--attention", "--format"}) {
    const Ended ended = Tool().run({"profile", "bert-base", flag, ""});
    EXPECT_EQ(ended.code, 2) << flag;
    EXPECT_EQ(ended.err, "headroom: " + flag + " expects a value\n");
  }
}

TEST(Usage, CudaWithoutAGpuCannotBeMeasured) {
  if (std::filesystem::exists("/dev/nvidiactl")) GTEST_SKIP() << "there is one here";
  expect_refused(
      {"profile bert-base --device cuda",
       "no NVIDIA GPU is usable here (/dev/nvidiactl and libcuda.so.1 are needed for --device cuda); --device "
       "virtual:h100-80gb needs none",
       3});
}

}  // namespace
}  // namespace headroom::cli_test
