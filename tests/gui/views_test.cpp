// What every view does, whatever it shows.
#include <gmock/gmock.h>

#include <QFrame>
#include <QLocale>
#include <algorithm>
#include <memory>
#include <utility>

#include "gui/views/number_marks.h"
#include "gui/views/overview_page.h"
#include "gui/views/text.h"
#include "gui/views/view.h"
#include "recording/file.h"
#include "tests/gui/support.h"
#include "tests/temporary_folder.h"

namespace headroom::gui {
namespace {

struct Files {
  testing_support::TemporaryFolder folder;
  QStringList paths;
  Files() {
    for (const auto& [name, recording] :
         {std::pair("before", small_recording()), std::pair("after", other_recording())}) {
      write_recording(folder / (std::string(name) + ".headroom"), recording);
      paths.append(QString::fromStdString((folder / (std::string(name) + ".headroom")).string()));
    }
  }
};

TEST(Views, FollowFilesThatAreOpenedAndClosedWhileTheyAreShown) {
  const Files files;
  for (const ViewKind& kind : view_kinds()) {
    SCOPED_TRACE(kind.id.toStdString());
    Session session;
    const std::unique_ptr<View> view(kind.make(session, nullptr));
    session.open(files.paths);
    ASSERT_TRUE(wait_until([&] { return session.ready_runs().size() == 2; }));
    session.set_current(1);
    EXPECT_TRUE(wait_until([&] { return view->is_settled(); }));
    EXPECT_GT(view->table()->columnCount(), 0) << "a table without rows is exported with its head";
    EXPECT_GT(colour_count(picture_of(*view)), 1);
    if (kind.id != "kernels" && kind.id != "cache" && kind.id != "fit") {
      EXPECT_GT(view->table()->rowCount(), 0);
    }
    session.close_all();
    EXPECT_TRUE(wait_until([&] { return view->is_settled(); }));
    EXPECT_EQ(view->table()->rowCount(), 0);
  }
}

TEST(Numbers, HaveTheMarksOfTheLanguage) {
  EXPECT_EQ(size_and_exact(1610612736), "1.50 GiB (1,610,612,736 bytes)");
  const QLocale before;
  QLocale::setDefault(QLocale(QLocale::German, QLocale::Germany));
  EXPECT_EQ(size_text(1610612736), "1,50 GiB");
  EXPECT_EQ(count_text(1610612736), "1.610.612.736");
  EXPECT_EQ(percent_text(12.34), "12,3 %");
  EXPECT_EQ(typed_number(" 1,5 MiB"), "1.5 MiB");
  EXPECT_EQ(typed_number("1.5 MiB"), "1.5 MiB");
  QLocale::setDefault(before);
}

TEST(Overview, SaysNothingOfParametersThatAreNotKnown) {
  const auto has_card = [](Recording recording) {
    const OverviewPage page(*run_of(std::move(recording), "a"), false, nullptr);
    const auto cards = page.findChildren<QFrame*>();
    return std::any_of(cards.begin(), cards.end(),
                       [](const QFrame* card) { return card->accessibleName().startsWith("Parameters:"); });
  };
  Recording recording = small_recording();
  recording.model.parameter_count = 4;
  EXPECT_TRUE(has_card(recording));
  recording.model.parameter_count = 0;
  EXPECT_FALSE(has_card(recording));
}

TEST(Views, AreAllExplained) {
  Session session;
  for (const ViewKind& kind : view_kinds()) {
    const std::unique_ptr<View> view(kind.make(session, nullptr));
    EXPECT_GT(view->help().size(), 100) << kind.id.toStdString();
  }
}

}  // namespace
}  // namespace headroom::gui
