// Without NVIDIA's library a descriptor gives back what was set on it, and there is one engine, with no notes, no knobs
// and no workspace: what a real one takes is not known, and the outcome says so.
#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/libraries/cudnn/backend.h"

namespace headroom::virtual_gpu::cudnn {
namespace {

enum {
  kHeuristicsResults = 202,
  kConfigEngine = 300,
  kConfigWorkspace = 303,
  kConfigSharedMemory = 304,
  kPlanWorkspace = 402
};

struct Values {
  std::int64_t count = 0;
  std::string bytes;
};

struct Stored {
  int type = 0;
  std::map<int, Values> attributes;
};

std::size_t value_bytes(int type) {
  switch (type) {
    case kTypeHandle:
    case kTypeInt64:
    case 5:  // double
    case 6:  // pointer
    case kTypeDescriptor:
    case 26:  // fraction
      return type == 26 ? 16 : 8;
    case 2:  // boolean
    case kTypeChar:
      return 1;
    default:
      return 4;  // enumerations, int32, float
  }
}

Stored* stored(Descriptor descriptor) { return static_cast<Stored*>(descriptor); }

Status create(int type, Descriptor* out) {
  *out = new Stored{type, {}};
  return kSuccess;
}

Status destroy(Descriptor descriptor) {
  delete stored(descriptor);
  return kSuccess;
}

Status set(Descriptor descriptor, int attribute, int type, std::int64_t count, const void* values) {
  if (count < 0 || (count > 0 && values == nullptr)) return fail(kBadParam, "no values");
  const auto bytes = static_cast<std::size_t>(count) * value_bytes(type);
  stored(descriptor)->attributes[attribute] = {count, std::string(static_cast<const char*>(values), bytes)};
  return kSuccess;
}

Status get_stored(Stored& from, int attribute, int type, std::int64_t wanted, std::int64_t* found, void* values) {
  const auto entry = from.attributes.find(attribute);
  const std::int64_t count = entry == from.attributes.end() ? 0 : entry->second.count;
  if (found != nullptr) *found = count;
  if (values != nullptr && count > 0)
    std::memcpy(values, entry->second.bytes.data(),
                static_cast<std::size_t>(std::min(wanted, count)) * value_bytes(type));
  return kSuccess;
}

Status get(Descriptor descriptor, int attribute, int type, std::int64_t wanted, std::int64_t* found, void* values) {
  if (attribute == kHeuristicsResults || attribute == kConfigEngine) {  // fills descriptors that the caller made
    if (found != nullptr) *found = 1;
    return kSuccess;
  }
  if (attribute == kPlanWorkspace || attribute == kConfigWorkspace || attribute == kConfigSharedMemory) {
    if (found != nullptr) *found = 1;
    if (wanted > 0 && values != nullptr) std::memset(values, 0, value_bytes(type));
    return kSuccess;
  }
  return get_stored(*stored(descriptor), attribute, type, wanted, found, values);
}

Status finalize(Descriptor descriptor) {
  if (stored(descriptor)->type == kPlan)
    assume(
        "cuDNN's workspaces for convolutions and attention are not known and counted as 0 bytes, the least they can "
        "be; "
        "with NVIDIA's library installed (pip install nvidia-cudnn-cu13, the version this Torch names) they are exact");
  return kSuccess;
}

std::uint64_t duration_ns(Descriptor) { return 0; }

}  // namespace

const Backend& assuming_backend() {
  static constexpr Backend backend = {create, destroy, set, get, finalize, duration_ns};
  return backend;
}

}  // namespace headroom::virtual_gpu::cudnn
