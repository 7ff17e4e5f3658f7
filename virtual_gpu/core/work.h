// The one way for work to reach a stream: kernels, copies, sets, host functions, stream-ordered allocations.
//
// A stream that is being captured gets a graph node, and the effect runs at each launch of the graph. Otherwise the
// effect runs now (a host function that must wait for the device too: nothing here ever computes), and the stream's
// ready time moves. `immediate` (the default of HEADROOM_VIRTUAL_GPU_EVENTS): work is done when it is submitted, so
// every stream is always ready. `delayed`: work stays pending until the host waits for its stream, an event after it,
// or the device, or until another stream's wait makes it due; cudaEventQuery and cudaStreamQuery answer
// cudaErrorNotReady until then. That is the other end of what asynchrony can do to memory: blocks used on two streams
// come back as late as they can.
#pragma once

#include <driver_types.h>
#include <vector_types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <variant>

#include "virtual_gpu/core/activity.h"
#include "virtual_gpu/core/region.h"

namespace headroom::virtual_gpu {

struct Kernel;

enum class WorkKind { kernel, copy, set, host_function, allocate, free, empty };

// What a listener is told of work (core/telling.h), besides its kind and name.
struct KernelWork {
  Kernel* kernel = nullptr;
  dim3 grid{1, 1, 1}, block{1, 1, 1}, cluster{0, 0, 0};
  std::uint64_t dynamic_shared_bytes = 0;
  bool cooperative = false;
};
struct CopyWork {
  cudaMemcpyKind kind{};  // resolved
  bool asynchronous = false;
  int source_device = 0, target_device = 0;
  const void* host = nullptr;  // the host's side
  std::uint64_t bytes = 0;
};
struct SetWork {
  std::uint32_t value = 0;
  bool asynchronous = false;
  std::uint64_t bytes = 0;
};
// A graph's memory is known when its node already is there.
using WorkFacts = std::variant<KernelWork, CopyWork, SetWork, std::shared_ptr<Region>>;

struct Work {
  WorkKind kind = WorkKind::empty;
  const char* name = nullptr;     // a kernel's mangled name, a library's routine; must outlive the process, or nullptr
  std::uint64_t duration_ns = 0;  // virtual time it takes; 0 for all but kernels made to spin
  std::function<void()> effect;   // empty for kernels; runs outside every lock
  std::shared_ptr<const WorkFacts> facts;
};

// cudaErrorInvalidResourceHandle for a stale stream, the capture's error for a spoiled capture.
cudaError_t submit(cudaStream_t stream, Work work);

// The same without an object to build, for launches: cheap enough for a million a second.
cudaError_t submit_kernel(cudaStream_t stream, const char* name, std::uint64_t duration_ns);

bool capturing(cudaStream_t stream);

// For Work::facts: nullptr where nobody will ask, that is while nobody listens and no graph is made of the work.
template <class Facts>
std::shared_ptr<const WorkFacts> facts_for(cudaStream_t stream, const Facts& facts) {
  return activity_listener() != nullptr || capturing(stream) ? std::make_shared<const WorkFacts>(facts) : nullptr;
}

// For calls that a capture forbids (cudaMalloc, cudaFree, cudaDeviceSynchronize, legacy-stream work, …): success when
// no capture that concerns this thread (its mode, and the captures' modes) is under way; else
// cudaErrorStreamCaptureUnsupported, and the captures it concerns are spoiled, as CUDA does.
cudaError_t forbid_in_capture();

// A moment on a stream. `due` is true once all work submitted to the stream before it is done.
struct Moment {
  std::uint64_t stream_id = 0, position = 0;
  std::uint64_t ready_ns = 0;  // when that work is done by the clock (core/clock.h)
};
Moment moment_of(cudaStream_t stream);
bool due(const Moment& moment);

// Whether what `stream` does next comes after the moment: it is the same stream, it waited for an event behind the
// moment, or the moment is due.
bool ordered_after(cudaStream_t stream, const Moment& moment);

cudaError_t synchronize_stream(cudaStream_t stream);

// All streams of the device. Captured ones hold no work: calls that wait on the side (cudaFree) pass over them, and for
// those that ask for the whole device (cudaDeviceSynchronize) they are an error that spoils their captures.
enum class Captures { passed_over, forbidden };
cudaError_t synchronize_device(int device, Captures captures = Captures::passed_over);

}  // namespace headroom::virtual_gpu
