// libnccl.so.2: communicators of any size in one process, which stands for one rank of them.
//
// Nobody is at the other end. A collective is a launch on its stream; with backed memory (core/backing.h) it leaves
// what it would leave if every rank held the same as this one: an all-gather repeats the own data, a broadcast hands it
// on, and of broadcasts in a group those from other ranks bring what this one sends. Where the others' data would be summed up, the result counts as never computed. What NCCL itself allocates on a
// device, outside PyTorch's allocator, is not known and stated as an assumption.
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <cstdint>

namespace headroom::virtual_gpu::nccl {

enum Result {  // ncclResult_t
  kSuccess = 0,
  kUnhandledCudaError = 1,
  kSystemError = 2,
  kInternalError = 3,
  kInvalidArgument = 4,
  kInvalidUsage = 5,
  kRemoteError = 6,
  kInProgress = 7,
  kTimeout = 8,
};

struct UniqueId {
  char bytes[128];
};

struct Communicator {
  int rank = 0, size = 0, device = 0;
  bool size_known = true;  // not after a split: the other ranks' colours are theirs
};

// One for each message; returned by ncclGetLastError.
Result fail(Result result, const char* message);

bool alive(const Communicator* communicator);
Result check(const Communicator* communicator);

// Bytes of one element of an ncclDataType_t; 0 for none.
std::size_t element_bytes(int type);

}  // namespace headroom::virtual_gpu::nccl
