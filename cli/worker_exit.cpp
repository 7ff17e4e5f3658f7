#include "cli/worker_exit.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <string_view>

#include "base/shortened.h"

namespace headroom::cli {
namespace {

constexpr std::size_t kLongestLastLine = 200, kLongestWhat = 400;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \r\n\t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \r\n\t") - first + 1);
}

std::string_view last_line(std::string_view text) {
  text = trimmed(text);
  const auto newline = text.rfind('\n');
  return newline == std::string_view::npos ? text : trimmed(text.substr(newline));
}

std::string_view line_with(std::string_view text, std::string_view phrase) {
  const auto found = text.find(phrase);
  if (found == std::string_view::npos) return {};
  const auto before = text.rfind('\n', found);
  const auto begin = before == std::string_view::npos ? 0 : before + 1;
  return trimmed(text.substr(begin, text.find('\n', found) - begin));
}

std::string_view without_prefix(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

// What ld.so says before main: a library that is missing, or one of another version.
std::string loader_complaint(std::string_view text) {
  constexpr std::string_view kMissing = "error while loading shared libraries: ", kMismatch = "symbol lookup error: ";
  if (const auto line = line_with(text, kMissing); !line.empty()) {
    const auto library = line.substr(line.find(kMissing) + kMissing.size());
    return fmt::format(
        "the worker cannot start: the shared library {} is missing or unusable ({}); run scripts/setup, "
        "or set HEADROOM_TORCH_DIR to the folder `torch` of the pinned Torch wheel, and build again",
        library.substr(0, library.find(':')), library);
  }
  if (const auto line = line_with(text, kMismatch); !line.empty())
    return fmt::format(
        "the worker cannot start: a shared library does not fit it ({}); run scripts/setup and build again",
        line.substr(line.find(kMismatch) + kMismatch.size()));
  return {};
}

std::string signal_message(int signal) {
  if (signal == SIGKILL)
    return "the worker was killed (SIGKILL), probably by the kernel's out-of-memory killer: host memory ran out";
  const char* name = sigabbrev_np(signal);
  const char* description = sigdescr_np(signal);
  if (!name || !description) return fmt::format("the worker died of signal {}", signal);
  return fmt::format("the worker died of SIG{} ({})", name, description);
}

// Of an exception that nobody caught, which the C++ library tells so; empty: of none.
std::string_view uncaught(std::string_view text) {
  constexpr std::string_view kWhat = "what():";
  const std::string_view line = line_with(text, kWhat);
  return line.empty() ? line : trimmed(line.substr(line.find(kWhat) + kWhat.size()));
}

WorkerEnd explain_signal(int signal, const std::string& text) {
  constexpr std::string_view kSettingsReader = "ConfigTokenizer";  // of PyTorch; it is asked before anything can catch
  const std::string_view what = uncaught(text);
  if (what.find(kSettingsReader) != std::string_view::npos)
    return {ExitCode::could_not_measure,
            "PyTorch cannot read the allocator settings in PYTORCH_CUDA_ALLOC_CONF or PYTORCH_ALLOC_CONF: expected "
            "KEY:VALUE, several separated by commas, such as expandable_segments:True",
            {}};
  if (!what.empty())  // what follows are addresses, which tell a user nothing
    return {ExitCode::could_not_measure, signal_message(signal) + ": " + shortened(what, kLongestWhat), {}};
  return {ExitCode::could_not_measure, signal_message(signal), std::string(trimmed(text))};
}

WorkerEnd explain_code(int code, const std::string& text) {
  if (code == 0) return {};
  if (auto complaint = loader_complaint(text); !complaint.empty()) return {ExitCode::could_not_measure, complaint, {}};
  const std::string message(without_prefix(without_prefix(last_line(text), "headroom-worker: "), "error: "));
  if ((code == 2 || code == 3) && !message.empty()) return {static_cast<ExitCode>(code), message, {}};
  return {ExitCode::could_not_measure, fmt::format("the worker ended with exit code {}", code),
          std::string(trimmed(text))};
}

}  // namespace

WorkerEnd explain_worker_exit(int wait_status, const std::string& stderr_text) {
  if (WIFSIGNALED(wait_status)) return explain_signal(WTERMSIG(wait_status), stderr_text);
  return explain_code(WEXITSTATUS(wait_status), stderr_text);
}

WorkerEnd explain_timeout(TimeLimit limit, const std::string& progress, const std::string& stderr_text) {
  const std::string_view last = last_line(stderr_text);
  std::string heard = progress.empty() ? "it had told of no progress" : "it was last at: " + progress;
  if (!last.empty()) heard += fmt::format("; its last words: {}", shortened(last, kLongestLastLine));
  return {ExitCode::could_not_measure, timeout_message(limit, heard), {}, true};
}

}  // namespace headroom::cli
