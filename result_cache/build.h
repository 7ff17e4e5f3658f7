// Which build of a program a file is, told from the file alone.
#pragma once

#include <filesystem>
#include <string>

namespace headroom {

// The build id that the linker put into an ELF file: the same for the same build, wherever it lies. Of any other file
// its path, size and time of change; of an absent one its path.
std::string build_of(const std::filesystem::path& file);

}  // namespace headroom
