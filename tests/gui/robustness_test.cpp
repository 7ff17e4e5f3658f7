// Files nobody should trust, opened through the window and through an export: a sentence about what is wrong where it
// is wrong, and nothing else happens.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QProcess>
#include <fstream>
#include <random>

#include "base/file.h"
#include "gui/session/session_file.h"
#include "gui/window/furnish.h"
#include "gui/window/main_window.h"
#include "gui/window/settings.h"
#include "recording/file.h"
#include "tests/gui/support.h"
#include "tests/random_recording.h"
#include "tests/temporary_folder.h"

namespace headroom::gui {
namespace {

using testing::HasSubstr;
using testing_support::TemporaryFolder;

std::string with_bytes(std::string text, std::size_t at, const std::string& bytes) {
  return text.replace(at, bytes.size(), bytes);
}

// Each file is wrong in another way; all of them are to be refused.
class Corpus {
 public:
  Corpus() {
    const std::string whole = encode_recording(testing_support::random_recording(7, 300));
    put("empty.headroom", "");
    put("cut-in-header.headroom", whole.substr(0, 11));
    put("cut-in-half.headroom", whole.substr(0, whole.size() / 2));
    put("cut-at-end.headroom", whole.substr(0, whole.size() - 1));
    put("newer.headroom", with_bytes(whole, 8, std::string("\x63\0\0\0", 4)));
    put("huge-header.headroom", with_bytes(whole, 12, std::string(8, '\xff')));
    put("zeros.headroom", whole.substr(0, 16) + std::string(whole.size(), '\0'));
    put("picture.headroom", "\x89PNG\r\n\x1a\n0123456789");
    put("trace.headroom", R"({"traceEvents": []})");
    put("text.headroom", "not a recording\n");
    put("other.pickle", std::string("\x80\x04}\x94.", 5));
    put("call.pickle",
        "\x80\x02"
        "cos\nsystem\nq\x01X\x04\0\0\0trueq\x02\x85q\x03Rq\x04.");
    put("cut.pickle", std::string("\x80\x04}(\x8c\x08segments\x94]\x94}(", 18));
    put("damaged.headroom-session", "{\"schema\": ");
    put("newer.headroom-session", R"({"schema": "headroom.session/99", "runs": []})");
    put("deep.headroom-session", std::string(100000, '['));
    put("wrong.headroom-session", R"({"schema": "headroom.session/1", "runs": [{"path": 7}]})");
    add("missing.headroom");
    add("pipe.headroom");
    mkfifo((folder_ / "pipe.headroom").c_str(), 0600);
    add("pipe.headroom-session");
    mkfifo((folder_ / "pipe.headroom-session").c_str(), 0600);
    add("folder.headroom");
    std::filesystem::create_directory(folder_ / "folder.headroom");
    if (geteuid() == 0) return;  // who may read everything
    put("unreadable.headroom", whole);
    chmod((folder_ / "unreadable.headroom").c_str(), 0);
  }

  const QStringList& paths() const { return paths_; }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  void put(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    add(name);
  }
  void add(const std::string& name) { paths_.append(QString::fromStdString((folder_ / name).string())); }

  TemporaryFolder folder_;
  QStringList paths_;
};

TEST(Robustness, TheWindowSaysOfEveryBadFileWhatIsWrongAndKeepsWhatIsOpen) {
  Settings().clear();
  const Corpus corpus;
  Session session;
  MainWindow window(session);
  furnish(window, session);
  window.show();
  session.add(run_of(small_recording(), "good"));
  for (const QString& path : corpus.paths()) {
    SCOPED_TRACE(path.toStdString());
    const qsizetype said = window.messages().size();
    window.open_files({path});
    ASSERT_TRUE(wait_until([&] { return !session.is_loading(); }));
    QString words;
    for (const SessionRun& run : session.runs())
      if (run.state == RunState::failed) words = run.message;
    if (words.isEmpty() && window.messages().size() > said) words = window.messages().back();
    EXPECT_THAT(words.toStdString(), HasSubstr(path.section('/', -1).toStdString()));
    EXPECT_LT(words.size(), 1000);
    for (const ViewKind& kind : view_kinds())
      window.show_view(kind.id);  // whatever is shown bears a run without a recording
    EXPECT_EQ(session.runs()[0].state, RunState::ready);
    if (session.runs().size() > 1) session.close(1);
  }
}

TEST(Robustness, AnExportOfABadFileEndsWithItsSentence) {
  const Corpus corpus;
  const QString out = QString::fromStdString((corpus.folder() / "out").string());
  for (const QString& path : corpus.paths()) {
    SCOPED_TRACE(path.toStdString());
    QProcess viewer;
    viewer.start(HEADROOM_BUILD_DIR "/bin/headroom-viewer", {"--export", out, "--views", "overview", path});
    ASSERT_TRUE(viewer.waitForFinished(20000)) << "it hangs";
    EXPECT_EQ(viewer.exitStatus(), QProcess::NormalExit);
    EXPECT_EQ(viewer.exitCode(), 2);
    const std::string said = viewer.readAllStandardError().toStdString();
    EXPECT_THAT(said, HasSubstr(path.section('/', -1).toStdString()));
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  }
  if (std::filesystem::exists(out.toStdString())) {
    EXPECT_TRUE(std::filesystem::is_empty(out.toStdString()));
  }
}

TEST(Robustness, WhatHappensToAFileThatIsOpenIsSaidAndWhatWasReadIsKept) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "run.headroom";
  write_recording(file, small_recording());
  Session session;
  session.open({QString::fromStdString(file.string())});
  ASSERT_TRUE(wait_until([&] { return session.current_loaded() != nullptr; }));
  const std::string whole = read_file(file, 1 << 20);
  const std::vector<std::string> after{"", whole.substr(0, whole.size() / 2), "replaced by something else"};
  for (const std::string& bytes : after) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    ASSERT_TRUE(wait_until([&] { return session.runs()[0].state == RunState::failed; })) << bytes.size();
    EXPECT_THAT(session.runs()[0].message.toStdString(), HasSubstr("run.headroom"));
    ASSERT_NE(session.current_loaded(), nullptr);
    write_file(file, whole);
    ASSERT_TRUE(wait_until([&] { return session.runs()[0].state == RunState::ready; })) << bytes.size();
  }
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  ASSERT_TRUE(wait_until([&] { return !session.runs()[0].message.isEmpty(); }));
  EXPECT_NE(session.current_loaded(), nullptr);
}

