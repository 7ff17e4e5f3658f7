#include "base/toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing_support::message_of;
using testing_support::TemporaryFolder;

std::string refusal(std::string_view text, JsonLimits limits = {}) {
  return message_of(ExitCode::bad_input, [&] { parse_toml(text, "f.toml", limits); });
}

TEST(ParseToml, ReadsADocumentInItsOrder) {
  const TomlDocument document =
      parse_toml("z = 1\na.b = \"x\"\n[[run]]\nseq = [1, 2]\nnow = 2026-12-31\nhalf = 0.5\nyes = true\n", "f");
  EXPECT_EQ(document.root.dump(),
            R"({"z":1,"a":{"b":"x"},"run":[{"seq":[1,2],"now":"2026-12-31","half":0.5,"yes":true}]})");
}

TEST(ParseToml, KnowsTheLineOfEveryValue) {
  const TomlDocument document = parse_toml("a = 1\n\n[[run]]\nb = [\n 1,\n 2]\n[[run]]\n'x/y' = 3\n", "f.toml");
  EXPECT_EQ(document.place("/a"), "f.toml:1");
  EXPECT_EQ(document.place("/run/0/b/1"), "f.toml:6");
  EXPECT_EQ(document.place("/run/1/x~1y"), "f.toml:8");
  EXPECT_EQ(document.place("/run/0/missing/deep"), document.place("/run/0"));
}

TEST(ParseToml, TellsTheLineOfASyntaxError) {
  EXPECT_THAT(refusal("a = 1\nb 2\n"), HasSubstr("f.toml:2: not valid TOML, column "));
  EXPECT_THAT(refusal("a = 1\na = 2\n"), HasSubstr("f.toml:2: "));
  EXPECT_THAT(refusal("a = \"\xff\""), HasSubstr("f.toml:1: "));
  EXPECT_THAT(refusal("a = \"" + std::string(1 << 20, 'x')), testing::SizeIs(testing::Lt(400u)));
}

TEST(ParseToml, RefusesWhatIsNoNumber) {
  EXPECT_EQ(refusal("a = 1\nb = nan\n"), "f.toml:2: inf and nan are no values here, expected a number");
  EXPECT_THAT(refusal("b = -inf"), HasSubstr("inf and nan"));
}

TEST(ParseToml, RefusesTextBeyondTheLimits) {
  EXPECT_EQ(refusal("a = 1\n", {.size_bytes = 5}), "f.toml: 6 B of TOML, at most 5 B are read");
  EXPECT_EQ(refusal("a = 1\nb = 2\n", {.members = 1}), "f.toml:1: a table with more than 1 keys");
}

TEST(ParseToml, RefusesDepthHoweverItIsWritten) {
  std::string dots = "a";
  for (int i = 0; i < 1'000'000; ++i) dots += ".a";
  EXPECT_EQ(refusal("x = 1\n" + dots + " = 1\n"), "f.toml:2: nested deeper than 64 levels");
  EXPECT_EQ(refusal("[" + dots + "]\n"), "f.toml:1: nested deeper than 64 levels");
  std::string quoted = "\"=\"";
  for (int i = 0; i < 100; ++i) quoted += ".'['";
  EXPECT_THAT(refusal(quoted + " = 1\n"), HasSubstr("nested deeper"));
  EXPECT_THAT(refusal("a = " + std::string(1'000'000, '[')), HasSubstr("f.toml:1: "));
  EXPECT_THAT(refusal("a = " + std::string(100, '[') + std::string(100, ']')), HasSubstr("nested deeper"));
}

TEST(ParseToml, CountsNoDotsOfTextAndComments) {
  const std::string dots(1000, '.');
  const TomlDocument document =
      parse_toml("a = \"" + dots + "\\\"\" # " + dots + "\nb = '''\n" + dots + "'''\nc = 1.5\n", "f");
  EXPECT_EQ(document.root["b"], dots);
  EXPECT_EQ(document.place("/c"), "f:4");
}

TEST(ParseToml, ReadsAFileAndNamesIt) {
  const TemporaryFolder folder;
  write_file(folder.path() / "b.toml", "a = 1\n");
  EXPECT_EQ(parse_toml_file(folder.path() / "b.toml").root["a"], 1);
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { parse_toml_file(folder.path() / "none.toml"); }),
              HasSubstr("none.toml"));
}

}  // namespace
}  // namespace headroom
