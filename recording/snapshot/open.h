// Opens a file that holds a run, in whichever format it is: a recording, or a memory snapshot of PyTorch's.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "recording/recording.h"

namespace headroom {

// What the beginning of a file seems to be that is neither, and what to open in its place: one sentence, beginning with
// "this is"; empty where nothing is known of it.
std::string foreign_format(std::string_view beginning);

// Throws bad_input, opening with the path, and saying what a foreign file seems to be.
Recording open_recording(const std::filesystem::path& path);

}  // namespace headroom
