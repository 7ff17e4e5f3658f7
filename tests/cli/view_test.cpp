// `headroom view` becomes the viewer, with its arguments as they were typed.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::HasSubstr;
using testing_support::TemporaryFolder;

// A headroom without a viewer beside it, and a folder in PATH that has one which prints its arguments.
class View : public testing::Test {
 protected:
  View() {
    std::filesystem::copy_file(HEADROOM_EXECUTABLE, tool_.executable = folder_ / "headroom");
    tool_.environment["PATH"] = bin_.path().string() + ":/usr/bin:/bin";
  }

  void install_viewer() {
    const auto path = bin_ / "headroom-viewer";
    std::ofstream(path) << "#!/bin/sh\nprintf '[%s]' \"$@\"\nexit 7\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  TemporaryFolder folder_, bin_;
  Tool tool_;
};

TEST_F(View, BecomesTheViewerInThePath) {
  install_viewer();
  const Ended ended = tool_.run({"view", "a b.headroom", "--theme", "dark", "--version", "c.headroom"});
  EXPECT_EQ(ended.code, 7);
  EXPECT_EQ(ended.out, "[a b.headroom][--theme][dark][--version][c.headroom]");
}

TEST_F(View, OptionsBeforeFilesAreTheViewersToo) {
  install_viewer();
  EXPECT_EQ(tool_.run({"view", "--export", "pages", "a.headroom"}).out, "[--export][pages][a.headroom]");
}

TEST_F(View, AViewerThatIsNotThereIsALineThatSaysHowItIsBuilt) {
  const Ended ended = tool_.run({"view", "a.headroom"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, testing::StartsWith("headroom: headroom-viewer is neither in "));
  EXPECT_THAT(ended.err, HasSubstr("Qt 6"));
}

}  // namespace
}  // namespace headroom::cli_test
