#include "reports/table.h"

#include <gmock/gmock.h>

namespace headroom {
namespace {

Table example() {
  Table table({{"name", 0, true}, {"peak", 0}, {"two\nlines", 2}, {"spare", 1}});
  table.add_row({{"a"}, {"10"}, {"200"}, {"3"}});
  table.add_rule();
  table.add_row({{"longer"}, {"1"}, {"2"}, {"3"}});
  return table;
}

TEST(Table, AlignsNumbersRightAndNamesLeft) {
  EXPECT_EQ(example().render(80, false),
            "                two\n"
            "name    peak  lines  spare\n"
            "──────────────────────────\n"
            "a         10    200      3\n"
            "──────────────────────────\n"
            "longer     1      2      3\n");
}

TEST(Table, LeastImportantColumnLeavesFirst) {
  EXPECT_THAT(example().left_out(26), testing::IsEmpty());
  EXPECT_THAT(example().left_out(25), testing::ElementsAre("two lines"));
  EXPECT_THAT(example().left_out(18), testing::ElementsAre("two lines", "spare"));
  EXPECT_THAT(example().left_out(1), testing::ElementsAre("two lines", "spare"));
}

TEST(Table, LongNamesAreShortenedOnlyAfterColumnsLeft) {
  Table table({{"name", 0, true}, {"peak", 0}});
  table.add_row({{std::string(300, 'n')}, {"1.00 GiB"}});
  EXPECT_THAT(table.render(20, false), testing::HasSubstr("nnnnn…nnnn  1.00 GiB\n"));
}

TEST(Table, ColourDoesNotDisturbAlignment) {
  Table table({{"n", 0, true}, {"v", 0}});
  table.add_row({{"a"}, {"1", Style::bad}});
  table.add_row({{"b"}, {"100", Style::plain, 25}});
  EXPECT_THAT(table.render(20, true), testing::HasSubstr("a    \x1b[1;31m1\x1b[0m\n"));
  EXPECT_THAT(table.render(20, true), testing::HasSubstr("b  \x1b[38;5;25m100\x1b[0m\n"));
}

}  // namespace
}  // namespace headroom
