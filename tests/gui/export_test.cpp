// Files that are written of views: what they hold, that they are the same each time, and what happens where they cannot
// be written.
#include <gmock/gmock.h>
#include <sys/mount.h>

#include <QLineEdit>
#include <QProcess>
#include <QProcessEnvironment>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardItemModel>
#include <QTest>
#include <QXmlStreamReader>
#include <fstream>

#include "base/file.h"
#include "gui/command_line.h"
#include "gui/export/dialog.h"
#include "gui/export/exporter.h"
#include "gui/export/picture.h"
#include "gui/export/report.h"
#include "gui/export/stage.h"
#include "gui/window/theme.h"
#include "recording/file.h"
#include "tests/gui/support.h"
#include "tests/random_recording.h"
#include "tests/temporary_folder.h"

namespace headroom::gui {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using testing_support::message_of;
using testing_support::TemporaryFolder;

// A page with a line of text on the theme's ground, and a table of one cell.
class Sample : public View {
 public:
  explicit Sample(Session& session, double height = 0) : View(session, nullptr), height_(height) {
    table_.setHorizontalHeaderLabels({"Name", "Bytes"});
    auto* bytes = new QStandardItem("1.00 KiB");
    bytes->setData(1024, kExportRole);
    table_.appendRow({new QStandardItem("a, \"b\""), bytes});
  }
  void paint_page(QPainter& painter, const QRectF& page) override {
    if (fails) throw could_not_measure("broken");
    painter.fillRect(page, theme().ground);
    painter.setPen(theme().ink);
    painter.drawText(page, Qt::AlignCenter, QStringLiteral("headroom"));
  }
  QSizeF page_size(double width) override { return {width, height_ > 0 ? height_ : width * 0.6}; }
  QAbstractItemModel* table() override { return &table_; }
  bool is_settled() const override { return is_ready; }
  QString help() const override { return {}; }

  bool is_ready = true, fails = false;

