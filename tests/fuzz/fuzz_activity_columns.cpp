// The columns of activity in an otherwise right recording, from arbitrary bytes: the input is cut into thirteen equal
// parts, the first of which are kinds; their number is that of the rows.
#include <cstddef>
#include <cstdint>
#include <string>

#include "recording/container.h"
#include "recording/document.h"
#include "tests/fuzz/survive.h"
#include "tests/random_recording.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  static const Json document = recording_document(testing_support::random_recording(2, 0, DeviceKind::cuda));
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t part = size / 13;
  Json meta = document;
  meta["activity"]["row_count"] = part * 2;
  ContainerWriter container;
  container.add_plain("meta", meta.dump());
  container.add_plain("action", "");
  for (const char* name : {"time", "address", "request", "block", "layer", "phase", "step", "category", "op", "tensor"})
    container.add_compressed(name, "");
  container.add_plain("a.kind", bytes.substr(0, part));
  std::size_t at = part;
  for (const char* name : {"a.start", "a.length", "a.name", "a.detail", "a.bytes", "a.addr", "a.stream", "a.correl",
                           "a.thread", "a.layer", "a.phase", "a.step"}) {
    container.add_compressed(name, bytes.substr(at, part));
    at += part;
  }
  fuzz::survive(container.finish());
  return 0;
}
