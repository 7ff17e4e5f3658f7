// read_sweep_json and read_sweep_run take any bytes: an Error, or what is written and read back the same.
#include <cstddef>
#include <cstdint>

#include "reports/sweep.h"
#include "tests/fuzz/survive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const std::string again = write_sweep_json(read_sweep_json(text, "fuzz"));
    fuzz::require(write_sweep_json(read_sweep_json(again, "again")) == again);
  } catch (const Error& error) {
    fuzz::require(error.code() == ExitCode::bad_input);
  }
  try {
    const SweepResult result = read_sweep_run(text, "fuzz");
    fuzz::require(read_sweep_run(write_sweep_run(result), "again") == result);
  } catch (const Error& error) {
    fuzz::require(error.code() == ExitCode::bad_input);
  }
  return 0;
}
