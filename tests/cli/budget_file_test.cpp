// The reader of budget files: what it makes of one, and what it says of a wrong one, by line.
#include "cli/budget_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "cli/budget_limits.h"
#include "tests/cli/tool.h"
#include "tests/temporary_folder.h"

namespace headroom::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing_support::message_of;

std::vector<BudgetEntry> entries_of(const std::string& text) { return parse_budget_file(text, "b.toml").entries; }

std::vector<std::string> names_of(const std::string& text) {
  std::vector<std::string> names;
  for (const BudgetEntry& entry : entries_of(text)) names.push_back(entry.name);
  return names;
}

constexpr const char* kRun = "[[budget]]\nmodel = \"bert-base\"\n";

std::vector<Limit> limits_of(const std::string& text) { return entries_of(kRun + text).at(0).budget.limits; }

TEST(BudgetFile, FourLinesAreABudget) {
  const BudgetFile file =
      parse_budget_file("[[budget]]\nmodel = \"bert-base\"\nbatch = 8\npeak = \"2.5GiB\"\n", "ci/b.toml");
  ASSERT_THAT(file.entries, SizeIs(1));
  const BudgetEntry& entry = file.entries[0];
  EXPECT_EQ(entry.name, "bert-base");
  EXPECT_EQ(entry.line, 1u);
  EXPECT_EQ(entry.spec.batch, 8);
  EXPECT_EQ(entry.spec.device, "virtual:h100-80gb");
  ASSERT_THAT(entry.budget.limits, SizeIs(1));
  EXPECT_EQ(entry.budget.limits[0].levels.fail, 5ll << 29);
  EXPECT_EQ(entry.budget.limits[0].line, 4u);
  EXPECT_EQ(file.baselines, "ci/b.baselines");
}

