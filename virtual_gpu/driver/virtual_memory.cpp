// libcuda.so.1: the virtual memory API (core/virtual_memory.h).
#include "virtual_gpu/core/virtual_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "virtual_gpu/core/address_space.h"
#include "virtual_gpu/core/ipc.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

// What an exported handle's file holds: which block it stands for, and in whose process.
struct Shared {
  char magic[8] = {'h', 'd', 'r', 'm', 'v', 'm', 'm', '1'};
  pid_t process = 0;
  std::uint64_t handle = 0;

  bool operator==(const Shared&) const = default;
};

cudaError_t check_location(const CUmemAllocationProp* prop) {
  if (prop == nullptr || prop->type != CU_MEM_ALLOCATION_TYPE_PINNED) return cudaErrorInvalidValue;
  if (prop->location.type != CU_MEM_LOCATION_TYPE_DEVICE) return cudaErrorNotSupported;
  return valid_device(prop->location.id) ? cudaSuccess : cudaErrorInvalidDevice;
}

cudaError_t export_file(int* out, std::uint64_t handle) {
  const int file = memfd_create("headroom-device-memory", MFD_CLOEXEC);
  const Shared shared{.process = getpid(), .handle = handle};
  if (file < 0 || write(file, &shared, sizeof shared) != sizeof shared) return cudaErrorOperatingSystem;
  *out = file;
  return cudaSuccess;
}

}  // namespace

CUresult cuMemGetAllocationGranularity(std::size_t* out, const CUmemAllocationProp* prop,
                                       CUmemAllocationGranularity_flags) {
  return with_driver([&] {
    if (out == nullptr) return cudaErrorInvalidValue;
    *out = kGranuleBytes;
    return check_location(prop);
  });
}

CUresult cuMemAddressReserve(CUdeviceptr* out, std::size_t bytes, std::size_t alignment, CUdeviceptr wish,
                             unsigned long long flags) {
  return with_driver([&] {
    if (out == nullptr || flags != 0) return cudaErrorInvalidValue;
    std::uint64_t address = 0;
    const cudaError_t status = virtual_memory().reserve(current_device(), bytes, alignment, wish, &address);
    *out = address;
    return status;
  });
}

CUresult cuMemAddressFree(CUdeviceptr address, std::size_t bytes) {
  return with_driver([&] { return virtual_memory().free_reservation(address, bytes); });
}

CUresult cuMemCreate(CUmemGenericAllocationHandle* out, std::size_t bytes, const CUmemAllocationProp* prop,
                     unsigned long long flags) {
  return with_driver([&] {
    if (out == nullptr || flags != 0) return cudaErrorInvalidValue;
    if (const cudaError_t error = check_location(prop)) return error;
    const auto types = static_cast<unsigned>(prop->requestedHandleTypes);
    if ((types & ~static_cast<unsigned>(CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR)) != 0) return cudaErrorNotSupported;
    std::uint64_t handle = 0;
    const cudaError_t status = virtual_memory().create(prop->location.id, bytes, types, &handle);
    *out = handle;
    return status;
  });
}

CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
  return with_driver([&] { return virtual_memory().release(handle); });
}

CUresult cuMemRetainAllocationHandle(CUmemGenericAllocationHandle* out, void* address) {
  return with_driver([&] {
    const auto handle = virtual_memory().handle_at(reinterpret_cast<std::uint64_t>(address));
    if (out == nullptr || !handle) return cudaErrorInvalidValue;
    *out = *handle;
    return virtual_memory().retain(*handle);
  });
}

CUresult cuMemGetAllocationPropertiesFromHandle(CUmemAllocationProp* out, CUmemGenericAllocationHandle handle) {
  return with_driver([&] {
    const auto block = virtual_memory().block(handle);
    if (out == nullptr || !block) return cudaErrorInvalidValue;
    *out = {};
    out->type = CU_MEM_ALLOCATION_TYPE_PINNED;
    out->requestedHandleTypes = static_cast<CUmemAllocationHandleType>(block->handle_types);
    out->location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    out->location.id = block->device;
    return cudaSuccess;
  });
}

CUresult cuMemMap(CUdeviceptr address, std::size_t bytes, std::size_t offset, CUmemGenericAllocationHandle handle,
                  unsigned long long flags) {
  return with_driver(
      [&] { return offset == 0 && flags == 0 ? virtual_memory().map(address, bytes, handle) : cudaErrorInvalidValue; });
}

CUresult cuMemUnmap(CUdeviceptr address, std::size_t bytes) {
  return with_driver([&] { return virtual_memory().unmap(address, bytes); });
}

CUresult cuMemSetAccess(CUdeviceptr address, std::size_t bytes, const CUmemAccessDesc* rights, std::size_t count) {
  return with_driver([&] {
    if (rights == nullptr || count == 0) return cudaErrorInvalidValue;
    for (const CUmemAccessDesc* right = rights; right != rights + count; ++right) {
      if (right->location.type != CU_MEM_LOCATION_TYPE_DEVICE) return cudaErrorNotSupported;
      if (!valid_device(right->location.id)) return cudaErrorInvalidDevice;
      if (const cudaError_t error = virtual_memory().set_access(address, bytes, right->location.id, right->flags))
        return error;
    }
    return cudaSuccess;
  });
}

CUresult cuMemGetAccess(unsigned long long* flags, const CUmemLocation* location, CUdeviceptr address) {
  return with_driver([&] {
    if (flags == nullptr || location == nullptr) return cudaErrorInvalidValue;
    if (location->type != CU_MEM_LOCATION_TYPE_DEVICE || !valid_device(location->id)) return cudaErrorInvalidDevice;
    const auto access = virtual_memory().access(address, location->id);
    if (!access) return cudaErrorInvalidValue;
    *flags = *access;
    return cudaSuccess;
  });
}

// A file descriptor works inside this process; another process cannot import it.
CUresult cuMemExportToShareableHandle(void* out, CUmemGenericAllocationHandle handle, CUmemAllocationHandleType type,
                                      unsigned long long flags) {
  return with_driver([&] {
    const auto block = virtual_memory().block(handle);
    if (out == nullptr || flags != 0 || !block) return cudaErrorInvalidValue;
    if (type != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) return cudaErrorNotSupported;
    if ((block->handle_types & static_cast<unsigned>(type)) == 0) return cudaErrorInvalidValue;
    return export_file(static_cast<int*>(out), handle);
  });
}

CUresult cuMemImportFromShareableHandle(CUmemGenericAllocationHandle* out, void* file, CUmemAllocationHandleType type) {
  return with_driver([&] {
    if (out == nullptr) return cudaErrorInvalidValue;
    if (type != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) return cudaErrorNotSupported;
    Shared found;
    const auto number = static_cast<int>(reinterpret_cast<std::intptr_t>(file));
    if (pread(number, &found, sizeof found, 0) != sizeof found) return cudaErrorInvalidValue;
    if (found != Shared{.process = getpid(), .handle = found.handle})
      return refuse_sharing("cuMemImportFromShareableHandle");
    *out = found.handle;
    return virtual_memory().retain(found.handle);
  });
}