 private:
  QStandardItemModel table_;
  double height_;
};

const PictureOptions kSmall{.size = {300, 200}};

TEST(Picture, IsAsLargeAsAskedAndAsItsTableNeeds) {
  Session session;
  Sample chart(session), table(session, 900);
  EXPECT_EQ(page_of(chart, kSmall), QSizeF(300, 200));
  EXPECT_EQ(page_of(table, kSmall), QSizeF(300, 900));
  EXPECT_EQ(picture_of_page(chart, {.size = {300, 200}, .scale = 2}).size(), QSize(600, 400));
}

TEST(Picture, SmallerThanItsPageShowsAllOfIt) {
  Session session;
  Sample view(session);
  const QImage picture = picture_of_page(view, {.size = {300, 200}, .scale = 0.5});
  EXPECT_EQ(picture.size(), QSize(150, 100));
  bool has_text = false;  // it stands in the middle
  for (int x = 60; x < 90; ++x)
    for (int y = 40; y < 60; ++y) has_text |= picture.pixelColor(x, y) != picture.pixelColor(0, 0);
  EXPECT_TRUE(has_text);
}

TEST(Picture, IsInTheColoursAskedForWhateverTheWindowShows) {
  Session session;
  Sample view(session);
  EXPECT_EQ(picture_of_page(view, {.size = {300, 200}, .dark = true}).pixelColor(1, 1), make_theme(true).ground);
  EXPECT_EQ(picture_of_page(view, {.size = {300, 200}, .dark = false}).pixelColor(1, 1), make_theme(false).ground);
  EXPECT_FALSE(theme().dark);
}

TEST(Picture, ThatIsTooLargeIsRefused) {
  Session session;
  Sample view(session);
  EXPECT_THAT(message_of(ExitCode::bad_input,
                         [&] {
                           picture_of_page(view, {.size = {16000, 16000}, .scale = 8});
                         }),
              HasSubstr("too large"));
}

TEST(Picture, KeepsTextAsTextAndHasTheSameBytesEachTime) {
  Session session;
  Sample view(session);
  for (const ExportFormatRow& row : export_formats()) {
    const QByteArray bytes = export_bytes(view, "Title", row.format, kSmall);
    QTest::qSleep(row.format == ExportFormat::pdf ? 1100 : 0);  // a time written into it would be another
    EXPECT_EQ(bytes, export_bytes(view, "Title", row.format, kSmall)) << row.name;
    EXPECT_GT(bytes.size(), 20) << row.name;
  }
  const QByteArray svg = export_bytes(view, "A & B", ExportFormat::svg, kSmall);
  QXmlStreamReader xml(svg);
  while (!xml.atEnd()) xml.readNext();
  EXPECT_FALSE(xml.hasError()) << xml.errorString().toStdString();
  EXPECT_THAT(svg.toStdString(), HasSubstr("headroom</text>"));
  EXPECT_THAT(svg.toStdString(), HasSubstr("viewBox=\"0 0 300 200\""));
  EXPECT_TRUE(export_bytes(view, "Title", ExportFormat::pdf, kSmall).startsWith("%PDF-1."));
  EXPECT_EQ(export_bytes(view, "", ExportFormat::csv, kSmall), "Name,Bytes\r\n\"a, \"\"b\"\"\",1024\r\n");
}

TEST(Picture, OfEveryViewIsPaintedInLightAndDark) {
  Session session;
  session.add(run_of(small_recording(), "a"));
  session.add(run_of(other_recording(), "b"));
  for (const ViewKind& kind : view_kinds()) {
    const std::unique_ptr<View> view(kind.make(session, nullptr));
    ASSERT_TRUE(wait_until([&] { return view->is_settled(); })) << kind.id.toStdString();
    for (const bool dark : {false, true}) {
      const QImage image = picture_of_page(*view, {.size = {900, 600}, .dark = dark});
      EXPECT_GT(colour_count(image), 1) << kind.id.toStdString() << dark;
    }
    const bool has_table = view->table()->columnCount() > 0;  // some have nothing to tell of this run
    for (const ExportFormatRow& row : export_formats()) {
      const bool is_empty = export_bytes(*view, kind.title, row.format, kSmall).isEmpty();
      EXPECT_EQ(is_empty, row.format == ExportFormat::csv && !has_table) << kind.id.toStdString() << row.name;
    }
  }
}

class Exporting : public testing::Test {
 protected:
  bool run(std::vector<ExportItem> items, const std::filesystem::path& folder) {
    QSignalSpy finished(&exporter_, &Exporter::finished);
    exporter_.start(std::move(items), folder, kSmall);
    if (!wait_until([&] { return finished.count() > 0; })) return false;
    error_ = finished[0][0].toString().toStdString();
    code_ = finished[0][1].toInt();
    return true;
  }

  TemporaryFolder folder_;
  Session session_;
  Sample view_{session_};
  Exporter exporter_{[this](const ExportItem&) { return &view_; }};
  std::string error_;
  int code_ = -1;
  std::vector<ExportItem> both_{{"timeline", "Timeline", ExportFormat::png},
                                {"timeline", "Timeline", ExportFormat::csv}};
};

TEST_F(Exporting, WritesEachViewInEachFormatIntoAFolderItMakes) {
  ASSERT_TRUE(run(both_, folder_ / "new"));
  EXPECT_EQ(error_, "");
  EXPECT_EQ(code_, 0);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "new"))
    names.push_back(entry.path().filename());
  EXPECT_THAT(names, UnorderedElementsAre("timeline.csv", "timeline.png"));
}

TEST_F(Exporting, WaitsForAViewThatComputes) {
  view_.is_ready = false;
  exporter_.start(both_, folder_.path(), kSmall);
  QTest::qWait(60);
  EXPECT_TRUE(folder_.names().empty());
  view_.is_ready = true;
  EXPECT_TRUE(wait_until([&] { return !exporter_.is_busy(); }));
  EXPECT_EQ(folder_.names().size(), 2u);
}

