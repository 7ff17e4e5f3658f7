// Reading with a limit, writing whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace headroom {

// The file's bytes. Throws bad_input when it is missing, not a regular file, unreadable or larger than `limit_bytes`;
// could_not_measure when the disk fails.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit_bytes);

// The first `count` bytes, or all where there are fewer. Throws as read_file does.
std::string read_beginning(const std::filesystem::path& path, std::size_t count);

// Writes to a temporary file beside `path`, syncs it, renames it over `path` and syncs the folder; on any failure the
// old file stays as it was and the temporary one is removed; signals that end a process wait so long
// (base/temporary_file.h). A link is followed, an old file's permissions are kept.
// Throws bad_input when the folder does not exist or may not be written, or `path` is a folder, a pipe or a device;
// could_not_measure when the disk is full or failing.
void write_file(const std::filesystem::path& path, std::string_view bytes);

// The same for a file that must not be there yet: throws bad_input, and leaves it as it is, where something of that
// name is, whoever made it and when.
void write_new_file(const std::filesystem::path& path, std::string_view bytes);

// Adds to the end of a file that others add to as well (made when absent; a pipe or a device will do): all of it, or
// the file is as long as before. Throws as write_file does.
void append_file(const std::filesystem::path& path, std::string_view bytes);

// Throws bad_input unless a file could be created in `folder` (made with its parents when absent): called before
// a long run, so that its result is not lost to a typo. What a write_file left there whose process was killed is
// removed.
void require_writable_folder(const std::filesystem::path& folder);

}  // namespace headroom
