// Collectives and point-to-point operations: each checks its arguments and is one launch on its stream.
#include <iterator>
#include <utility>
#include <vector>

#include "virtual_gpu/core/backing.h"
#include "virtual_gpu/core/region.h"
#include "virtual_gpu/core/work.h"
#include "virtual_gpu/libraries/nccl/communicator.h"

namespace headroom::virtual_gpu::nccl {
namespace {

thread_local int group_depth = 0;

struct Call {
  const char* kernel;
  const Communicator* communicator;
  int type;
  std::size_t count;
  cudaStream_t stream;

  std::size_t bytes() const { return count * element_bytes(type); }
};

Result check_call(const Call& call, int peer) {
  if (check(call.communicator) != kSuccess) return kInvalidArgument;
  if (element_bytes(call.type) == 0) return fail(kInvalidArgument, "unknown data type");
  if (peer < 0 || (peer >= call.communicator->size)) return fail(kInvalidArgument, "no such rank");
  return kSuccess;
}

// `effect` moves bytes; nobody needs it where memory holds nothing. It may run after the communicator is gone: it has a
// copy.
template <class Effect>
Result launch(const Call& call, int peer, Effect effect) {
  if (const Result result = check_call(call, peer); result != kSuccess) return result;
  const cudaError_t error = backed() && call.count > 0
                                ? submit(call.stream, {.kind = WorkKind::kernel,
                                                       .name = call.kernel,
                                                       .effect = [effect, of = *call.communicator] { effect(of); }})
                                : submit_kernel(call.stream, call.kernel, 0);
  return error == cudaSuccess ? kSuccess : fail(kUnhandledCudaError, "the launch failed");
}

std::uint64_t address(const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

void copy(const void* to, std::size_t to_offset, const void* from, std::size_t from_offset, std::size_t bytes) {
  const auto* const target = static_cast<const char*>(to) + to_offset;
  const auto* const source = static_cast<const char*>(from) + from_offset;
  if (target == source || check_range(target, bytes) != cudaSuccess || check_range(source, bytes) != cudaSuccess)
    return;
  move_bytes(address(target), address(source), bytes);
}

void never_computed(const void* pointer, std::size_t bytes) {
  if (check_range(pointer, bytes) == cudaSuccess) touch_contents(address(pointer));
}

// Into each rank's slot. Of a communicator whose size is not known, only the own one.
void fill_slots(const Communicator& of, const void* receive, const void* send, std::size_t send_offset,
                std::size_t bytes) {
  const int first = of.size_known ? 0 : of.rank, end = of.size_known ? of.size : of.rank + 1;
  for (int rank = first; rank < end; ++rank) {
    copy(receive, static_cast<std::size_t>(rank) * bytes, send, send_offset, bytes);
  }
}

void reduced(const Communicator& of, const void* receive, const void* send, std::size_t send_offset,
             std::size_t bytes) {
  copy(receive, 0, send, send_offset, bytes);
  if (of.size > 1) never_computed(receive, bytes);
}

struct Broadcast {
  Call call;
  int root;
  const void* send;
  void* receive;

  bool is_own() const { return root == call.communicator->rank; }
};

thread_local std::vector<Broadcast> grouped_broadcasts;  // launched when the group ends

// A list of tensors is gathered by a group of broadcasts, one from each rank: what the others would send is the own.
const Broadcast* own_of(const Broadcast& other, const std::vector<Broadcast>& group) {
  for (const Broadcast& one : group)
    if (one.is_own() && one.call.communicator == other.call.communicator) return &one;
  return nullptr;
}

Result launch_broadcast(const Broadcast& broadcast, const std::vector<Broadcast>& group) {
  const Broadcast* own = own_of(broadcast, group);
  const Broadcast& source = own == nullptr ? broadcast : *own;
  const std::size_t bytes = broadcast.call.bytes();
  const bool same_size = source.call.bytes() == bytes;
  return launch(broadcast.call, broadcast.root, [=, send = source.send, receive = broadcast.receive](const auto&) {
    if (same_size) return copy(receive, 0, send, 0, bytes);
    never_computed(receive, bytes);
  });
}

Result launch_group() {
  Result result = kSuccess;
  const std::vector<Broadcast> group = std::exchange(grouped_broadcasts, {});
  for (const Broadcast& broadcast : group)
    if (const Result launched = launch_broadcast(broadcast, group); launched != kSuccess) result = launched;
  return result;
}

}  // namespace

std::size_t element_bytes(int type) {
  // int8, uint8, int32, uint32, int64, uint64, float16, float32, float64, bfloat16, float8e4m3, float8e5m2
  constexpr std::size_t kBytes[] = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2, 1, 1};
  return type >= 0 && type < static_cast<int>(std::size(kBytes)) ? kBytes[type] : 0;
}

extern "C" {

Result ncclAllReduce(const void* send, void* receive, std::size_t count, int type, int, Communicator* communicator,
                     cudaStream_t stream) {
  const Call call{"ncclDevKernel_AllReduce", communicator, type, count, stream};
  return launch(call, 0, [=](const Communicator& of) { reduced(of, receive, send, 0, call.bytes()); });
}

Result ncclReduce(const void* send, void* receive, std::size_t count, int type, int, int root,
                  Communicator* communicator, cudaStream_t stream) {
  const Call call{"ncclDevKernel_Reduce", communicator, type, count, stream};
  return launch(call, root, [=](const Communicator& of) {
    if (of.rank == root) reduced(of, receive, send, 0, call.bytes());
  });
}

Result ncclBroadcast(const void* send, void* receive, std::size_t count, int type, int root, Communicator* communicator,
                     cudaStream_t stream) {
  const Broadcast broadcast{{"ncclDevKernel_Broadcast", communicator, type, count, stream}, root, send, receive};
  if (group_depth == 0) return launch_broadcast(broadcast, {});
  if (const Result result = check_call(broadcast.call, root); result != kSuccess) return result;
  grouped_broadcasts.push_back(broadcast);
  return kSuccess;
}

Result ncclBcast(void* buffer, std::size_t count, int type, int root, Communicator* communicator, cudaStream_t stream) {
  return ncclBroadcast(buffer, buffer, count, type, root, communicator, stream);
}

Result ncclReduceScatter(const void* send, void* receive, std::size_t count, int type, int, Communicator* communicator,
                         cudaStream_t stream) {
  const Call call{"ncclDevKernel_ReduceScatter", communicator, type, count, stream};
  return launch(call, 0, [=](const Communicator& of) {
    reduced(of, receive, send, static_cast<std::size_t>(of.rank) * call.bytes(), call.bytes());
  });
}

Result ncclAllGather(const void* send, void* receive, std::size_t count, int type, Communicator* communicator,
                     cudaStream_t stream) {
  const Call call{"ncclDevKernel_AllGather", communicator, type, count, stream};
  return launch(call, 0, [=](const Communicator& of) { fill_slots(of, receive, send, 0, call.bytes()); });
}

Result ncclAlltoAll(const void* send, void* receive, std::size_t count, int type, Communicator* communicator,
                    cudaStream_t stream) {
  const Call call{"ncclDevKernel_SendRecv", communicator, type, count, stream};
  return launch(call, 0, [=](const Communicator& of) {
    fill_slots(of, receive, send, static_cast<std::size_t>(of.rank) * call.bytes(), call.bytes());
  });
}

Result ncclGather(const void* send, void* receive, std::size_t count, int type, int root, Communicator* communicator,
                  cudaStream_t stream) {
  const Call call{"ncclDevKernel_SendRecv", communicator, type, count, stream};
  return launch(call, root, [=](const Communicator& of) {
    if (of.rank == root) fill_slots(of, receive, send, 0, call.bytes());
  });
}

Result ncclScatter(const void* send, void* receive, std::size_t count, int type, int root, Communicator* communicator,
                   cudaStream_t stream) {
  const Call call{"ncclDevKernel_SendRecv", communicator, type, count, stream};
  return launch(call, root, [=](const Communicator& of) {
    if (of.rank != root) return never_computed(receive, call.bytes());
    copy(receive, 0, send, static_cast<std::size_t>(root) * call.bytes(), call.bytes());
  });
}

Result ncclSend(const void*, std::size_t count, int type, int peer, Communicator* communicator, cudaStream_t stream) {
  return launch({"ncclDevKernel_SendRecv", communicator, type, count, stream}, peer, [](const Communicator&) {});
}

Result ncclRecv(void* receive, std::size_t count, int type, int peer, Communicator* communicator, cudaStream_t stream) {
  const Call call{"ncclDevKernel_SendRecv", communicator, type, count, stream};
  return launch(call, peer, [=](const Communicator& of) { never_computed(receive, call.bytes()); });
}

Result ncclPutSignal(const void*, std::size_t count, int type, int peer, void*, std::size_t, int, int, unsigned,
                     Communicator* communicator, cudaStream_t stream) {
  return launch({"ncclDevKernel_PutSignal", communicator, type, count, stream}, peer, [](const Communicator&) {});
}

Result ncclSignal(int peer, int, int, unsigned, Communicator* communicator, cudaStream_t stream) {
  return launch({"ncclDevKernel_Signal", communicator, 0, 0, stream}, peer, [](const Communicator&) {});
}

Result ncclWaitSignal(int, void*, Communicator* communicator, cudaStream_t stream) {
  return launch({"ncclDevKernel_WaitSignal", communicator, 0, 0, stream}, 0, [](const Communicator&) {});
}

Result ncclGroupStart() { return ++group_depth, kSuccess; }

Result ncclGroupEnd() {
  if (group_depth == 0) return fail(kInvalidUsage, "ncclGroupEnd without ncclGroupStart");
  return --group_depth == 0 ? launch_group() : kSuccess;
}

struct SimulationInfo {  // ncclSimInfo_t
  std::size_t size;
  unsigned magic, version;
  float estimated_time;
};

Result ncclGroupSimulateEnd(SimulationInfo* out) {
  if (out != nullptr) out->estimated_time = 0;
  return ncclGroupEnd();
}
}

}  // namespace headroom::virtual_gpu::nccl
