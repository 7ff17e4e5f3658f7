// What is installed beside this executable.
#pragma once

#include <filesystem>
#include <optional>

namespace headroom::cli {

std::filesystem::path own_program();  // this executable

// The file headroom-worker: HEADROOM_WORKER, or beside this executable. It need not exist.
std::filesystem::path worker_path();

// The file headroom-viewer: beside this executable, else in PATH.
std::optional<std::filesystem::path> viewer_path();

}  // namespace headroom::cli
