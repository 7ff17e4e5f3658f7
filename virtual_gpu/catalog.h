// The catalogue of virtual devices: what a CUDA program can ask of a GPU, as data (devices.json). Torch-free.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::virtual_gpu {

struct DeviceModel {
  std::string name;              // "h100-80gb"
  std::string product;           // cudaDeviceProp::name: "NVIDIA H100 80GB HBM3"
  int major = 0, minor = 0;      // compute capability
  std::int64_t total_bytes = 0;  // totalGlobalMem, as cudaMemGetInfo reports it
  int multiprocessor_count = 0;
  int max_threads_per_multiprocessor = 0;
  int max_blocks_per_multiprocessor = 0;
  std::int64_t shared_bytes_per_block = 0, shared_bytes_per_block_optin = 0, shared_bytes_per_multiprocessor = 0;
  std::int64_t reserved_shared_bytes_per_block = 0;
  int registers_per_block = 65536, registers_per_multiprocessor = 65536;
  std::int64_t l2_bytes = 0;
  int clock_khz = 0, memory_clock_khz = 0, memory_bus_bits = 0;
  int framebuffer_mib = 0;  // all of the card's memory, as nvidia-smi and NVML report it
  int pci_device_id = 0;    // NVIDIA's number of the board, without the vendor's
  bool ecc = true;          // error correction is on
  std::string source;  // where the figures are from
  // Where the driver puts new allocations: "descending" or "ascending". Equal free blocks of PyTorch's allocator are
  // told apart by address, so this can change which one is taken.
  std::string address_order = "descending";
};

const std::vector<DeviceModel>& device_catalog();

// "h100-80gb" or "virtual:h100-80gb". Throws bad_input for an unknown name, nearest suggested.
const DeviceModel& device_model(std::string_view name);

// By what a real card calls itself (cudaDeviceProp::name; some drivers leave "NVIDIA " out). nullptr: not in the catalogue.
const DeviceModel* device_of_product(std::string_view product);

}  // namespace headroom::virtual_gpu
