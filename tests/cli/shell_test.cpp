// What is read off the command line for completions and manual pages.
#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <map>
#include <set>

#include "cli/application.h"
#include "packaging/shell/reference.h"
#include "packaging/shell/variables.h"
#include "reports/glossary.h"

namespace headroom::shell {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Choices, AreThoseThatTheHelpLists) {
  EXPECT_THAT(choices_in("What a step does: train, forward or generate (default: train)"),
              ElementsAre("train", "forward", "generate"));
  EXPECT_THAT(choices_in("Numbers; amp-* means autocast. One of: fp32, bf16 or amp-bf16 (default: fp32)"),
              ElementsAre("fp32", "bf16", "amp-bf16"));
  EXPECT_THAT(choices_in("How the model knows positions (default: its own): rope, alibi or none"),
              ElementsAre("rope", "alibi", "none"));
  EXPECT_THAT(choices_in("terminal, json; several, separated by commas, with --out (default: terminal)"),
              ElementsAre("terminal", "json"));
  EXPECT_THAT(choices_in("auto: on a terminal, unless NO_COLOR is set; always; never (default: auto)"),
              ElementsAre("auto", "always", "never"));
  EXPECT_THAT(choices_in("How runs tell it: bar, on a terminal; lines, for programs (default: bar)"),
              ElementsAre("bar", "lines"));
  EXPECT_THAT(choices_in("Work is done at once (immediate) or when it is waited for (delayed) (default: immediate)"),
              ElementsAre("immediate", "delayed"));
  EXPECT_THAT(choices_in("How addresses are handed out: descending, ascending or shuffled:SEED (default: as it is)"),
              ElementsAre("descending", "ascending"));
}

TEST(Choices, AreNoneWhereTheHelpListsNone) {
  for (const char* text : {"", "Sequences per step, from 1 (default: 1)", "Steps to run, 1 to 1000; the first is slow",
                           "Of each training (default: 2000)", "In --mode generate: tokens after the prompt of --seq"})
    EXPECT_THAT(choices_in(text), IsEmpty()) << text;
}

class Pages : public testing::Test {
 protected:
  Pages() {
    app_.add_subcommand("new", "Something added")
        ->add_option("--kind", kind_, "One of: a, b or c\\d")
        ->type_name("KIND");
  }
  CLI::App app_{"Headroom: a tool.", "tool"};
  std::string kind_;
};

TEST_F(Pages, HaveANewCommandWithoutBeingToldOfIt) {
  const Interface interface = interface_of(app_, "1.2");
  ASSERT_THAT(interface.commands, ElementsAre(Field(&Command::name, "new")));
  EXPECT_THAT(interface.commands.front().flags, Contains(Field(&Argument::names, ElementsAre("--kind"))));
  for (const auto& text : {bash_completion(interface), zsh_completion(interface), fish_completion(interface)}) {
    EXPECT_THAT(text, HasSubstr("new"));
    EXPECT_THAT(text, HasSubstr("kind"));
  }
  EXPECT_THAT(manual_page(interface, interface.self), HasSubstr("\\fBtool\\-new\\fR(1)\nSomething added\n"));
}

TEST_F(Pages, EscapeWhatRoffWouldTakeForItsOwn) {
  app_.get_subcommand("new")->footer("\n.dots and 'quotes'\n");
  const Interface interface = interface_of(app_, "1.2");
  const std::string page = manual_page(interface, interface.commands.front());
  EXPECT_THAT(page, HasSubstr("\n\\&.dots and 'quotes'\n"));
  EXPECT_THAT(page, HasSubstr("c\\ed\n"));
}

TEST_F(Pages, OfTheReferenceHaveFlagsThatCommandsShareOnce) {
  for (const char* name : {"one", "two"}) {
    auto* command = app_.add_subcommand(name, "Something");
    command->add_option("--size", kind_, "How much | of it (default: all)")->type_name("N");
    command->add_option("--own", kind_, std::string("Of ") + name)->type_name("N");
  }
  const std::string page = command_reference(interface_of(app_, "1.2"));
  EXPECT_THAT(page, HasSubstr("\n| `--size N` | all | How much \\| of it | one, two |\n"));
  EXPECT_THAT(page, Not(HasSubstr("of it |\n")));
  EXPECT_THAT(page, HasSubstr("| `--own N` |  | Of one |\n"));
  EXPECT_THAT(page, HasSubstr("| [new](#tool-new) | Something added |\n"));
}

TEST(Meanings, AreApartFromDefaults) {
  const auto is = [](const char* text, const char* fallback) {
    return testing::AllOf(Field(&Meaning::text, text), Field(&Meaning::fallback, fallback));
  };
  EXPECT_THAT(meaning_of("Steps (default: 2)"), is("Steps", "2"));
  EXPECT_THAT(meaning_of("Where (default: its own): here or there"), is("Where: here or there", "its own"));
  EXPECT_THAT(meaning_of("How (headroom list x; default: not)"), is("How (headroom list x)", "not"));
  EXPECT_THAT(meaning_of("One (of two)"), is("One (of two)", ""));
}

template <class Rows, class Word>
void expect_whole(const Rows& rows, Word word) {
  std::set<std::string_view> words, groups;
  std::string_view group;
  for (const auto& row : rows) {
    EXPECT_TRUE(words.insert(word(row)).second) << word(row) << " stands twice";
    EXPECT_TRUE(row.group == group || groups.insert(row.group).second) << row.group << " is in two parts";
    EXPECT_TRUE(row.meaning.ends_with('.')) << word(row);
    group = row.group;
  }
}

TEST(Tables, OfWordsAndVariablesSayEachOnce) {
  expect_whole(kGlossary, [](const Term& term) { return term.word; });
  expect_whole(kVariables, [](const Variable& variable) { return variable.name; });
}

// All values of a fixed set are offered: a flag whose help words them otherwise is seen here.
TEST(TheTool, OffersTheValuesOfItsFlags) {
  CLI::App app;
  cli::Chosen chosen;
  cli::describe(app, chosen, {});
  const Interface interface = interface_of(app, "0");
  std::map<std::string, std::vector<std::string>> offered;
  for (const auto& command : interface.commands)
    if (command.name == "compare")
      for (const auto& flag : command.flags) offered[flag.names.front()] = flag.choices;
  for (const char* flag :
       {"--attention", "--positions", "--mode", "--cache", "--cache-dtype", "--dtype", "--optimizer", "--sdpa",
        "--checkpoint", "--device", "--events", "--trace", "--format", "--color", "--progress"})
    EXPECT_GE(offered[flag].size(), 2u) << flag;
  for (const char* flag : {"--batch", "--seq", "--jobs", "--reserve", "--clip", "--padding"})
    EXPECT_THAT(offered[flag], IsEmpty()) << flag;
}

}  // namespace
}  // namespace headroom::shell