TEST_F(Exporting, AFolderThatVanishesIsSaidAndNothingIsHalfWritten) {
  view_.is_ready = false;
  std::filesystem::create_directory(folder_ / "gone");
  QSignalSpy finished(&exporter_, &Exporter::finished);
  exporter_.start(both_, folder_ / "gone", kSmall);
  QTest::qWait(30);
  std::filesystem::remove_all(folder_ / "gone");
  view_.is_ready = true;
  ASSERT_TRUE(wait_until([&] { return finished.count() > 0; }));
  EXPECT_THAT(finished[0][0].toString().toStdString(), HasSubstr("gone"));
  EXPECT_EQ(finished[0][1].toInt(), 2);
  EXPECT_TRUE(folder_.names().empty());
}

TEST_F(Exporting, AFailureKeepsWhatWasThereBefore) {
  std::ofstream(folder_ / "timeline.png") << "old";
  view_.fails = true;
  ASSERT_TRUE(run(both_, folder_.path()));
  EXPECT_EQ(error_, "broken");
  EXPECT_EQ(code_, 3);
  EXPECT_EQ(read_file(folder_ / "timeline.png", 100), "old");
  EXPECT_EQ(folder_.names().size(), 1u);
}

TEST_F(Exporting, CanBeCancelled) {
  view_.is_ready = false;
  exporter_.start(both_, folder_.path(), kSmall);
  exporter_.cancel();
  EXPECT_FALSE(exporter_.is_busy());
  view_.is_ready = true;
  QTest::qWait(60);
  EXPECT_TRUE(folder_.names().empty());
}

TEST_F(Exporting, TheDialogWritesWhatIsChosenAndSaysWhatWentWrong) {
  auto* dialog = new ExportDialog(
      {{"timeline", "Timeline", true}, {"map", "Map", false}}, [this](const ExportItem&) { return &view_; }, nullptr);
  dialog->show();
  dialog->set_folder(QString::fromStdString(folder_.path().string()));
  EXPECT_THAT(dialog->status().toStdString(), HasSubstr("Files to write: 1"));
  dialog->start();
  ASSERT_TRUE(wait_until([&] { return !dialog->exporter().is_busy(); }));
  EXPECT_THAT(folder_.names(), ElementsAre("timeline.png"));
  EXPECT_THAT(dialog->status().toStdString(), HasSubstr("Files written: 1, in "));
  dialog->set_folder("/proc/nowhere");
  dialog->start();
  EXPECT_THAT(dialog->status().toStdString(), HasSubstr("/proc/nowhere"));
  delete dialog;
}

// A file system of its own in a folder, of so many KiB; only root may have one.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& folder, int kibibytes) : folder_(folder) {
    std::filesystem::create_directory(folder);
    const std::string size = "size=" + std::to_string(kibibytes) + "k";
    is_there_ = mount("tmpfs", folder.c_str(), "tmpfs", 0, size.c_str()) == 0;
  }
  ~SmallDisk() {
    if (is_there_) umount2(folder_.c_str(), MNT_DETACH);
  }
  bool is_there() const { return is_there_; }
  void forbid_writing() { mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, ""); }

 private:
  std::filesystem::path folder_;
  bool is_there_ = false;
};

TEST_F(Exporting, ADiskThatFillsIsSaidAndWhatWasWrittenStaysWhole) {
  const SmallDisk disk(folder_ / "disk", 64);
  if (!disk.is_there()) GTEST_SKIP() << "only root may mount";
  std::vector<ExportItem> many;
  for (int i = 0; i < 60; ++i)
    many.push_back({QByteArray::number(i), "Page", ExportFormat::png, 0, i < 30 ? "a" : "b"});
  ASSERT_TRUE(run(many, folder_ / "disk"));
  EXPECT_EQ(code_, 3);
  EXPECT_THAT(error_, HasSubstr("No space left on device"));
  EXPECT_GT(exporter_.done(), 1u);
  EXPECT_LT(exporter_.done(), many.size());
  std::size_t whole = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "disk"))
    if (entry.is_regular_file()) {
      EXPECT_EQ(entry.path().extension(), ".png");
      EXPECT_FALSE(QImage(QString::fromStdString(entry.path().string())).isNull()) << entry.path();
      ++whole;
    }
  EXPECT_EQ(whole, exporter_.done());
}

