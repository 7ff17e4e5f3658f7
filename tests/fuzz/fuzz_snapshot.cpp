// read_snapshot takes any bytes, and what it lets through keeps every promise of a recording.
#include <cstddef>
#include <cstdint>

#include "recording/snapshot/snapshot.h"
#include "tests/fuzz/survive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  try {
    const Recording recording = read_snapshot({reinterpret_cast<const char*>(data), size}, "fuzz");
    fuzz::require(encode_recording(decode_recording(encode_recording(recording), "again")) ==
                  encode_recording(recording));
    fuzz::require(verify(make_breakdown(recording, "fuzz")).empty() || recording.dropped_event_count > 0);
  } catch (const Error& error) {
    fuzz::require(error.code() == ExitCode::bad_input);
  }
  return 0;
}
