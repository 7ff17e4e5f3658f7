// A session is written and read again as it was; what is damaged is refused in a sentence, and nothing is lost by it.
#include "gui/session/session_file.h"

#include <gmock/gmock.h>

#include <QDir>
#include <QProcess>
#include <fstream>
#include <random>

#include "base/file.h"
#include "recording/file.h"
#include "tests/gui/support.h"
#include "tests/temporary_folder.h"

namespace headroom::gui {
namespace {

using testing::HasSubstr;
using testing_support::message_of;
using testing_support::TemporaryFolder;

std::string text(const std::filesystem::path& path) { return read_file(path, 1 << 20); }

SavedSession example(const TemporaryFolder& folder) {
  SavedSession saved;
  saved.runs = {{QString::fromStdString(folder / "a.headroom"), QStringLiteral("first")},
                {QString::fromStdString(folder / "b.headroom"), QStringLiteral("ü \"zwei\"")}};
  saved.current = 1;
  saved.baseline = 0;
  saved.view = "timeline";
  saved.views["timeline"] = Json{{"from", 1.5}, {"to", 9}};
  saved.filter.text = QStringLiteral("attn");
  saved.filter.categories[static_cast<std::size_t>(Category::gradient)] = false;
  saved.filter.least_bytes = 4096;
  saved.filter_layer = "block.0";
  saved.chosen.allocation = 3;
  saved.chosen.category = Category::activation;
  saved.chosen.event = 7;
  saved.chosen_layer = "block.0/attn";
  saved.geometry = QByteArray("\0\1\2", 3);
  saved.unknown["later"] = Json{{"keep", true}};
  return saved;
}

TEST(SessionFile, IsReadAsItWasWritten) {
  const TemporaryFolder folder;
  const SavedSession saved = example(folder);
  write_session_file(folder / "s.headroom-session", saved);
  const SavedSession read = read_session_file(folder / "s.headroom-session");
  ASSERT_EQ(read.runs.size(), 2u);
  EXPECT_EQ(read.runs[1].path, saved.runs[1].path);
  EXPECT_EQ(read.runs[1].label, saved.runs[1].label);
  EXPECT_EQ(read.current, 1);
  EXPECT_EQ(read.baseline, 0);
  EXPECT_EQ(read.view, saved.view);
  EXPECT_EQ(read.views, saved.views);
  EXPECT_EQ(read.filter, saved.filter);
  EXPECT_EQ(read.filter_layer, "block.0");
  EXPECT_EQ(read.chosen, saved.chosen);
  EXPECT_EQ(read.chosen_layer, "block.0/attn");
  EXPECT_EQ(read.geometry, saved.geometry);
  write_session_file(folder / "again.headroom-session", read);
  EXPECT_EQ(text(folder / "again.headroom-session"), text(folder / "s.headroom-session"))
      << "what a later version added is kept";
}

TEST(SessionFile, ObeysItsSchema) {
  const TemporaryFolder folder;
  write_session_file(folder / "s", example(folder));
  QProcess python;
  python.start("python3",
               {"-c",
                "import json, sys\n"
                "try: from jsonschema import Draft202012Validator as V\n"
                "except ImportError: sys.exit(77)\n"
                "schema = json.load(open(sys.argv[1]))\n"
                "V.check_schema(schema)\n"
                "V(schema).validate(json.load(open(sys.argv[2])))\n",
                HEADROOM_SOURCE_DIR "/reports/schema/session.schema.json", QString::fromStdString(folder / "s")});
  ASSERT_TRUE(python.waitForFinished());
  if (python.exitCode() == 77) GTEST_SKIP() << "needs jsonschema 4 (Debian: python3-jsonschema)";
  EXPECT_EQ(python.exitCode(), 0) << python.readAllStandardError().toStdString();
}

TEST(SessionFile, MovesWithItsRecordings) {
  const TemporaryFolder folder, other;
  write_session_file(folder / "s.headroom-session", example(folder));
  std::filesystem::copy(folder / "s.headroom-session", other / "s.headroom-session");
  write_recording(other / "a.headroom", small_recording());
  const SavedSession read = read_session_file(other / "s.headroom-session");
  EXPECT_EQ(read.runs[0].path.toStdString(), (other / "a.headroom").string());
  EXPECT_EQ(read.runs[1].path.toStdString(), (folder / "b.headroom").string()) << "nothing lies beside it";
}

TEST(SessionFile, DamageIsRefusedInASentence) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& bytes) {
    write_file(folder / "s", bytes);
    return message_of(ExitCode::bad_input, [&] { read_session_file(folder / "s"); });
  };
  EXPECT_THAT(refused("{"), HasSubstr((folder / "s").string()));
  EXPECT_THAT(refused("[]"), HasSubstr("object"));
  EXPECT_THAT(refused("{}"), HasSubstr("schema"));
  EXPECT_THAT(refused(R"({"schema": "headroom.session/2", "runs": []})"), HasSubstr("newer Headroom"));
  EXPECT_THAT(refused(R"({"schema": "headroom.report/1"})"), HasSubstr("expected 'headroom.session/1'"));
  const auto with = [&](const std::string& member) {
    return refused(R"({"schema": "headroom.session/1", )" + member + "}");
  };
  EXPECT_THAT(with(R"("runs": 3)"), HasSubstr("list of runs"));
  EXPECT_THAT(with(R"("runs": [{}])"), HasSubstr("run 1"));
  EXPECT_THAT(with(R"("runs": [{"path": 7}])"), HasSubstr("'path'"));
  EXPECT_THAT(with(R"("views": [])"), HasSubstr("'views'"));
  EXPECT_THAT(with(R"("current": "x")"), HasSubstr("'current'"));
  EXPECT_THAT(with(R"("filter": {"least_bytes": -1})"), HasSubstr("'least_bytes'"));
  EXPECT_THAT(with(R"("filter": {"hidden_categories": "x"})"), HasSubstr("categories"));
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { read_session_file(folder / "none"); }), HasSubstr("none"));
}

