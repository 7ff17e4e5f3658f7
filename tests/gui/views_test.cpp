// What every view does, whatever it shows.
#include <gmock/gmock.h>

#include <memory>
#include <utility>

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
    EXPECT_GT(colour_count(picture_of(*view)), 1);
    if (kind.id != "kernels" && kind.id != "cache" && kind.id != "fit") EXPECT_GT(view->table()->rowCount(), 0);
    session.close_all();
    EXPECT_TRUE(wait_until([&] { return view->is_settled(); }));
    EXPECT_EQ(view->table()->rowCount(), 0);
  }
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
