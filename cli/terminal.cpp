#include "cli/terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "cli/child_process.h"

namespace headroom::cli {
namespace {

constexpr int kDefaultWidth = 100, kLeastWidth = 40, kMostWidth = 10000;
constexpr int kLastLines = 20;

// Returns 0 or the error number.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count == 0) return EIO;
    if (count > 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd ready{descriptor, POLLOUT, 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

// What a file system says that writes at the close alone, as those of networks do; 0: nothing.
int why_not_kept(int descriptor) {
  const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  return copy >= 0 && close(copy) != 0 && errno != EINTR ? errno : 0;
}

std::string reason(int error) {
  if (error == EPIPE) return "its reader has gone";
  if (error == EBADF) return "it is closed";
  return std::strerror(error);
}

std::optional<int> width_from_environment() {
  const char* text = std::getenv("COLUMNS");
  int width = 0;
  if (!text || std::from_chars(text, text + std::strlen(text), width).ec != std::errc() || width <= 0) return {};
  return width;
}

std::optional<int> width_from_device(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
  return size.ws_col;
}

// Bytes of the UTF-8 character that `text` begins with; 0 for a control character or what is no character.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  unsigned code = first & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr unsigned kLeast[] = {0, 0, 0xA0, 0x800, 0x10000};  // below 0xA0: more control characters
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return first >= 0xC2 && first < 0xF5 && code >= kLeast[size] && code < 0x110000 && !surrogate ? size : 0;
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value && *value;
}

}  // namespace

void prepare_standard_streams() {
  take_write_errors();
  for (int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) open("/dev/null", O_RDONLY);
}

void write_stdout(std::string_view text) {
  int error = write_all(STDOUT_FILENO, text);
  if (error == 0) error = why_not_kept(STDOUT_FILENO);
  if (error != 0) throw could_not_measure("cannot write the result to stdout: " + reason(error));
}

void write_stderr(std::string_view text) { write_all(STDERR_FILENO, text); }

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size > 0)
      out += text.substr(0, size);
    else if (text[0] == '\n')
      out += "\\n";
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

void complain(std::string_view message) { write_all(STDERR_FILENO, "headroom: " + printable(message) + "\n"); }

void show_last_words(std::string_view text) {
  std::string out;
  for (int lines = 0; lines < kLastLines && !text.empty(); ++lines) {
    const auto newline = text.rfind('\n');
    const auto begin = newline == std::string_view::npos ? 0 : newline + 1;
    out = "  " + printable(text.substr(begin)) + "\n" + out;
    text = text.substr(0, begin == 0 ? 0 : newline);
  }
  write_all(STDERR_FILENO, out);
}

int terminal_width(int descriptor) {
  auto width = width_from_environment();
  if (!width) width = width_from_device(descriptor);
  return std::clamp(width.value_or(kDefaultWidth), kLeastWidth, kMostWidth);
}

bool wants_color(Color color, int descriptor) {
  if (color != Color::automatic) return color == Color::always;
  const char* terminal = std::getenv("TERM");
  return isatty(descriptor) && !is_set("NO_COLOR") && terminal && std::string_view(terminal) != "dumb";
}

}  // namespace headroom::cli
