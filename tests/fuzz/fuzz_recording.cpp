// decode_recording takes any bytes. Each input is tried as it is and with a right frame around it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "recording/container.h"
#include "tests/fuzz/survive.h"

namespace {

std::string sealed(std::string_view body) {
  std::string bytes = headroom::ContainerWriter().finish();
  bytes.resize(bytes.size() - 8);
  bytes.insert(12, body);
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(hash >> (8 * i)));
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  headroom::fuzz::survive(bytes);
  headroom::fuzz::survive(sealed(bytes));
  return 0;
}
