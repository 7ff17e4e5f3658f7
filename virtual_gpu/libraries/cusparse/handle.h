// Shared by the files of libcusparse.so.12.
#pragma once

#include "virtual_gpu/libraries/stream_handle.h"

namespace headroom::virtual_gpu::cusparse {

enum Status { kSuccess = 0, kNotInitialized = 1, kInvalidValue = 3, kExecutionFailed = 6, kNotSupported = 10 };

using Handle = StreamHandle;
using Pointer = const void*;

inline Status launch(const Handle* handle, const char* routine) {
  if (handle == nullptr) return kNotInitialized;
  return launched(*handle, routine) ? kSuccess : kExecutionFailed;
}

inline Status answer_bytes(const Handle* handle, std::size_t bytes, std::size_t* out) {
  if (handle == nullptr) return kNotInitialized;
  if (out == nullptr) return kInvalidValue;
  assume(
      "cuSPARSE's work buffers are counted as what its algorithms must keep (row offsets, sort buffers, products); its "
      "own may "
      "differ");
  *out = bytes;
  return kSuccess;
}

template <class Object>
Status create(Object** out, Object value = {}) {
  if (out == nullptr) return kInvalidValue;
  *out = new Object(value);
  return kSuccess;
}

template <class Object>
Status destroy(Object* object) {
  delete object;
  return kSuccess;
}

}  // namespace headroom::virtual_gpu::cusparse
