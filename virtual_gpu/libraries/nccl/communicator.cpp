#include "virtual_gpu/libraries/nccl/communicator.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <set>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/libraries/nccl/version.h"

namespace headroom::virtual_gpu::nccl {
namespace {

struct Registry {
  std::mutex mutex;
  std::set<const Communicator*> alive;
};

Registry& registry() {
  static auto* const instance = new Registry;
  return *instance;
}

thread_local const char* last_error = "";

Result create(Communicator** out, int size, int rank, int device, bool size_known = true) {
  if (out == nullptr) return fail(kInvalidArgument, "no place for the communicator");
  if (size < 1 || rank < 0 || rank >= size) return fail(kInvalidArgument, "a rank must be in [0, number of ranks)");
  if (!valid_device(device)) return fail(kUnhandledCudaError, "no CUDA device is selected");
  activate_context(device);
  assume("NCCL: device memory that communicators take outside PyTorch's allocator is counted as 0 bytes");
  auto* const made = new Communicator{.rank = rank, .size = size, .device = device, .size_known = size_known};
  const std::lock_guard lock(registry().mutex);
  registry().alive.insert(made);
  *out = made;
  return kSuccess;
}

Result destroy(Communicator* communicator) {
  if (communicator == nullptr) return kSuccess;
  {
    const std::lock_guard lock(registry().mutex);
    if (registry().alive.erase(communicator) == 0) return fail(kInvalidArgument, "not a communicator");
  }
  delete communicator;
  return kSuccess;
}

}  // namespace

Result fail(Result result, const char* message) {
  last_error = message;
  return result;
}

bool alive(const Communicator* communicator) {
  const std::lock_guard lock(registry().mutex);
  return registry().alive.contains(communicator);
}

Result check(const Communicator* communicator) {
  return alive(communicator) ? kSuccess : fail(kInvalidArgument, "not a communicator");
}

extern "C" {

Result ncclGetVersion(int* version) {
  if (version == nullptr) return fail(kInvalidArgument, "no place for the version");
  *version = version_that_torch_wants();
  return kSuccess;
}

Result ncclGetUniqueId(UniqueId* id) {
  static std::atomic<std::uint64_t> next{1};
  if (id == nullptr) return fail(kInvalidArgument, "no place for the id");
  const std::uint64_t words[] = {static_cast<std::uint64_t>(getpid()), next++};
  std::memset(id, 0, sizeof *id);
  std::memcpy(id->bytes, words, sizeof words);
  return kSuccess;
}

Result ncclCommInitRankConfig(Communicator** out, int size, UniqueId, int rank, void*) {
  return create(out, size, rank, current_device());
}
Result ncclCommInitRank(Communicator** out, int size, UniqueId, int rank) {
  return create(out, size, rank, current_device());
}
Result ncclCommInitRankScalable(Communicator** out, int size, int rank, int, UniqueId*, void*) {
  return create(out, size, rank, current_device());
}

Result ncclCommInitAll(Communicator** out, int count, const int* devices) {
  if (out == nullptr || count < 1) return fail(kInvalidArgument, "no communicators asked for");
  for (int rank = 0; rank < count; ++rank) {
    const Result result = create(&out[rank], count, rank, devices ? devices[rank] : rank);
    if (result != kSuccess) return result;
  }
  return kSuccess;
}

// The key orders the new ranks; PyTorch gives the new rank itself.
Result ncclCommSplit(Communicator* parent, int color, int key, Communicator** out, void*) {
  if (check(parent) != kSuccess) return kInvalidArgument;
  if (out == nullptr) return fail(kInvalidArgument, "no place for the communicator");
  if (color < 0) return *out = nullptr, kSuccess;
  return create(out, parent->size, std::clamp(key, 0, parent->size - 1), parent->device, false);
}

Result ncclCommShrink(Communicator* parent, int* excluded, int excluded_count, Communicator** out, void*, int) {
  if (check(parent) != kSuccess) return kInvalidArgument;
  if (excluded_count < 0 || (excluded == nullptr && excluded_count > 0))
    return fail(kInvalidArgument, "no list of ranks");
  const std::set<int> gone(excluded, excluded + excluded_count);
  if (gone.contains(parent->rank)) return fail(kInvalidArgument, "an excluded rank must not shrink its communicator");
  const auto before = std::count_if(gone.begin(), gone.end(), [&](int rank) { return rank < parent->rank; });
  return create(out, parent->size - static_cast<int>(gone.size()), parent->rank - static_cast<int>(before),
                parent->device, parent->size_known);
}

Result ncclCommGetUniqueId(Communicator* communicator, UniqueId* id) {
  return check(communicator) != kSuccess ? kInvalidArgument : ncclGetUniqueId(id);
}

Result ncclCommGrow(Communicator* parent, int size, const UniqueId*, int rank, Communicator** out, void*) {
  if (parent == nullptr) return create(out, size, rank, current_device());
  if (check(parent) != kSuccess) return kInvalidArgument;
  return create(out, size, rank < 0 ? parent->rank : rank, parent->device);
}

Result ncclCommDestroy(Communicator* communicator) { return destroy(communicator); }
Result ncclCommAbort(Communicator* communicator) { return destroy(communicator); }
Result ncclCommFinalize(Communicator* communicator) { return check(communicator); }
Result ncclCommRevoke(Communicator* communicator, int) { return check(communicator); }
Result ncclCommSuspend(Communicator* communicator, int) { return check(communicator); }
Result ncclCommResume(Communicator* communicator) { return check(communicator); }

#define QUERY(name, expression)                                                   \
  Result name(const Communicator* communicator, int* out) {                       \
    if (check(communicator) != kSuccess) return kInvalidArgument;                 \
    if (out == nullptr) return fail(kInvalidArgument, "no place for the answer"); \
    *out = (expression);                                                          \
    return kSuccess;                                                              \
  }
QUERY(ncclCommCount, communicator->size)
QUERY(ncclCommCuDevice, communicator->device)
QUERY(ncclCommUserRank, communicator->rank)
QUERY(ncclCommGetAsyncError, kSuccess)

Result ncclCommMemStats(Communicator* communicator, int, std::uint64_t* value) {
  if (check(communicator) != kSuccess) return kInvalidArgument;
  if (value == nullptr) return fail(kInvalidArgument, "no place for the answer");
  *value = 0;  // as the assumption says
  return kSuccess;
}

const char* ncclGetLastError(Communicator*) { return last_error; }

const char* ncclGetErrorString(Result result) {
  switch (result) {
    case kSuccess:
      return "no error";
    case kUnhandledCudaError:
      return "unhandled cuda error";
    case kSystemError:
      return "unhandled system error";
    case kInternalError:
      return "internal error";
    case kInvalidArgument:
      return "invalid argument";
    case kInvalidUsage:
      return "invalid usage";
    case kRemoteError:
      return "remote process exited or there was a network error";
    case kInProgress:
      return "NCCL operation in progress";
    case kTimeout:
      return "timeout";
  }
  return "unknown result code";
}
}

}  // namespace headroom::virtual_gpu::nccl