TEST(Robustness, ASessionWithAnyBytesChangedIsRefusedOrOpened) {
  Settings().clear();
  const TemporaryFolder folder;
  write_recording(folder / "a.headroom", small_recording());
  Session session;
  MainWindow window(session);
  furnish(window, session);
  window.open_files({QString::fromStdString((folder / "a.headroom").string())});
  ASSERT_TRUE(wait_until([&] { return !session.is_loading(); }));
  for (const ViewKind& kind : view_kinds()) window.show_view(kind.id);
  const QString path = QString::fromStdString((folder / "s.headroom-session").string());
  ASSERT_TRUE(window.save_session(path));
  const std::string whole = read_file(path.toStdString(), 1 << 20);
  std::mt19937 random(5);
  const std::string tempting = "0123456789-{}[]\",:.eE\\ntrufalse\x01\xff";
  for (int round = 0; round < 60; ++round) {
    std::string bytes = whole;
    for (int change = 0; change < 1 + round % 5; ++change)
      bytes[random() % bytes.size()] = tempting[random() % tempting.size()];
    std::ofstream(path.toStdString(), std::ios::binary) << bytes;
    window.open_session(path);
    ASSERT_TRUE(wait_until([&] { return !session.is_loading(); })) << round;
    QCoreApplication::processEvents();
  }
}

// Of this process, while it lives: what grows beyond it is a failed write.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &old_); }

 private:
  rlimit old_{};
};

TEST(Robustness, ASessionThatCannotBeSavedIsSaidAndTheOldOneStays) {
  Settings().clear();
  const TemporaryFolder folder;
  write_recording(folder / "a.headroom", small_recording());
  Session session;
  MainWindow window(session);
  furnish(window, session);
  const std::filesystem::path file = folder / "s.headroom-session";
  const QString path = QString::fromStdString(file.string());
  ASSERT_TRUE(window.save_session(path));
  const std::string old = read_file(file, 1 << 20);
  window.open_files({QString::fromStdString((folder / "a.headroom").string())});
  ASSERT_TRUE(wait_until([&] { return !session.is_loading(); }));
  {
    const FileSizeLimit limit(16);
    EXPECT_FALSE(window.save_session(path));
  }
  EXPECT_THAT(window.messages().back().toStdString(),
              testing::AllOf(HasSubstr("s.headroom-session"), HasSubstr("File too large")));
  EXPECT_EQ(read_file(file, 1 << 20), old);
  EXPECT_FALSE(window.save_session(QString::fromStdString((folder / "nowhere/s.headroom-session").string())));
  EXPECT_FALSE(window.save_session(QString::fromStdString(folder.path().string())));
  EXPECT_EQ(folder.names().size(), 2u) << "half a file is left";
  EXPECT_EQ(session.runs().size(), 1u);
  EXPECT_TRUE(window.save_session(path));
  EXPECT_NE(read_file(file, 1 << 20), old);
}

TEST(Robustness, ViewsTakeAnyStateOfASession) {
  const std::vector<std::string> values{"null",
                                        "true",
                                        "-1",
                                        "1e308",
                                        "9223372036854775807",
                                        "\"x\"",
                                        "[]",
                                        "{}",
                                        "[-1, \"x\", null]",
                                        R"({"order": [1], "widths": {"x": -5}, "hidden": {}})"};
  Session session;
  session.add(run_of(small_recording(), "a"));
  session.add(run_of(other_recording(), "b"));
  for (const ViewKind& kind : view_kinds()) {
    const std::unique_ptr<View> view(kind.make(session, nullptr));
    ASSERT_TRUE(wait_until([&] { return view->is_settled(); }));
    const Json good = view->state();
    for (const std::string& value : values) {
      view->restore(Json::parse(value));
      for (const auto& [key, unused] : good.items()) {
        Json state = good;
        state[key] = Json::parse(value);
        view->restore(state);
      }
    }
    ASSERT_TRUE(wait_until([&] { return view->is_settled(); })) << kind.id.toStdString();
    EXPECT_GT(colour_count(picture_of(*view)), 1) << kind.id.toStdString();
  }
}

}  // namespace
}  // namespace headroom::gui
