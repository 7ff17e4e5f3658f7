// session_of_text takes any text: an Error, or a session that is written and read again as it is.
#include <cstddef>
#include <cstdint>

#include "gui/session/session_file.h"
#include "tests/fuzz/survive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  const std::filesystem::path path = "/nowhere/fuzz.headroom-session";
  std::string text;
  try {
    text = gui::text_of_session(gui::session_of_text({reinterpret_cast<const char*>(data), size}, path), path);
  } catch (const Error& error) {
    fuzz::require(error.code() == ExitCode::bad_input);
    return 0;
  }
  if (text.size() > JsonLimits().size_bytes) return 0;
  fuzz::require(gui::text_of_session(gui::session_of_text(text, path), path) == text);
  return 0;
}
