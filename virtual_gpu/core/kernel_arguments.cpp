#include "virtual_gpu/core/kernel_arguments.h"

#include <cstring>
#include <vector>

#include "virtual_gpu/core/address_map.h"
#include "virtual_gpu/core/backing.h"

namespace headroom::virtual_gpu {
namespace {

std::vector<std::uint64_t> device_addresses(const std::vector<KernelParameter>& parameters, void** arguments) {
  std::vector<std::uint64_t> found;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    for (std::uint64_t at = 0; at + sizeof(std::uint64_t) <= parameters[i].bytes; at += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, static_cast<const char*>(arguments[i]) + at, sizeof word);
      if (device_of_address(word)) found.push_back(word);
    }
  return found;
}

}  // namespace

std::function<void()> effect_of_arguments(Kernel& kernel, void** arguments) {
  if (!backed() || arguments == nullptr) return {};
  std::vector<std::uint64_t> addresses = device_addresses(kernel_facts(kernel).parameters, arguments);
  if (addresses.empty()) return {};
  return [addresses = std::move(addresses)] {
    for (const std::uint64_t address : addresses) touch_contents(address);
  };
}

}  // namespace headroom::virtual_gpu
