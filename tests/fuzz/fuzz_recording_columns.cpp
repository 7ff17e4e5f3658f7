// The columns of an otherwise right recording of eight events, from arbitrary bytes: the input is cut into ten equal
// parts, one a column.
#include <cstddef>
#include <cstdint>
#include <string>

#include "recording/columns.h"
#include "recording/container.h"
#include "recording/document.h"
#include "tests/fuzz/survive.h"
#include "tests/random_recording.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  static const Recording recording = testing_support::random_recording(1, 8);
  static const std::string document = recording_document(recording).dump();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t part = size / 10;
  ContainerWriter container;
  container.add_plain("meta", document);
  container.add_plain("action", bytes.substr(0, 2));
  std::size_t at = 0;
  for (const char* name :
       {"time", "address", "request", "block", "layer", "phase", "step", "category", "op", "tensor"}) {
    container.add_compressed(name, bytes.substr(at, part));
    at += part;
  }
  fuzz::survive(container.finish());
  return 0;
}
