// Files that are written of views: what they hold, that they are the same each time, and what happens where they cannot
// be written.
#include <gmock/gmock.h>

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
#include "gui/window/theme.h"
#include "recording/file.h"
#include "tests/gui/support.h"
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
  Exporter exporter_{[this](const QByteArray&) { return &view_; }};
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
      {{"timeline", "Timeline", true}, {"map", "Map", false}}, [this](const QByteArray&) { return &view_; }, nullptr);
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
}

TEST(CommandLine, WhatIsUnknownIsAnsweredWithWhatThereIs) {
  const auto refused = [](std::vector<const char*> words) {
    return message_of(ExitCode::bad_input, [&] { parse(words); });
  };
  EXPECT_EQ(refused({"--views", "timelin", "--export", "o", "f"}),
            "unknown view 'timelin'; did you mean 'timeline'? Known: overview, timeline, treemap");
  EXPECT_THAT(refused({"--formats", "jpg", "--export", "o", "f"}), HasSubstr("Known: png, svg, pdf, csv"));
  EXPECT_THAT(refused({"--theme", "drak"}), HasSubstr("did you mean 'dark'?"));
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