TEST_F(Exporting, AFolderThatMayNotBeWrittenAnyMoreIsSaid) {
  SmallDisk disk(folder_ / "disk", 64);
  if (!disk.is_there()) GTEST_SKIP() << "only root may mount";
  view_.is_ready = false;
  QSignalSpy finished(&exporter_, &Exporter::finished);
  exporter_.start(both_, folder_ / "disk", kSmall);
  disk.forbid_writing();
  view_.is_ready = true;
  ASSERT_TRUE(wait_until([&] { return finished.count() > 0; }));
  EXPECT_THAT(finished[0][0].toString().toStdString(), HasSubstr("Read-only"));
  EXPECT_THROW(exporter_.start(both_, folder_ / "disk", kSmall), Error);
}

TEST(AllRuns, HaveFoldersOfTheirOwnNamedAsFarAsAFileMay) {
  Session session;
  for (const char* label : {"a", "A", "b/c", "..", "comparison.png"}) {
    session.add(run_of(small_recording(), "run"));
    session.rename(static_cast<int>(session.runs().size()) - 1, QString::fromUtf8(label));
  }
  session.open({"/nowhere/none.headroom"});
  ASSERT_TRUE(wait_until([&] { return !session.is_loading(); }));
  EXPECT_EQ(run_folders(session, {"comparison.png"}), QStringList({"a", "A (2)", "b_c", "_.", "comparison.png (2)"}));
  session.rename(0, QString(400, u'ü'));
  EXPECT_LT(run_folders(session, {})[0].toUtf8().size(), 255);
}

TEST(AllRuns, AreWrittenOneAfterAnotherAndComparedOnce) {
  Session session;
  session.add(run_of(small_recording(), "a"));
  session.add(run_of(other_recording(), "b"));
  const std::vector<ExportItem> items{{"diff", "Diff", ExportFormat::csv}, {"tensors", "Tensors", ExportFormat::csv}};
  QStringList names;
  for (const ExportItem& item : items_of_all_runs(session, items)) names.append(file_name(item));
  EXPECT_EQ(names, QStringList({"a/tensors.csv", "b/tensors.csv", "diff.csv"}));
  for (const char* id : {"comparison", "diff"}) {
    const std::vector<ViewKind> kinds = view_kinds();
    EXPECT_TRUE(std::any_of(kinds.begin(), kinds.end(), [&](const ViewKind& kind) { return kind.id == id; })) << id;
  }
}

TEST(AllRuns, AreWrittenByTheDialogWhileTheWindowStaysAsItIs) {
  const TemporaryFolder folder;
  Session session;
  session.add(run_of(small_recording(), "a"));
  session.add(run_of(other_recording(), "b"));
  session.selection().choose_category(Category::gradient);
  std::map<QByteArray, std::unique_ptr<View>> views;
  for (const ViewKind& kind : view_kinds()) views[kind.id].reset(kind.make(session, nullptr));
  auto dialog = std::make_unique<ExportDialog>(
      std::vector<ExportChoice>{{"tensors", "Tensors", true}, {"comparison", "Comparison", true}},
      [&](const ExportItem& item) { return views.at(item.view).get(); }, nullptr, &session);
  dialog->setAttribute(Qt::WA_DeleteOnClose, false);
  dialog->show();
  dialog->set_folder(QString::fromStdString(folder.path().string()));
  EXPECT_THAT(dialog->status().toStdString(), HasSubstr("Files to write: 2"));
  dialog->choose_all_runs(true);
  EXPECT_THAT(dialog->status().toStdString(), HasSubstr("Files to write: 3"));
  dialog->start();
  ASSERT_TRUE(wait_until([&] { return !dialog->exporter().is_busy(); }));
  EXPECT_THAT(folder.names(), UnorderedElementsAre("a", "b", "comparison.png"));
  EXPECT_TRUE(std::filesystem::exists(folder / "a/tensors.png"));
  EXPECT_NE(read_file(folder / "a/tensors.png", 1 << 24), read_file(folder / "b/tensors.png", 1 << 24));
  EXPECT_EQ(session.current(), 0);
  EXPECT_EQ(session.selection().chosen().category, Category::gradient);
}

