// Variables of this process, and the folder that they give to what is kept from one command to the next.
#pragma once

#include <filesystem>
#include <string>

namespace headroom {

std::string variable(const char* name);  // empty: it is not set

// HEADROOM_CACHE_DIR, else ${XDG_CACHE_HOME:-~/.cache}/headroom, as scripts/environment.sh has it; absolute. Empty
// where no variable says where.
std::filesystem::path cache_folder();

}  // namespace headroom
