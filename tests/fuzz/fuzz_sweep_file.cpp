// read_sweep_plan takes any TOML: an Error, or runs that have a setting for each varied key.
#include <cstddef>
#include <cstdint>

#include "cli/sweep_file.h"
#include "tests/fuzz/survive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  try {
    const auto plan = cli::read_sweep_plan(parse_toml({reinterpret_cast<const char*>(data), size}, "fuzz"));
    fuzz::require(!plan.runs.empty() && !plan.varied.empty());
    for (const auto& run : plan.runs) fuzz::require(run.settings.size() == plan.varied.size());
  } catch (const Error& error) {
    fuzz::require(error.code() == ExitCode::bad_input || error.code() == ExitCode::could_not_measure);
  }
  return 0;
}
