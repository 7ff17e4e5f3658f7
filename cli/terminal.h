// stdout and stderr as the command line uses them: the result on the one, words on the other.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headroom::cli {

enum class Color { automatic, always, never };

// Once, before anything else: a reader that goes away is an error of write, not a signal; the three standard
// descriptors are open, so that no file of ours can take the place of a closed one.
void prepare_standard_streams();

// Throws could_not_measure when the reader has gone, the disk is full or stdout is closed.
void write_stdout(std::string_view text);

// As much as can be written; a reader that has gone is no reason to stop.
void write_stderr(std::string_view text);

// "headroom: MESSAGE" as one line on stderr, control characters made visible.
void complain(std::string_view message);

// What a crashed worker left behind, indented under the complaint: its last lines, each made printable.
void show_last_words(std::string_view text);

// Control characters and what is not UTF-8 escaped, so that the text stays one line, cannot steer a terminal, and fits
// in JSON.
std::string printable(std::string_view text);

// Columns of the terminal: COLUMNS when set, else what the terminal says, else 100; never less than 40.
int terminal_width(int descriptor);

// automatic: `descriptor` is a terminal that is not dumb, and NO_COLOR is unset or empty.
bool wants_color(Color color, int descriptor);

}  // namespace headroom::cli
