// What the environment asks of the runtime, read at the first question and never again. A value that cannot be meant
// is explained in one line on stderr, and then there is no device, as on a machine without a GPU.
//
//   HEADROOM_VIRTUAL_GPU                 NAME or NxNAME: one device, or N (1 to 64) of the same model
//   CUDA_VISIBLE_DEVICES                 as CUDA reads it: which of them this process sees, and in which order
//   HEADROOM_VIRTUAL_GPU_RESERVE         bytes of each device that are in use from the start
//   HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER   descending, ascending or shuffled:SEED
//   HEADROOM_VIRTUAL_GPU_EVENTS          immediate or delayed
//   HEADROOM_VIRTUAL_GPU_BACKED          0 or 1
//   HEADROOM_VIRTUAL_GPU_CUDNN           folder of NVIDIA's libcudnn.so.9, or none (libraries/cudnn)
//   HEADROOM_VIRTUAL_GPU_NVRTC           folder of NVIDIA's libnvrtc, or none (libraries/nvrtc)
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "virtual_gpu/catalog.h"
#include "virtual_gpu/core/address_space.h"

namespace headroom::virtual_gpu {

constexpr int kMostDevices = 64;

struct Configuration {
  const DeviceModel* model = nullptr;  // nullptr: no device
  int installed_count = 0;             // devices in the machine
  std::vector<int> visible;            // of each device that the process sees, its number in the machine
  std::uint64_t reserved_bytes = 0;    // on each device
  AddressOrder order = AddressOrder::descending;
  std::uint64_t order_seed = 0;
  bool delayed_events = false;
  bool backed = false;
};

using Environment = std::function<const char*(const char* variable)>;  // nullptr: not set

// Without a model, `complaint` says why (and is empty when nothing was asked for).
Configuration read_configuration(const Environment& environment, std::string* complaint);

const Configuration& configuration();  // of this process

// What the driver would make of CUDA_VISIBLE_DEVICES: numbers or "GPU-" names, up to the first that names no device;
// none at all when one is named twice or a name fits several. Not set: all.
std::vector<int> visible_devices(const char* wish, int installed_count, const std::function<std::string(int)>& name_of);

// "GPU-" and 36 characters; the same in every run. `number` is that in the machine.
std::string uuid_name(const DeviceModel& model, int number);
std::vector<std::uint8_t> uuid_bytes(const DeviceModel& model, int number);  // 16

}  // namespace headroom::virtual_gpu
