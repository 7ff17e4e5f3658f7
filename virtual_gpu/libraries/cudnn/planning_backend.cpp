// NVIDIA's library plans for a device that it is told of: handles are kept from it, and whatever looks at a device
// (heuristics, engines, plans) gets the description instead, just before it is finalized.
//
// torch.backends.cudnn.benchmark times all plans of an operation and keeps the fastest. Nothing here takes time, so as
// long as several plans of one operation are alive, each takes a second of virtual time more than the one before it in
// cuDNN's own order: the plan that its heuristics put first wins, in every run.
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "virtual_gpu/core/counters.h"
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
  return backend;
}

struct Rivals {  // plans for one operation graph
  int made = 0, alive = 0;
};

struct Known {
  int type = 0;
  void* handle = nullptr;  // the program's, which NVIDIA's library never sees
  bool has_device = false;
  std::shared_ptr<Rivals> rivals;  // of a finalized plan
  int rank = 0;
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
  if (status == kSuccess) with_known(*out, [&](Known& known) { known = {.type = type}; });
  return status;
}

Status destroy(Descriptor descriptor) {
  with_known(descriptor, [](Known& known) {
    if (known.rivals != nullptr) --known.rivals->alive;
  });
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

// A thread makes the plans of one operation graph before it makes the next graph.
void note_plan(Descriptor descriptor, int type) {
  thread_local auto rivals = std::make_shared<Rivals>();
  if (type == kOperationGraph) rivals = std::make_shared<Rivals>();
  if (type != kPlan) return;
  with_known(descriptor, [&](Known& known) {
    known.rivals = rivals;
    known.rank = rivals->made++;
    ++rivals->alive;
  });
}

Status finalize(Descriptor descriptor) {
  const Known known = with_known(descriptor, [](const Known& entry) { return entry; });
  const int attribute = device_attribute_of(known.type);
  if (attribute != 0 && !known.has_device) {
    const Descriptor device = virtual_device();
    if (device == nullptr) return fail(kInternalError, "cuDNN does not take the description of the virtual device");
    if (const Status status = nvidia().set(descriptor, attribute, kTypeDescriptor, 1, &device)) return status;
  }
  const Status status = nvidia().finalize(descriptor);
  if (status == kSuccess) note_plan(descriptor, known.type);
  return status;
}

std::uint64_t duration_ns(Descriptor plan) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t duration = with_known(plan, [](const Known& known) {
    return known.rivals == nullptr || known.rivals->alive < 2 ? 0
                                                              : static_cast<std::uint64_t>(known.rank + 1) * kSecond;
  });
  if (duration != 0)
    assume(
        "cuDNN benchmark mode: a real device times the plans of a convolution; here cuDNN's own first choice is taken");
  return duration;
}

}  // namespace

const Backend& planning_backend() {
  static constexpr Backend backend = {create, destroy, set, get, finalize, duration_ns};
  return backend;
}

}  // namespace headroom::virtual_gpu::cudnn
