// Journals: what an attached process leaves while it runs, so that nothing is lost however it ends. Read here, by the
// command line, once the process is gone; written through recording/journal_writer.h.
//
// A journal is a folder FOLDER/PID-DEVICE.journal of one process and one device ("4711-cuda0.journal"), with the events as
// rows (journal_format.h), the device's activity likewise, and everything else as lines of JSON. It is valid after every single write.
#pragma once

#include <filesystem>
#include <vector>

#include "recording/recording.h"

namespace headroom {

// The journals below `folder`, ordered by process and device.
std::vector<std::filesystem::path> find_journals(const std::filesystem::path& folder);

// The recording that a journal holds; verify() finds nothing to say about it. `spec` has the device, the mode (forward when
// there was no backward pass), the steps and, as the model, the program's name. The caller adds the command.
// Survives any bytes: throws bad_input, naming `path`, when the folder holds no journal or a newer one; rows and lines that
// make no sense are counted as dropped events or passed over. A torn journal (the process was killed) gives all that happened
// until then, with statistics by replay.
Recording read_journal(const std::filesystem::path& path);

// What became of the process, in waitpid's words. An outcome that the process itself wrote (out of memory, an uncaught
// exception) stays; one that only the system knows (a signal, an exit code) is added.
void finish(Recording& recording, int wait_status);

}  // namespace headroom
