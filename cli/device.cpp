#include "cli/device.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/names.h"
#include "cli/arguments.h"
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

// A bare "h100-80gb", "H100" or "a100-40g" is meant as a virtual one; empty where it is like none.
std::string nearest_virtual(const std::string& device, const std::vector<std::string_view>& known) {
  std::vector<std::string_view> bare;
  for (const std::string_view name : known)
    if (name.starts_with(kVirtual)) bare.push_back(name.substr(kVirtual.size()));
  const std::string nearest = std::ranges::find(bare, device) != bare.end() ? device : nearest_name(device, bare);
  return nearest.empty() ? "" : std::string(kVirtual) + nearest;
}

// "8" and "h100-80gb" of "virtual:8xh100-80gb"; no count where there is none.
struct VirtualParts {
  std::string_view count, model;
};

VirtualParts parts_of(std::string_view device) {
  const std::string_view name = device.substr(kVirtual.size());
  const auto digits = name.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || name[digits] != 'x') return {"", name};
  return {name.substr(0, digits), name.substr(digits + 1)};
}

}  // namespace

bool is_virtual(std::string_view device) { return device.starts_with(kVirtual); }

std::string virtual_name(std::string_view device) { return std::string(device.substr(kVirtual.size())); }

int virtual_count(std::string_view device) {
  const std::string_view count = parts_of(device).count;
  return count.empty() ? 1 : static_cast<int>(parse_integer("the number of devices", count, 1, kMaxVirtualDevices));
}

std::string one_virtual(std::string_view device) { return std::string(kVirtual) + std::string(parts_of(device).model); }

bool is_gpu_usable() {
  if (access("/dev/nvidiactl", R_OK | W_OK) != 0) return false;
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (driver) dlclose(driver);
  return driver != nullptr;
}

std::string default_device() { return is_gpu_usable() ? "cuda" : "virtual:h100-80gb"; }

namespace {

void require_gpu(const std::string& device) {
  if (is_gpu_usable()) return;
  throw could_not_measure("no NVIDIA GPU is usable here (/dev/nvidiactl and libcuda.so.1 are needed for --device " +
                          device + "); --device virtual:h100-80gb needs none");
}

void require_known(const std::string& device) {
  const auto names = known_devices();
  const std::vector<std::string_view> known(names.begin(), names.end());
  if (std::ranges::find(known, device) != known.end()) return;
  const bool is_like_one = !nearest_name(device, known).empty() && device != "gpu";  // which is like "cpu"
  const std::string meant = device == "gpu" ? "cuda" : is_like_one ? "" : nearest_virtual(device, known);
  if (!meant.empty())
    throw bad_input(
        fmt::format("unknown device '{}'; did you mean '{}'? headroom list devices shows all", device, meant));
  throw bad_input(unknown_name_message("device", device, known));
}

}  // namespace

void require_device(const std::string& device) {
  if (is_cuda(device)) return require_gpu(device);
  if (is_virtual(device) && !parts_of(device).count.empty())
    throw bad_input("--device " + device + " is several devices, and a model of Headroom's own runs on one: --device " +
                    one_virtual(device) + "; headroom run takes several");
  require_known(device);
}

void require_program_device(const std::string& device) {
  if (is_cuda(device) && device != kCuda)
    throw bad_input("--device " + device + " names one GPU, but a program chooses its own: --device cuda, and " +
                    "CUDA_VISIBLE_DEVICES to show it fewer");
  if (is_cuda(device)) return require_gpu(device);
  if (!is_virtual(device)) return require_known(device);
  virtual_count(device);
  require_known(one_virtual(device));
}

}  // namespace headroom::cli
