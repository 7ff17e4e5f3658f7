// parse_json takes any text: an Error, or a document that prints and parses to itself.
#include <cstddef>
#include <cstdint>

#include "base/json.h"
#include "recording/run_spec.h"
#include "tests/fuzz/survive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  Json json;
  try {
    json = parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
  } catch (const Error& error) {
    fuzz::require(error.code() == ExitCode::bad_input);
    return 0;
  }
  const std::string text = json.dump();
  fuzz::require(parse_json(text, "again", {.size_bytes = text.size()}).dump() == text);
  try {
    const RunSpec spec = run_spec_from_json(json, "fuzz");
    fuzz::require(run_spec_from_json(to_json(spec), "again") == spec);
    validate(spec);
  } catch (const Error& error) {
    fuzz::require(error.code() == ExitCode::bad_input);
  }
  return 0;
}
