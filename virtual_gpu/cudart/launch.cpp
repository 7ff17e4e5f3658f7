#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/core/work.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

namespace {

cudaError_t launch_kernel(const void* function, const LaunchShape& shape, void** arguments, cudaStream_t stream) {
  return with_context([&] {
    Kernel* kernel = find_kernel(function);
    return kernel == nullptr ? cudaErrorInvalidDeviceFunction : launch(*kernel, shape, arguments, stream);
  });
}

}  // namespace

cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** arguments, std::size_t shared_bytes,
                             cudaStream_t stream) {
  return launch_kernel(function, {grid, block, shared_bytes}, arguments, stream);
}

cudaError_t cudaLaunchCooperativeKernel(const void* function, dim3 grid, dim3 block, void** arguments,
                                        std::size_t shared_bytes, cudaStream_t stream) {
  return launch_kernel(function, {grid, block, shared_bytes, {0, 0, 0}, true}, arguments, stream);
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* function, void** arguments) {
  if (config == nullptr) return finish(cudaErrorInvalidValue);
  LaunchShape shape{config->gridDim, config->blockDim, config->dynamicSmemBytes};
  for (unsigned i = 0; i < config->numAttrs; ++i) {
    const cudaLaunchAttribute& attribute = config->attrs[i];
    if (attribute.id == cudaLaunchAttributeCooperative) shape.cooperative = attribute.val.cooperative != 0;
    if (attribute.id == cudaLaunchAttributeClusterDimension)
      shape.cluster = {attribute.val.clusterDim.x, attribute.val.clusterDim.y, attribute.val.clusterDim.z};
  }
  return launch_kernel(function, shape, arguments, config->stream);
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  return with_context([&] {
    if (function == nullptr) return cudaErrorInvalidValue;
    return submit(stream, {WorkKind::host_function, nullptr, 0, [=] { function(data); }, {}});
  });
}