TEST(SessionReport, IsOfTheRunsThatAreLoadedAgainstTheBaseline) {
  Session session;
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { report_text(report_input(session), ReportFormat::json); }),
              HasSubstr("no run is open"));
  session.add(run_of(small_recording(), "a"));
  session.open({"/nowhere/x.headroom"});
  session.add(run_of(other_recording(), "b"));
  ASSERT_TRUE(wait_until([&] { return !session.is_loading(); }));
  session.rename(2, "renamed");
  session.set_baseline(2);
  const Json report = Json::parse(report_text(report_input(session), ReportFormat::json));
  EXPECT_EQ(report["schema"], "headroom.report/1");
  EXPECT_EQ(report["runs"].size(), 2u);
  EXPECT_EQ(report["runs"][1]["label"], "renamed");
  EXPECT_EQ(report["comparison"]["baseline"], "renamed");
  EXPECT_THAT(report_text(report_input(session), ReportFormat::html), HasSubstr("<html"));
}

CommandLine parse(std::vector<const char*> words) {
  words.insert(words.begin(), "headroom-viewer");
  return parse_command_line(static_cast<int>(words.size()), words.data(), {"overview", "timeline", "treemap"});
}

TEST(CommandLine, SaysWhatIsToBeExported) {
  const CommandLine line = parse({"--export", "out", "--views", "timeline,treemap", "--formats", "png,svg", "--theme",
                                  "dark", "--size", "1000x600", "--scale", "2", "a.headroom", "b.headroom"});
  EXPECT_TRUE(line.is_headless());
  EXPECT_THAT(line.files, ElementsAre("a.headroom", "b.headroom"));
  EXPECT_THAT(line.views, ElementsAre("timeline", "treemap"));
  EXPECT_THAT(line.formats, ElementsAre(ExportFormat::png, ExportFormat::svg));
  EXPECT_EQ(line.theme, ThemeChoice::dark);
  EXPECT_EQ(line.size, QSizeF(1000, 600));
  EXPECT_EQ(line.scale, 2);
  EXPECT_FALSE(parse({"a.headroom"}).is_headless());
  EXPECT_FALSE(line.first_run_only);
  EXPECT_TRUE(parse({"--export", "o", "--runs", "first", "f"}).first_run_only);
}

TEST(CommandLine, WhatIsUnknownIsAnsweredWithWhatThereIs) {
  const auto refused = [](std::vector<const char*> words) {
    return message_of(ExitCode::bad_input, [&] { parse(words); });
  };
  EXPECT_EQ(refused({"--views", "timelin", "--export", "o", "f"}),
            "unknown view 'timelin'; did you mean 'timeline'? Known: overview, timeline, treemap");
  EXPECT_THAT(refused({"--formats", "jpg", "--export", "o", "f"}), HasSubstr("Known: png, svg, pdf, csv"));
  EXPECT_THAT(refused({"--runs", "frist", "--export", "o", "f"}), HasSubstr("did you mean 'first'?"));
  EXPECT_THAT(refused({"--theme", "drak"}), HasSubstr("did you mean 'dark'?"));
  EXPECT_EQ(refused({"--language", "fr"}), "unknown language 'fr'. Known: de, en");
  EXPECT_THAT(refused({"--size", "800"}), HasSubstr("WIDTHxHEIGHT"));
  EXPECT_THAT(refused({"--size", "8x9e9"}), HasSubstr("WIDTHxHEIGHT"));
  EXPECT_THAT(refused({"--scale", "100"}), HasSubstr("expected a number"));
  EXPECT_THAT(refused({"--veiws", "x"}), HasSubstr("did you mean --view"));
  EXPECT_THAT(refused({"--export", "o"}), HasSubstr("expects the path of a recording"));
  EXPECT_THAT(refused({"--export", "o", "--screenshot", "p", "f"}), HasSubstr("exclude each other"));
}

