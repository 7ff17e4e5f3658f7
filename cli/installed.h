// What is installed beside this executable, and what its parts say of themselves (cmake/Versions.cmake).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace headroom::cli {

// lib/headroom/versions/NAME.json beside `bin`, the folder of an executable; nothing where there is none.
std::optional<Json> told_by(std::string_view name, const std::filesystem::path& bin);

// A member of what a part says; empty when it does not say.
std::string told(const std::optional<Json>& part, const char* key);

// The file headroom-worker: HEADROOM_WORKER, or beside this executable. It need not exist.
std::filesystem::path worker_path();

// The file headroom-viewer: beside this executable, else in PATH.
std::optional<std::filesystem::path> viewer_path();

}  // namespace headroom::cli
