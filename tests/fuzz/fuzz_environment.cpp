// The variables that the virtual GPU reads, NAME=VALUE a line: one complaint, or a device that keeps its promises.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "tests/fuzz/survive.h"
#include "virtual_gpu/core/configuration.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  std::map<std::string, std::string> variables{{"HEADROOM_VIRTUAL_GPU", "8xh100-80gb"}};
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size()), equals = std::min(text.find('=', at), end);
    variables[text.substr(at, equals - at)] =
        text.substr(std::min(equals + 1, end), end - std::min(equals + 1, end)).c_str();
    at = end + 1;
  }
  std::string complaint;
  const auto found = virtual_gpu::read_configuration(
      [&](const char* name) {
        const auto variable = variables.find(name);
        return variable == variables.end() ? nullptr : variable->second.c_str();
      },
      &complaint);
  fuzz::require(found.model == nullptr || complaint.empty());
  if (found.model == nullptr) return 0;
  fuzz::require(found.installed_count >= 1 && found.installed_count <= virtual_gpu::kMostDevices);
  fuzz::require(found.reserved_bytes <= static_cast<std::uint64_t>(found.model->total_bytes));
  for (const int number : found.visible) fuzz::require(number >= 0 && number < found.installed_count);
  return 0;
}
