// cuDNN's backend (graph) API: descriptors with attributes, of which NVIDIA's host code makes engines and plans.
#pragma once

#include "virtual_gpu/libraries/cudnn/cudnn.h"

namespace headroom::virtual_gpu::cudnn {

using Descriptor = void*;

enum DescriptorType {
  kEngine = 2,
  kEngineConfig = 3,
  kEngineHeuristics = 4,
  kPlan = 5,
  kOperationGraph = 15,
  kDeviceProperties = 38,
};

enum Attribute {
  kHeuristicsDevice = 204,
  kPlanDevice = 407,
  kEngineDevice = 1307,
  kDeviceNumber = 2700,
  kDeviceHandle = 2701,
  kDeviceDescription = 2702,
};

enum AttributeType { kTypeHandle = 0, kTypeInt64 = 3, kTypeDescriptor = 15, kTypeInt32 = 23, kTypeChar = 24 };

struct Backend {
  Status (*create)(int type, Descriptor* out);
  Status (*destroy)(Descriptor descriptor);
  Status (*set)(Descriptor descriptor, int attribute, int type, std::int64_t count, const void* values);
  Status (*get)(Descriptor descriptor, int attribute, int type, std::int64_t wanted, std::int64_t* found, void* values);
  Status (*finalize)(Descriptor descriptor);
  std::uint64_t (*duration_ns)(Descriptor plan);  // virtual time of an execution: 0, but for plans that are compared
};

const Backend& planning_backend();  // NVIDIA's library, told of the virtual device
const Backend& assuming_backend();  // without it: one engine for everything, its workspace an assumption

}  // namespace headroom::virtual_gpu::cudnn
