// cublasLt's descriptors: bags of attributes, which give back what was set on them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace headroom::virtual_gpu::cublaslt {

enum Status { kSuccess = 0, kNotInitialized = 1, kInvalidValue = 7, kExecutionFailed = 13, kNotSupported = 15 };

struct Descriptor {
  std::map<int, std::string> attributes;  // bytes, as they were set
};

Status set_attribute(Descriptor* descriptor, int attribute, const void* value, std::size_t bytes);
// An attribute that was never set reads as zeros, the default of nearly all of them.
Status get_attribute(const Descriptor* descriptor, int attribute, void* value, std::size_t bytes, std::size_t* written);

template <class Value>
void keep(Descriptor& descriptor, int attribute, Value value) {
  descriptor.attributes[attribute].assign(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace headroom::virtual_gpu::cublaslt
