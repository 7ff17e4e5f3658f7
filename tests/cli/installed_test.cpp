// An installed tree: what its parts tell of themselves, and the Torch that a worker is given.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;
using testing_support::TemporaryFolder;

// A prefix with headroom, the stand-in's virtual GPU, and a worker for Torch 2.11.0 that prints what it is told of
// libraries.
class Installed : public testing::Test {
 protected:
  Installed() {
    fs::create_directories(prefix_ / "bin");
    fs::create_directories(prefix_ / "lib/headroom/versions");
    fs::copy_file(HEADROOM_EXECUTABLE, tool_.executable = prefix_ / "bin/headroom");
    const auto fake = fs::path(HEADROOM_FAKE_WORKER).parent_path() / "../lib/headroom/virtual-gpu";
    fs::create_directory_symlink(fs::canonical(fake), prefix_ / "lib/headroom/virtual-gpu");
    write("bin/headroom-worker", "#!/bin/sh\necho \"told: $LD_LIBRARY_PATH\" >&2\nexit 3\n");
    fs::permissions(prefix_ / "bin/headroom-worker", fs::perms::owner_all);
    write("lib/headroom/versions/worker.json",
          R"({"version": "0.1.0", "torch": "2.11.0", "cuda_api": "13.0", "compiler": "GNU 12.2.0"})");
    tool_.environment["HEADROOM_WORKER"] = "";
    tool_.environment["HOME"] = home_.path();
  }

  void write(const std::string& file, const std::string& text) { std::ofstream(prefix_ / file) << text; }

  // Returns the folder `torch`.
  static fs::path put_torch(const fs::path& above, const std::string& version) {
    fs::create_directories(above / "torch/lib");
    std::ofstream(above / "torch/lib/libtorch_cpu.so") << "none";
    std::ofstream(above / "torch/version.py") << "__version__ = '" << version << "'\ncuda: Optional[str] = '13.0'\n";
    return above / "torch";
  }

  Ended profile() { return tool_.run(words("profile bert-base --device virtual:h100-80gb --quiet")); }
  std::string version() { return tool_.run({"--version"}).out; }

  TemporaryFolder prefix_, home_;
  Tool tool_;
};

TEST_F(Installed, MissingTorchIsOneMessageThatSaysWhatToDo) {
  write("bin/headroom-setup-torch", "");
  const Ended ended = profile();
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(
      ended.err,
      "headroom: Torch 2.11.0, which runs the model, is not there: headroom-setup-torch fetches it (about 1 GiB on "
      "disk, no GPU needed); or set HEADROOM_TORCH_DIR to the folder `torch` of an installed Torch 2.11.0\n");
  EXPECT_EQ(tool_.run({"list", "devices"}).code, 0);
}

TEST_F(Installed, TorchOfTheCacheIsPutInFrontOfTheLibraries) {
  const auto torch = put_torch(home_ / ".cache/headroom/torch-2.11.0", "2.11.0+cu130");
  tool_.environment["LD_LIBRARY_PATH"] = "/elsewhere";
  EXPECT_THAT(profile().err, HasSubstr("told: " + torch.string() + "/lib:/elsewhere\n"));
  EXPECT_THAT(version(), HasSubstr("\ntorch         2.11.0+cu130 in " + torch.string() + "\n"));
}

TEST_F(Installed, TorchThatTheLoaderFindsIsLeftToIt) {
  put_torch(prefix_ / "lib/headroom/torch-2.11.0", "2.11.0+cu130");
  put_torch(home_ / ".cache/headroom/torch-2.11.0", "2.11.0+cu130");
  EXPECT_THAT(profile().err, HasSubstr("told:\n"));
}

TEST_F(Installed, TheNamedTorchGoesBeforeAllOthers) {
  put_torch(prefix_ / "lib/headroom/torch-2.11.0", "2.11.0+cu130");
  const auto named = put_torch(home_ / "venv", "2.11.0+cpu");
  tool_.environment["HEADROOM_TORCH_DIR"] = named;
  EXPECT_THAT(profile().err, HasSubstr("told: " + named.string() + "/lib\n"));
}

TEST_F(Installed, AnotherVersionOfTorchIsRefused) {
  const auto named = put_torch(home_ / "venv", "2.12.1+cu130");
  tool_.environment["HEADROOM_TORCH_DIR"] = named;
  const Ended ended = profile();
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err, "headroom: HEADROOM_TORCH_DIR is '" + named.string() +
                           "', which is Torch 2.12.1+cu130; the worker was built for Torch 2.11.0\n");
  EXPECT_THAT(version(), HasSubstr("which is Torch 2.12.1+cu130"));
}

TEST_F(Installed, AFolderThatIsNoTorchIsRefused) {
  tool_.environment["HEADROOM_TORCH_DIR"] = home_.path();
  EXPECT_THAT(profile().err, HasSubstr("which has no lib/libtorch_cpu.so; expected the folder `torch`"));
}

TEST_F(Installed, VersionsOfThePartsAreTold) {
  write("bin/headroom-viewer", "");
  fs::permissions(prefix_ / "bin/headroom-viewer", fs::perms::owner_all);
  write("lib/headroom/versions/viewer.json", R"({"version": "0.1.0", "qt": "6.4.2", "compiler": "GNU 12.2.0"})");
  const std::string text = version();
  EXPECT_THAT(text, StartsWith("headroom 0.1.0\ncompiler "));
  EXPECT_THAT(text, HasSubstr("\nformats       headroom.recording/1, "));
  EXPECT_THAT(text, HasSubstr(", headroom.report/1"));
  EXPECT_THAT(text, HasSubstr("\nworker        0.1.0, for Torch 2.11.0, GNU 12.2.0\ntorch         not found\n"
                              "virtual GPU   CUDA 13.0, "));
  EXPECT_THAT(text, HasSubstr("\nviewer        0.1.0, for Qt 6.4.2, GNU 12.2.0\n"));
}

TEST_F(Installed, DamagedWordsOfAPartAreNoFailure) {
  for (const char* text : {"", "{", "[]", R"({"torch": 7})", R"({"version": {}})"}) {
    SCOPED_TRACE(text);
    write("lib/headroom/versions/worker.json", text);
    EXPECT_THAT(version(), StartsWith("headroom 0.1.0\n"));
    EXPECT_THAT(profile().err, HasSubstr("told:\n"));
  }
}

}  // namespace
}  // namespace headroom::cli_test
