// The recording file: a JSON document for everything but the events, and the events as compressed columns.
// docs/recording-format.md describes it byte by byte.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "recording/recording.h"

namespace headroom {

std::string encode_recording(const Recording& recording);

// Survives any bytes: throws bad_input (naming `where` and what is wrong) on a foreign, truncated, corrupted or newer
// file, never reads out of bounds, and never allocates more than the file's own size justifies.
Recording decode_recording(std::string_view bytes, const std::string& where);

void write_recording(const std::filesystem::path& path, const Recording& recording);
Recording read_recording(const std::filesystem::path& path);

}  // namespace headroom
