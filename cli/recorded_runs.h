// Recordings that are there already, and what runs are called.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "recording/recording.h"

namespace headroom::cli {

// A recording or a memory snapshot of PyTorch's. Throws bad_input for what is neither, is damaged or contradicts
// itself.
Recording read_sound_recording(const std::filesystem::path& path);

// The file's name without its ending.
std::string label_of(const std::string& path);

// That of each where they differ, else the paths. Throws bad_input for a path that is there twice.
std::vector<std::string> labels_of(const std::vector<std::string>& paths);

// At most 100 characters, so that it can name a file: letters, digits and ._- stay, all else is a dash.
std::string plain_label(std::string_view text, std::string_view otherwise);

}  // namespace headroom::cli
