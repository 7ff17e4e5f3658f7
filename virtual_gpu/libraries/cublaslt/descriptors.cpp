#include "virtual_gpu/libraries/cublaslt/descriptors.h"

#include <algorithm>
#include <cstring>

namespace headroom::virtual_gpu::cublaslt {
namespace {

template <class... Attribute>
Status create(Descriptor** out, Attribute... attribute) {
  if (out == nullptr) return kInvalidValue;
  *out = new Descriptor;
  (keep(**out, attribute.first, attribute.second), ...);
  return kSuccess;
}

Status destroy(Descriptor* descriptor) {
  delete descriptor;
  return kSuccess;
}

template <class Value>
std::pair<int, Value> is(int attribute, Value value) {
  return {attribute, value};
}

// cublasLtMatmulDescAttributes_t, cublasLtMatrixLayoutAttribute_t, cublasLtMatrixTransformDescAttributes_t
enum { kComputeType = 0, kScaleType = 1 };
enum { kLayoutType = 0, kLayoutRows = 2, kLayoutColumns = 3, kLayoutLeading = 4, kLayoutBatch = 5 };
enum { kTransformScaleType = 0 };

}  // namespace

Status set_attribute(Descriptor* descriptor, int attribute, const void* value, std::size_t bytes) {
  if (descriptor == nullptr || (value == nullptr && bytes > 0)) return kInvalidValue;
  descriptor->attributes[attribute].assign(static_cast<const char*>(value), bytes);
  return kSuccess;
}

Status get_attribute(const Descriptor* descriptor, int attribute, void* value, std::size_t bytes,
                     std::size_t* written) {
  if (descriptor == nullptr || (value == nullptr && bytes > 0)) return kInvalidValue;
  const auto entry = descriptor->attributes.find(attribute);
  const std::size_t known = entry == descriptor->attributes.end() ? bytes : entry->second.size();
  if (written != nullptr) *written = known;
  if (bytes == 0) return kSuccess;
  if (bytes < known) return kInvalidValue;
  std::memset(value, 0, bytes);
  if (entry != descriptor->attributes.end()) std::memcpy(value, entry->second.data(), known);
  return kSuccess;
}

extern "C" {

#define HEADROOM_DESCRIPTOR(name)                                                                                    \
  Status cublasLt##name##Destroy(Descriptor* descriptor) { return destroy(descriptor); }                             \
  Status cublasLt##name##SetAttribute(Descriptor* descriptor, int attribute, const void* value, std::size_t bytes) { \
    return set_attribute(descriptor, attribute, value, bytes);                                                       \
  }                                                                                                                  \
  Status cublasLt##name##GetAttribute(const Descriptor* descriptor, int attribute, void* value, std::size_t bytes,   \
                                      std::size_t* written) {                                                        \
    return get_attribute(descriptor, attribute, value, bytes, written);                                              \
  }
HEADROOM_DESCRIPTOR(MatmulDesc)
HEADROOM_DESCRIPTOR(MatrixLayout)
HEADROOM_DESCRIPTOR(MatmulPreference)
HEADROOM_DESCRIPTOR(MatrixTransformDesc)

Status cublasLtMatmulDescCreate(Descriptor** out, int compute_type, int scale_type) {
  return create(out, is(kComputeType, compute_type), is(kScaleType, scale_type));
}

Status cublasLtMatrixLayoutCreate(Descriptor** out, int type, std::uint64_t rows, std::uint64_t columns,
                                  std::int64_t leading) {
  return create(out, is(kLayoutType, type), is(kLayoutRows, rows), is(kLayoutColumns, columns),
                is(kLayoutLeading, leading), is(kLayoutBatch, 1));
}

Status cublasLtMatmulPreferenceCreate(Descriptor** out) { return create(out); }

Status cublasLtMatrixTransformDescCreate(Descriptor** out, int scale_type) {
  return create(out, is(kTransformScaleType, scale_type));
}
}

}  // namespace headroom::virtual_gpu::cublaslt