TEST(BudgetFile, LimitsSayAllThatTheyMay) {
  const auto limits = limits_of(R"(
reserved = { warn = 1000, fail = "2 KiB", growth = { warn = "1 %", fail = "10MiB" }, reason = "the card" }
parameters = 110_000_000
category.activation = "1GiB"
[budget.layer]
"encoder.layer.*" = { fail = 5, self = true, category = "temporary" }
[budget.layer."**"]
growth = "2.5%"
exception = { fail = 7, reason = "until fused", expires = 2026-12-31 }
)");
  ASSERT_THAT(limits, SizeIs(5));
  EXPECT_EQ(limits[0].levels.warn, 1000);
  EXPECT_EQ(limits[0].levels.fail, 2048);
  EXPECT_EQ(limits[0].levels.warn_growth, (Growth{10'000, true}));
  EXPECT_EQ(limits[0].levels.fail_growth, (Growth{10 << 20, false}));
  EXPECT_EQ(limits[0].reason, "the card");
  EXPECT_EQ(limits[1].levels.fail, 110'000'000);
  EXPECT_EQ(key_of(limits[2].metric), "category.activation");
  EXPECT_EQ(key_of(limits[3].metric), "layer.encoder.layer.* self temporary");
  EXPECT_EQ(limits[3].line, 8u);
  EXPECT_EQ(limits[4].levels.fail_growth, (Growth{25'000, true}));
  EXPECT_EQ(limits[4].exception->levels.fail, 7);
  EXPECT_EQ(limits[4].exception->expires, "2026-12-31");
}

TEST(BudgetFile, DefaultsAreOfEveryRunThatDoesNotSayOtherwise) {
  const auto entries = entries_of(R"(
[defaults]
model = "gpt2"
dtype = "bf16"
peak = "1GiB"
category = { activation = 5, other = 6 }
[[budget]]
batch = 2
[[budget]]
model = "bert-base"
dtype = "fp32"
peak = 3
category.activation = 4
[[budget]]
recording = "x/run.headroom"
[[budget]]
command = ["python", "a b.py"]
reserve = "1GiB"
)");
  ASSERT_THAT(entries, SizeIs(4));
  EXPECT_EQ(entries[0].name, "gpt2");
  EXPECT_EQ(entries[0].spec.dtype, Dtype::bf16);
  EXPECT_EQ(entries[0].budget.limits[0].line, 5u) << "where it is written";
  EXPECT_EQ(entries[1].spec.dtype, Dtype::fp32);
  ASSERT_THAT(entries[1].budget.limits, SizeIs(3));
  EXPECT_EQ(entries[1].budget.limits[0].levels.fail, 3);
  EXPECT_EQ(entries[1].budget.limits[1].levels.fail, 4);
  EXPECT_EQ(entries[1].budget.limits[2].levels.fail, 6);
  EXPECT_EQ(entries[2].name, "run");
  EXPECT_EQ(entries[2].recording, "x/run.headroom");
  EXPECT_EQ(entries[3].name, "a-b");
  EXPECT_THAT(entries[3].flags, ElementsAre("--reserve=1GiB", "--device=virtual:h100-80gb"));
  EXPECT_THAT(entries[3].spec.command, ElementsAre("python", "a b.py"));
}

TEST(BudgetFile, AListStandsForARunOfEachValue) {
  EXPECT_THAT(names_of("[[budget]]\nname = \"b\"\nmodel = \"bert-base\"\nattention = [\"mha\", \"mqa\"]\nbatch = [1, "
                       "8]\npeak = 1\n"),
              ElementsAre("b[attention=mha,batch=1]", "b[attention=mha,batch=8]", "b[attention=mqa,batch=1]",
                          "b[attention=mqa,batch=8]"));
  EXPECT_THAT(names_of("[defaults]\nbatch = [1, 2]\n[[budget]]\nmodel = \"gpt2\"\npeak = 1\n"),
              ElementsAre("gpt2[batch=1]", "gpt2[batch=2]"));
}

TEST(BudgetFile, NamesOfFilesAreDistinctAndHarmless) {
  EXPECT_EQ(file_stem("b[attention=mha,batch=1]"), "b[attention=mha,batch=1]");
  EXPECT_EQ(file_stem("../a b/ü%2F"), "%2E.%2Fa%20b%2F%C3%BC%252F");
  std::set<std::string> stems;
  for (int c = 0; c < 256; ++c) stems.insert(file_stem(std::string(1, static_cast<char>(c))));
  EXPECT_THAT(stems, SizeIs(256));
}

TEST(BudgetFile, DaysAreThoseOfTheCalendar) {
  for (const char* day : {"2026-12-31", "2028-02-29", "0001-01-01"}) EXPECT_TRUE(is_date(day)) << day;
  for (const char* day : {"2026-02-29", "2026-13-01", "2026-1-1", "2026-12-31T00:00:00", "+026-12-31", ""})
    EXPECT_FALSE(is_date(day)) << day;
}

// Every refusal of the reader, as text: the file, and what is said of it.
TEST(BudgetFile, RefusalsNameTheLineAndTheRemedy) {
  const std::string run = kRun, limited = run + "peak = 1\n";
  const std::vector<std::string> cases{
      "",
      "budgets = 1\n",
      "[defaults]\nname = \"x\"\n" + limited,
      "defaults = 1\n" + limited,
      "budget = 1\n",
      "baselines = 3\n" + limited,
      run,
      "[[budget]]\npeak = 1\n",
      limited + "recording = \"x.headroom\"\n",
      limited + "bacth = 8\n",
      limited + "batch = 0\n",
      limited + "batch = []\n",
      "[defaults]\nseq = 513\n" + limited,
      run + "peek = 1\n",
      run + "peak = \"2.5GB\"\n",
      run + "peak = -1\n",
      run + "peak = 1.5\n",
      run + "peak = []\n",
      run + "peak = {}\n",
      run + "peak = { reason = \"x\" }\n",
      run + "peak = { warn = 5, fail = 4 }\n",
      run + "peak = { growth = { warn = \"5%\", fail = \"4%\" } }\n",
      run + "peak = { growth = \"5 percent\" }\n",
      run + "peak = { growth = \"-5%\" }\n",
      run + "peak = { growth = {} }\n",
      run + "peak = { growth = true }\n",
      run + "peak = { fial = 5 }\n",
      run + "peak = { fail = 5, self = true }\n",
      run + "peak = { fail = 5, reason = \"\" }\n",
      run + "peak = { fail = 5, exception = 6 }\n",
      run + "peak = { fail = 5, exception = { fail = 6, reason = \"x\" } }\n",
      run + "peak = { fail = 5, exception = { fail = 6, expires = 2026-01-01 } }\n",
      run + "peak = { fail = 5, exception = { reason = \"x\", expires = 2026-01-01 } }\n",
      run + "peak = { fail = 5, exception = { fail = 6, reason = \"x\", expires = \"soon\" } }\n",
      run + "parameters = \"110M\"\n",
      run + "category = 5\n",
      run + "category.activations = 5\n",
      run + "category.unresolved = 5\n",
      run + "layer = {}\n",
      run + "layer.\"\" = 5\n",
      run + "layer.head = { fail = 5, self = 1 }\n",
      run + "layer.head = { fail = 5, category = \"actvation\" }\n",
      limited + limited,
      limited + "name = \"x\"\n" + limited + "name = \"x\"\n",
      limited + "name = \"" + std::string(101, 'x') + "\"\n",
      limited + "name = \"\\u001b[31m\"\n",
      "[[budget]]\nrecording = \"x.headroom\"\nbatch = 8\npeak = 1\n",
      "[[budget]]\nrecording = 5\npeak = 1\n",
      "[[budget]]\ncommand = \"python train.py\"\npeak = 1\n",
      "[[budget]]\ncommand = [\"python\"]\nattention = \"mha\"\npeak = 1\n",
      "[[budget]]\ncommand = [\"python\"]\ndevice = \"virtual:h10\"\npeak = 1\n",
      "[[budget]]\ncommand = [\"python\"]\nbacked = 1\npeak = 1\n",
      "[[budget]]\ncommand = [\"python\"]\nvalue = \"3\"\npeak = 1\n",
      "[[budget]]\ncommand = [\"python\"]\nranks = 0\npeak = 1\n",
  };
  std::string text;
  for (const std::string& one : cases)
    text += one + "→ " + message_of(ExitCode::bad_input, [&] { entries_of(one); }) + "\n\n";
  cli_test::expect_golden("budget_file_refusals.txt", text);
}

TEST(BudgetFile, ListsStandForNoMoreRunsThanAFileMayHave) {
  std::string many = "[1";
  for (int i = 2; i <= 200; ++i) many += "," + std::to_string(i);
  many += "]";
  const std::string text = std::string(kRun) + "peak = 1\nbatch = " + many + "\nseed = " + many + "\n";
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { entries_of(text); }),
              HasSubstr("b.toml:5: the lists stand for more than 10,000 runs"));
}

// Thousands of damaged files: an Error of exit code 2, or budgets that each have a name of their own and a limit.
TEST(BudgetFile, SurvivesDamage) {
  const std::string whole =
      std::string(kRun) +
      "batch = [1, 8]\npeak = { warn = 5, fail = \"1GiB\", growth = \"5%\" }\ncategory.other = 5\n"
      "[budget.layer]\n\"a.*\" = { fail = 5, self = true }\n[[budget]]\ncommand = [\"a\"]\nreserved = 1\n";
  std::mt19937 random(3);
  const std::string pieces = "[]{}=\"'.,#\n\\*%-0159aeinux\x80\xff";
  int read = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = whole;
    for (std::uint32_t k = random() % 4; k-- > 0;) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0)
        text.erase(at, 1 + random() % 8);
      else if (random() % 2 == 0)
        text[at] = pieces[random() % pieces.size()];
      else
        text.insert(at, text.substr(random() % text.size(), random() % 20));
    }
    try {
      std::set<std::string> names;
      for (const BudgetEntry& entry : entries_of(text)) {
        EXPECT_TRUE(names.insert(entry.name).second);
        EXPECT_FALSE(entry.budget.limits.empty());
      }
      ++read;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input) << error.what();
      EXPECT_THAT(error.what(), testing::StartsWith("b.toml"));
    }
  }
  EXPECT_GT(read, 100);
}

}  // namespace
}  // namespace headroom::cli
