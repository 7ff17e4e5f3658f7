// What the installed parts say of themselves: lib/headroom/versions/NAME.json (cmake/Versions.cmake).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace headroom {

// Of the part NAME that is installed beside `bin`, the folder of an executable; nothing where there is none.
std::optional<Json> told_by(std::string_view name, const std::filesystem::path& bin);

// A member of what a part says; empty when it does not say.
std::string told(const std::optional<Json>& part, const char* key);

}  // namespace headroom
