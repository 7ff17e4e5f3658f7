#include "tests/attach/attached.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "recording/journal.h"
#include "recording/verify.h"
#include "tests/temporary_folder.h"

namespace headroom::attach_test {
namespace {

namespace fs = std::filesystem;

const fs::path kLibraries = fs::path(HEADROOM_BUILD_DIR) / "lib/headroom";

std::string quoted(const std::string& text) { return "'" + text + "'"; }

std::string virtual_gpu(const std::string& device, const std::string& options) {
  if (device == "cpu") return "";
  // As the command line does: what ranks tell each other goes through device memory.
  const bool backed = options.find("\"ranks\"") != std::string::npos;
  return " HEADROOM_VIRTUAL_GPU=" + device + (backed ? " HEADROOM_VIRTUAL_GPU_BACKED=1" : "");
}

}  // namespace

const Recording& Attached::only() const {
  EXPECT_EQ(recordings.size(), 1u) << output;
  static const Recording none;
  return recordings.empty() ? none : recordings.front();
}

Attached attach(const std::string& program, const std::string& argument, const std::string& device,
                const std::string& options, const std::string& environment) {
  const testing_support::TemporaryFolder folder;
  const std::string asked = device == "cpu" ? "cpu" : "virtual:" + device;
  const std::string command =
      "cd " + quoted(std::string(HEADROOM_SOURCE_DIR) + "/tests/attach/programs") + " && " + environment +
      " LD_PRELOAD=" + quoted((kLibraries / "virtual-gpu/headroom-virtual-gpu.so").string()) + virtual_gpu(device, options) +
      " HEADROOM_RUN_FOLDER=" + quoted(folder.path().string()) +
      " HEADROOM_RUN_OPTIONS=" + quoted("{\"device\": \"" + asked + "\"" + options + "}") +
      " PYTHONPATH=" + quoted((kLibraries / "python/site").string() + ":" + HEADROOM_TORCH_PACKAGES) +
      " PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=" + quoted(std::string(HEADROOM_BUILD_DIR) + "/python-cache") + " exec " +
      HEADROOM_TEST_PYTHON + " " + program + " " + quoted(argument) + " 2>&1";
  Attached result;
  FILE* pipe = popen(command.c_str(), "r");
  for (char buffer[4096]; std::size_t count = fread(buffer, 1, sizeof(buffer), pipe);)
    result.output.append(buffer, count);
  result.status = pclose(pipe);
  for (const fs::path& journal : find_journals(folder.path())) {
    result.recordings.push_back(read_journal(journal));
    finish(result.recordings.back(), result.status);
    EXPECT_EQ(verify(result.recordings.back()), std::vector<std::string>{});
    EXPECT_EQ(result.recordings.back().dropped_event_count, 0);
  }
  for (const auto& entry : fs::directory_iterator(folder.path()))
    if (entry.path().extension() == ".refused") result.output += read_file(entry.path(), 1 << 16);
  return result;
}

}  // namespace headroom::attach_test
