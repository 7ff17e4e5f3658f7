// NVIDIA's library plans for a device that it is told of: handles are kept from it, and whatever looks at a device
// (heuristics, engines, plans) gets the description instead, just before it is finalized.
#include <mutex>
#include <string>
#include <unordered_map>

#include "virtual_gpu/libraries/cudnn/backend.h"
#include "virtual_gpu/libraries/cudnn/device_description.h"
#include "virtual_gpu/libraries/cudnn/real_library.h"

namespace headroom::virtual_gpu::cudnn {
namespace {

Backend load_backend() {
  return {real<Status(int, Descriptor*)>("cudnnBackendCreateDescriptor"),
          real<Status(Descriptor)>("cudnnBackendDestroyDescriptor"),
          real<Status(Descriptor, int, int, std::int64_t, const void*)>("cudnnBackendSetAttribute"),
          real<Status(Descriptor, int, int, std::int64_t, std::int64_t*, void*)>("cudnnBackendGetAttribute"),
          real<Status(Descriptor)>("cudnnBackendFinalize")};
}

const Backend& nvidia() {
  static const Backend backend = load_backend();
  prepare_thread();
  return backend;
}

struct Known {
  int type = 0;
  void* handle = nullptr;  // the program's, which NVIDIA's library never sees
  bool has_device = false;
};

struct Registry {
  std::mutex mutex;
  std::unordered_map<Descriptor, Known> known;
};

Registry& registry() {
  static Registry& singleton = *new Registry;
  return singleton;
}

template <class Body>
auto with_known(Descriptor descriptor, Body body) {
  const std::lock_guard lock(registry().mutex);
  return body(registry().known[descriptor]);
}

Status describe_device(Descriptor descriptor) {
  const std::string json = device_description();
  return nvidia().set(descriptor, kDeviceDescription, kTypeChar, static_cast<std::int64_t>(json.size()), json.data());
}

Status make_device(Descriptor* out) {
  if (const Status status = nvidia().create(kDeviceProperties, out)) return status;
  if (const Status status = describe_device(*out)) return status;
  return nvidia().finalize(*out);
}

Descriptor virtual_device() {
  static const Descriptor made = [] {
    Descriptor descriptor = nullptr;
    return make_device(&descriptor) == kSuccess ? descriptor : nullptr;
  }();
  return made;
}

int device_attribute_of(int type) {
  switch (type) {
    case kEngineHeuristics:
      return kHeuristicsDevice;
    case kEngine:
      return kEngineDevice;
    case kPlan:
      return kPlanDevice;
    default:
      return 0;
  }
}

Status create(int type, Descriptor* out) {
  const Status status = nvidia().create(type, out);
  if (status == kSuccess) with_known(*out, [&](Known& known) { known = {type}; });
  return status;
}

Status destroy(Descriptor descriptor) {
  {
    const std::lock_guard lock(registry().mutex);
    registry().known.erase(descriptor);
  }
  return nvidia().destroy(descriptor);
}

Status set(Descriptor descriptor, int attribute, int type, std::int64_t count, const void* values) {
  if (attribute == kDeviceHandle || attribute == kDeviceNumber) return describe_device(descriptor);
  if (type == kTypeHandle) {
    if (values == nullptr || count != 1) return fail(kBadParam, "a handle attribute takes one handle");
    with_known(descriptor, [&](Known& known) { known.handle = *static_cast<void* const*>(values); });
    return kSuccess;
  }
  if (attribute == kHeuristicsDevice || attribute == kPlanDevice || attribute == kEngineDevice)
    with_known(descriptor, [](Known& known) { known.has_device = true; });
  return nvidia().set(descriptor, attribute, type, count, values);
}

Status get(Descriptor descriptor, int attribute, int type, std::int64_t wanted, std::int64_t* found, void* values) {
  if (type != kTypeHandle) return nvidia().get(descriptor, attribute, type, wanted, found, values);
  if (found != nullptr) *found = 1;
  if (wanted > 0 && values != nullptr)
    *static_cast<void**>(values) = with_known(descriptor, [](const Known& known) { return known.handle; });
  return kSuccess;
}

Status finalize(Descriptor descriptor) {
  const Known known = with_known(descriptor, [](const Known& entry) { return entry; });
  const int attribute = device_attribute_of(known.type);
  if (attribute != 0 && !known.has_device) {
    const Descriptor device = virtual_device();
    if (device == nullptr) return fail(kInternalError, "cuDNN does not take the description of the virtual device");
    if (const Status status = nvidia().set(descriptor, attribute, kTypeDescriptor, 1, &device)) return status;
  }
  return nvidia().finalize(descriptor);
}

}  // namespace

const Backend& planning_backend() {
  static constexpr Backend backend = {create, destroy, set, get, finalize};
  return backend;
}

}  // namespace headroom::virtual_gpu::cudnn