TEST(CommandLine, HelpAndVersionAreTexts) {
  EXPECT_THAT(parse({"--help"}).text, HasSubstr("--export"));
  EXPECT_THAT(parse({"--help"}).text, HasSubstr("overview, timeline, treemap"));
  EXPECT_THAT(parse({"--version"}).text, testing::StartsWith("headroom-viewer "));
}

// The program itself, as a machine without a display starts it.
struct Ended {
  int code = -1;
  std::string output, errors;
};
Ended viewer(const QStringList& arguments) {
  QProcess process;
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}) environment.remove(name);
  process.setProcessEnvironment(environment);
  process.start(HEADROOM_BUILD_DIR "/bin/headroom-viewer", arguments);
  if (!process.waitForFinished(30000)) return {};
  return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
          process.readAllStandardOutput().toStdString(), process.readAllStandardError().toStdString()};
}

class Viewer : public testing::Test {
 protected:
  Viewer() { write_recording(folder_ / "a.headroom", small_recording()); }
  QString path(const char* name) const { return QString::fromStdString(folder_ / name); }

  TemporaryFolder folder_;
};

TEST_F(Viewer, ExportsWithoutADisplayTheSameBytesEachTime) {
  for (const char* out : {"one", "two"}) {
    const Ended ended = viewer({"--export", path(out), "--views", "overview", "--formats", "png,svg,pdf,csv", "--theme",
                                "dark", "--size", "400x300", path("a.headroom")});
    ASSERT_EQ(ended.code, 0) << ended.errors;
    EXPECT_EQ(ended.output, "");
    EXPECT_EQ(ended.errors, "");
  }
  for (const char* name : {"overview.png", "overview.svg", "overview.pdf", "overview.csv"})
    EXPECT_EQ(read_file(folder_ / "one" / name, 1 << 24), read_file(folder_ / "two" / name, 1 << 24)) << name;
}

TEST_F(Viewer, WritesNumbersAsTheLanguageOfItsPicturesWhateverTheDesktopSpeaks) {
  const Ended plain = viewer({"--export", path("one"), "--views", "timeline", "--formats", "svg", path("a.headroom")});
  ASSERT_EQ(plain.code, 0) << plain.errors;
  qputenv("LC_ALL", "de_DE.UTF-8");
  const Ended german = viewer({"--export", path("two"), "--views", "timeline", "--formats", "svg", path("a.headroom")});
  qunsetenv("LC_ALL");
  ASSERT_EQ(german.code, 0) << german.errors;
  EXPECT_EQ(read_file(folder_ / "one" / "timeline.svg", 1 << 24), read_file(folder_ / "two" / "timeline.svg", 1 << 24));
}

TEST_F(Viewer, SpeaksTheLanguageThatIsAskedForAndElseEnglishInPictures) {
  if (!std::filesystem::exists(HEADROOM_BUILD_DIR "/share/headroom/translations/headroom_de.qm"))
    GTEST_SKIP() << "needs lrelease (Debian: qt6-l10n-tools) when it is built";
  const std::pair<QStringList, const char*> expected[] = {
      {{"--language", "de"}, "Schicht,zusammen"}, {{"--language", "en"}, "layer,together"}, {{}, "layer,together"}};
  for (const auto& [flags, titles] : expected) {
    const Ended ended = viewer(QStringList{"--export", path("out"), "--views", "layers", "--formats", "csv"} + flags +
                               QStringList{path("a.headroom")});
    ASSERT_EQ(ended.code, 0) << ended.errors;
    EXPECT_THAT(std::string(read_file(folder_ / "out" / "layers.csv", 1 << 20)), HasSubstr(titles));
  }
}

