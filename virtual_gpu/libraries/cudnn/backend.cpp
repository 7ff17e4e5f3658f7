// The C functions of the backend API.
#include "virtual_gpu/libraries/cudnn/backend.h"

#include "virtual_gpu/libraries/cudnn/real_library.h"

namespace headroom::virtual_gpu::cudnn {
namespace {

const Backend& backend() {
  static const Backend& chosen = real_library() == nullptr ? assuming_backend() : planning_backend();
  return chosen;
}

}  // namespace

extern "C" {

Status cudnnBackendCreateDescriptor(int type, Descriptor* out) {
  if (out == nullptr) return fail(kBadParamNullPointer, "no place for the descriptor");
  return backend().create(type, out);
}

Status cudnnBackendDestroyDescriptor(Descriptor descriptor) {
  return descriptor == nullptr ? kSuccess : backend().destroy(descriptor);
}

Status cudnnBackendSetAttribute(Descriptor descriptor, int attribute, int type, std::int64_t count,
                                const void* values) {
  if (descriptor == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  return backend().set(descriptor, attribute, type, count, values);
}

Status cudnnBackendGetAttribute(Descriptor descriptor, int attribute, int type, std::int64_t wanted,
                                std::int64_t* found, void* values) {
  if (descriptor == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  return backend().get(descriptor, attribute, type, wanted, found, values);
}

Status cudnnBackendFinalize(Descriptor descriptor) {
  if (descriptor == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  return backend().finalize(descriptor);
}

Status cudnnBackendExecute(const Handle* handle, Descriptor plan, Descriptor variant_pack) {
  if (plan == nullptr || variant_pack == nullptr) return fail(kBadParamNullPointer, "no plan or no variant pack");
  return launch(handle, "cudnnBackendExecute", backend().duration_ns(plan));
}
}

}  // namespace headroom::virtual_gpu::cudnn