TEST(SessionFile, WhatNamesNothingIsLeftOut) {
  const TemporaryFolder folder;
  write_file(folder / "s", R"({"schema": "headroom.session/1", "runs": [], "current": 5, "baseline": 0,
                               "filter": {"hidden_categories": ["later", 3]}, "selection": {"category": "later"}})");
  const SavedSession read = read_session_file(folder / "s");
  EXPECT_EQ(read.current, -1);
  EXPECT_EQ(read.baseline, -1);
  EXPECT_TRUE(read.filter.shows_everything());
  EXPECT_FALSE(read.chosen.category.has_value());
}

TEST(SessionFile, TextCutAnywhereIsRefusedOrRead) {
  const TemporaryFolder folder;
  write_session_file(folder / "s", example(folder));
  const std::string whole = text(folder / "s");
  for (std::size_t size = 0; size + 2 < whole.size(); size += 7) {
    std::ofstream(folder / "cut") << whole.substr(0, size);
    EXPECT_THROW(read_session_file(folder / "cut"), Error) << size;
  }
}

TEST(SessionFile, TextChangedAnywhereIsRefusedOrWrittenAgainAsItWasRead) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "s";
  write_session_file(path, example(folder));
  const std::string whole = text(path), tempting = "0123456789-{}[]\",:.e\\ntrue \x01\xff";
  std::mt19937 random(3);
  int read = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string changed = whole;
    for (int change = 0; change < 1 + round % 4; ++change)
      changed[random() % changed.size()] = tempting[random() % tempting.size()];
    std::string again;
    try {
      again = text_of_session(session_of_text(changed, path), path);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input);
      continue;
    }
    ++read;
    EXPECT_EQ(text_of_session(session_of_text(again, path), path), again) << changed;
  }
  EXPECT_GT(read, 100);
}

TEST(SessionFile, AFolderThatIsGoneKeepsTheOldFileAndSaysSo) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { write_session_file(folder / "gone/s", {}); }), HasSubstr("gone"));
  EXPECT_TRUE(folder.names().empty());
}

TEST(SessionFile, SelectionComesBackByTheNamesOfLayers) {
  Session session, other;
  session.add(run_of(small_recording(), "a"));
  other.add(run_of(small_recording(), "a"));
  const LayerId layer = session.current_loaded()->breakdown.layers.back().id;
  session.selection().choose({.layer = layer, .event = 3});
  Filter filter;
  filter.layer = layer;
  session.selection().set_filter(filter);
  restore_selection(other, saved_runs(session));
  EXPECT_EQ(other.selection().chosen(), session.selection().chosen());
  EXPECT_EQ(other.selection().filter(), session.selection().filter());
  SavedSession wild = saved_runs(session);
  wild.chosen_layer = "no/such";
  wild.chosen.allocation = 1 << 30;
  wild.chosen.event = 1 << 30;
  restore_selection(other, wild);
  EXPECT_EQ(other.selection().chosen(), Chosen());
}

}  // namespace
}  // namespace headroom::gui