TEST_F(Viewer, ExportsEachOfSeveralRunsAsItWouldAlone) {
  write_recording(folder_ / "b.headroom", other_recording());
  const QStringList flags{"--formats", "svg,csv", "--size", "700x500"};
  const Ended both =
      viewer(QStringList{"--export", path("both")} + flags + QStringList{path("a.headroom"), path("b.headroom")});
  ASSERT_EQ(both.code, 0) << both.errors;
  for (const char* run : {"a", "b"}) {
    const std::string file = std::string(run) + ".headroom";
    const Ended alone = viewer(QStringList{"--export", path(run)} + flags + QStringList{path(file.c_str())});
    ASSERT_EQ(alone.code, 0) << alone.errors;
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "both" / run)) {
      const auto name = entry.path().filename();
      EXPECT_EQ(read_file(entry.path(), 1 << 24), read_file(folder_ / run / name, 1 << 24)) << run << name;
      ++count;
    }
    EXPECT_EQ(count, 2 * (static_cast<int>(view_kinds().size()) - 2));
  }
  EXPECT_TRUE(std::filesystem::exists(folder_ / "both/comparison.svg"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "both/diff.csv"));
  const Ended first = viewer(
      {"--export", path("first"), "--runs", "first", "--views", "tensors", path("a.headroom"), path("b.headroom")});
  ASSERT_EQ(first.code, 0) << first.errors;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "first/tensors.png"));
}

TEST_F(Viewer, WhatItWritesIsReadByOthers) {
  Recording long_one = testing_support::random_recording(11, 400);
  write_recording(folder_ / "b.headroom", long_one);
  const Ended ended = viewer({"--export", path("out"), "--formats", "png,svg,pdf,csv", "--size", "500x400",
                              path("a.headroom"), path("b.headroom")});
  ASSERT_EQ(ended.code, 0) << ended.errors;
  QProcess python;
  python.start("python3", {HEADROOM_SOURCE_DIR "/tests/gui/check_export.py", path("out")});
  ASSERT_TRUE(python.waitForFinished());
  EXPECT_EQ(python.exitCode(), 0) << python.readAllStandardOutput().toStdString()
                                  << python.readAllStandardError().toStdString();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "out")) {
    const std::string kind = entry.path().extension();
    if (kind == ".png") {
      EXPECT_FALSE(QImage(QString::fromStdString(entry.path().string())).isNull()) << entry.path();
    }
    if (kind == ".pdf") {
      EXPECT_THAT(read_file(entry.path(), 1 << 24), testing::StartsWith("%PDF-1."));
    }
  }
}

TEST_F(Viewer, TakesASmallPictureOfAllOfItsWindow) {
  const auto take = [&](const char* name, const char* scale) {
    const Ended ended =
        viewer({"--screenshot", path(name), "--size", "1000x600", "--scale", scale, path("a.headroom")});
    EXPECT_EQ(ended.code, 0) << ended.errors;
    return QImage(path(name));
  };
  const QImage small = take("small.png", "0.5"), whole = take("whole.png", "1").scaled(500, 300);
  ASSERT_EQ(small.size(), whole.size());
  int alike = 0;
  for (int x = 0; x < 500; x += 5)
    for (int y = 0; y < 300; y += 5) alike += std::abs(qGray(small.pixel(x, y)) - qGray(whole.pixel(x, y))) < 24;
  EXPECT_GT(alike, 5400) << "of 6000";
}

TEST_F(Viewer, TakesAPictureOfItsWindow) {
  const Ended ended = viewer({"--screenshot", path("w.png"), "--size", "1000x600", "--scale", "2", path("a.headroom")});
  ASSERT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(QImage(path("w.png")).size(), QSize(2000, 1200));
}

TEST_F(Viewer, EndsAsTheCommandLineDoes) {
  EXPECT_EQ(viewer({"--version"}).code, 0);
  EXPECT_EQ(viewer({"--views", "overvew", "--export", path("x"), path("a.headroom")}).code, 2);
  const Ended missing = viewer({"--export", path("x"), path("none.headroom")});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.errors, HasSubstr("none.headroom"));
  const Ended nowhere = viewer({"--export", "/proc/nowhere", path("a.headroom")});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.errors, HasSubstr("/proc/nowhere"));
  const Ended no_display = viewer({path("a.headroom")});
  EXPECT_EQ(no_display.code, 3);
  EXPECT_THAT(no_display.errors, HasSubstr("no display"));
}

}  // namespace
}  // namespace headroom::gui
