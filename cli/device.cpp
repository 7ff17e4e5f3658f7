#include "cli/device.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/names.h"
#include "virtual_gpu/catalog.h"

namespace headroom::cli {
namespace {

constexpr std::string_view kVirtual = "virtual:", kCuda = "cuda";

bool is_cuda(std::string_view device) {
  if (device == kCuda) return true;
  if (!device.starts_with("cuda:")) return false;
  const std::string_view index = device.substr(5);
  return !index.empty() && index.size() <= 3 && std::ranges::all_of(index, [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string> known_devices() {
  std::vector<std::string> names{"cpu", "cuda", "cuda:0"};
  for (const auto& model : virtual_gpu::device_catalog()) names.push_back(std::string(kVirtual) + model.name);
  return names;
}

// A bare "h100-80gb" is meant as the virtual one.
std::string nearest_device(const std::string& device, const std::vector<std::string_view>& known) {
  const std::string as_virtual = std::string(kVirtual) + device;
  return std::ranges::find(known, as_virtual) != known.end() ? as_virtual : device;
}

}  // namespace

bool is_virtual(std::string_view device) { return device.starts_with(kVirtual); }

std::string virtual_name(std::string_view device) { return std::string(device.substr(kVirtual.size())); }

bool is_gpu_usable() {
  if (access("/dev/nvidiactl", R_OK | W_OK) != 0) return false;
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (driver) dlclose(driver);
  return driver != nullptr;
}

std::string default_device() { return is_gpu_usable() ? "cuda" : "virtual:h100-80gb"; }

void require_device(const std::string& device) {
  const auto names = known_devices();
  const std::vector<std::string_view> known(names.begin(), names.end());
  if (is_cuda(device)) {
    if (!is_gpu_usable())
      throw could_not_measure("no NVIDIA GPU is usable here (/dev/nvidiactl and libcuda.so.1 are needed for --device " +
                              device + "); --device virtual:h100-80gb needs none");
    return;
  }
  if (std::ranges::find(known, device) != known.end()) return;
  const std::string meant = nearest_device(device, known);
  if (meant != device) throw bad_input("unknown device '" + device + "'; did you mean '" + meant + "'?");
  throw bad_input(unknown_name_message("device", device, known));
}

}  // namespace headroom::cli
