// parse_toml takes any text: an Error, or a document each of whose values has a line.
#include <cstddef>
#include <cstdint>

#include "base/toml.h"
#include "tests/fuzz/survive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  try {
    const TomlDocument document = parse_toml({reinterpret_cast<const char*>(data), size}, "fuzz");
    fuzz::require(document.root.is_object());
    for (const auto& [pointer, line] : document.lines) {
      fuzz::require(document.root.contains(Json::json_pointer(pointer)));
      fuzz::require(line >= 1 && line <= size + 1);
    }
  } catch (const Error& error) {
    fuzz::require(error.code() == ExitCode::bad_input);
  }
  return 0;
}
