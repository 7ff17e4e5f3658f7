// Calls that take memory from the driver or give it back, as CUPTI's Callback API shows them: on the calling thread, so
// that the context is known exactly, and with cuMemCreate and its kin, of which activity records are not known to
// exist.
//
// A call inside a traced call (the runtime's cudaMalloc calls the driver) is part of it and gives nothing of its own. A
// call that failed gives nothing. Allocations are ordered by their end and releases by their begin, so that an address
// that is given back and taken again at the same time on two threads is told in the order it happened.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "recording/device_activity.h"
#include "tracing/api.h"

namespace headroom::tracing {

struct AllocationCall {
  // create to unmap are of physical memory: its handle is `handle`, and `address` is where it is mapped.
  enum class Action : std::uint8_t { allocate, release, create, retain, release_handle, map, unmap };

  Action action{};
  MemoryKind kind{};
  bool asynchronous = false;
  std::uint32_t correlation = 0;
  std::uint32_t cuda_context = 0;  // CUPTI's number of the CUcontext
  int device = -1;                 // -1: that of cuda_context
  std::uint64_t address = 0, handle = 0, bytes = 0;
  std::uint64_t time_ns = 0;
  std::uint64_t order = 0;
  std::uint64_t context = 0;  // set_context's
};

struct TracedFunction {
  CUpti_CallbackDomain domain;
  CUpti_CallbackId id;
  bool (*read)(const void* parameters, AllocationCall& call);  // false: nothing happened (cudaFree of nothing)
};

// Every function to ask callbacks for.
const std::vector<TracedFunction>& traced_functions();

// One callback, on the calling thread. `session` tells one tracing from the next: a call that began in another has no
// end. The call when it ended well, without `context`.
std::optional<AllocationCall> read_callback(std::uint32_t session, CUpti_CallbackDomain domain, CUpti_CallbackId id,
                                            const CUpti_CallbackData& data);

}  // namespace headroom::tracing
