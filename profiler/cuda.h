// CUDA, real or virtual, reached without linking it: libtorch_cuda.so is opened at run time, so one worker serves every
// device. The allocator's classes are used through their virtual functions alone.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "recording/recording.h"

namespace c10::cuda::CUDACachingAllocator {
class CUDAAllocator;
}

namespace headroom::profiler::cuda {

// Opens libtorch_cuda.so and prepares device `index`. Throws could_not_measure when the library does not load or there
// is no such device, with the loader's or the driver's own words.
// `before_context` is called once both are known to be there, before Torch initialises CUDA.
void open(c10::DeviceIndex index, const std::function<void(c10::DeviceIndex)>& before_context = {});

// Prepares for the CUDA that the program itself has initialised; how many devices it has. Throws bad_input when its allocator is
// not one that tells what it does.
int adopt();

// Of those that the program may see; libtorch_cuda.so is open.
int device_count();
// Torch has initialised CUDA, or something else made a context on the first device.
bool is_initialized();

// True over the virtual GPU: its libcudart answers to headroom_virtual_gpu_report.
bool is_virtual();

// Fills the CUDA fields of `environment` from the device.
void describe(c10::DeviceIndex index, Environment& environment);

// What the virtual runtime could not know, one sentence each; empty on a real GPU. Of values read by the host it knows the
// count alone.
enum class HostReads { counted, left_out };
std::vector<std::string> virtual_assumptions(HostReads host_reads = HostReads::counted);

struct AllocatorEvent {
  // returned: a freed block is the allocator's again; it follows the free at once where no other stream used the block.
  enum class Kind { alloc, free, returned, segment_alloc, segment_free, out_of_memory };
  Kind kind{};
  std::uint64_t address = 0;  // out_of_memory: the bytes free on the device
  std::int64_t bytes = 0;  // alloc, free: requested; segments: their size; out_of_memory: the request, rounded to 512
  const void* stream = nullptr;                // the driver's; none: the default stream
  std::pair<std::uint64_t, std::uint64_t> pool;  // as PyTorch numbers private pools; 0, 0: none
};

// Calls `listener` for every event of device `index` from now on, on the thread that caused it and under the
// allocator's lock. There is no detaching: the listener must outlive the process's use of CUDA.
void listen(c10::DeviceIndex index, std::function<void(const AllocatorEvent&)> listener);

AllocatorStats allocator_stats(c10::DeviceIndex index);

c10::cuda::CUDACachingAllocator::CUDAAllocator& allocator();  // PyTorch's, once CUDA is open

// Free and all bytes of the device, by the driver, whose context on it there must be. Throws Error, or Torch's own.
std::pair<std::size_t, std::size_t> memory_info(c10::DeviceIndex index);

// Waits for all work on the device; nothing where it fails or has no context.
void synchronize(c10::DeviceIndex index);

// The allocator's size of the block that begins at `address`; -1 when there is none. Walks all blocks: for rare cases.
std::int64_t block_bytes(c10::DeviceIndex index, std::uint64_t address);

}  // namespace headroom::profiler::cuda
