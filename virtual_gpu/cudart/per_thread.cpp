// The forms of programs compiled with --default-stream per-thread: their null stream is the thread's own.
#include <cuda_runtime_api.h>

#include <cstddef>

namespace {

cudaStream_t own(cudaStream_t stream) { return stream == nullptr ? cudaStreamPerThread : stream; }

}  // namespace

extern "C" cudaError_t __cudaLaunchKernel(cudaKernel_t, dim3, dim3, void**, std::size_t, cudaStream_t);

#define HEADROOM_PTSZ(name, parameters, arguments) \
  extern "C" cudaError_t name##_ptsz parameters { return name arguments; }

HEADROOM_PTSZ(__cudaLaunchKernel,
              (cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, std::size_t bytes, cudaStream_t stream),
              (kernel, grid, block, arguments, bytes, own(stream)))
HEADROOM_PTSZ(cudaLaunchKernel,
              (const void* function, dim3 grid, dim3 block, void** arguments, std::size_t bytes, cudaStream_t stream),
              (function, grid, block, arguments, bytes, own(stream)))
HEADROOM_PTSZ(cudaLaunchCooperativeKernel,
              (const void* function, dim3 grid, dim3 block, void** arguments, std::size_t bytes, cudaStream_t stream),
              (function, grid, block, arguments, bytes, own(stream)))
HEADROOM_PTSZ(cudaLaunchHostFunc, (cudaStream_t stream, cudaHostFn_t function, void* data),
              (own(stream), function, data))

extern "C" cudaError_t cudaLaunchKernelExC_ptsz(const cudaLaunchConfig_t* config, const void* function,
                                                void** arguments) {
  if (config == nullptr) return cudaLaunchKernelExC(nullptr, function, arguments);
  cudaLaunchConfig_t changed = *config;
  changed.stream = own(config->stream);
  return cudaLaunchKernelExC(&changed, function, arguments);
}

HEADROOM_PTSZ(cudaMemcpyAsync,
              (void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream),
              (target, source, bytes, kind, own(stream)))
HEADROOM_PTSZ(cudaMemcpy2DAsync,
              (void* target, std::size_t target_pitch, const void* source, std::size_t source_pitch, std::size_t width,
               std::size_t height, cudaMemcpyKind kind, cudaStream_t stream),
              (target, target_pitch, source, source_pitch, width, height, kind, own(stream)))
HEADROOM_PTSZ(cudaMemcpy3DAsync, (const cudaMemcpy3DParms* copy, cudaStream_t stream), (copy, own(stream)))
HEADROOM_PTSZ(cudaMemsetAsync, (void* target, int value, std::size_t bytes, cudaStream_t stream),
              (target, value, bytes, own(stream)))
HEADROOM_PTSZ(cudaMemset2DAsync,
              (void* target, std::size_t pitch, int value, std::size_t width, std::size_t height, cudaStream_t stream),
              (target, pitch, value, width, height, own(stream)))
HEADROOM_PTSZ(cudaMemcpyToSymbolAsync,
              (const void* symbol, const void* source, std::size_t bytes, std::size_t offset, cudaMemcpyKind kind,
               cudaStream_t stream),
              (symbol, source, bytes, offset, kind, own(stream)))
HEADROOM_PTSZ(cudaMemcpyFromSymbolAsync,
              (void* target, const void* symbol, std::size_t bytes, std::size_t offset, cudaMemcpyKind kind,
               cudaStream_t stream),
              (target, symbol, bytes, offset, kind, own(stream)))
HEADROOM_PTSZ(cudaMallocAsync, (void** out, std::size_t bytes, cudaStream_t stream), (out, bytes, own(stream)))
HEADROOM_PTSZ(cudaMallocFromPoolAsync, (void** out, std::size_t bytes, cudaMemPool_t pool, cudaStream_t stream),
              (out, bytes, pool, own(stream)))
HEADROOM_PTSZ(cudaFreeAsync, (void* pointer, cudaStream_t stream), (pointer, own(stream)))

HEADROOM_PTSZ(cudaEventRecord, (cudaEvent_t event, cudaStream_t stream), (event, own(stream)))
HEADROOM_PTSZ(cudaEventRecordWithFlags, (cudaEvent_t event, cudaStream_t stream, unsigned flags),
              (event, own(stream), flags))
HEADROOM_PTSZ(cudaStreamQuery, (cudaStream_t stream), (own(stream)))
HEADROOM_PTSZ(cudaStreamSynchronize, (cudaStream_t stream), (own(stream)))
HEADROOM_PTSZ(cudaStreamWaitEvent, (cudaStream_t stream, cudaEvent_t event, unsigned flags),
              (own(stream), event, flags))
HEADROOM_PTSZ(cudaStreamAddCallback, (cudaStream_t stream, cudaStreamCallback_t callback, void* data, unsigned flags),
              (own(stream), callback, data, flags))
HEADROOM_PTSZ(cudaStreamAttachMemAsync, (cudaStream_t stream, void* pointer, std::size_t bytes, unsigned flags),
              (own(stream), pointer, bytes, flags))
HEADROOM_PTSZ(cudaStreamGetPriority, (cudaStream_t stream, int* priority), (own(stream), priority))
HEADROOM_PTSZ(cudaStreamGetFlags, (cudaStream_t stream, unsigned* flags), (own(stream), flags))
HEADROOM_PTSZ(cudaStreamGetId, (cudaStream_t stream, unsigned long long* id), (own(stream), id))
HEADROOM_PTSZ(cudaStreamGetDevice, (cudaStream_t stream, int* device), (own(stream), device))
HEADROOM_PTSZ(cudaStreamGetAttribute, (cudaStream_t stream, cudaStreamAttrID attribute, cudaStreamAttrValue* value),
              (own(stream), attribute, value))
HEADROOM_PTSZ(cudaStreamSetAttribute,
              (cudaStream_t stream, cudaStreamAttrID attribute, const cudaStreamAttrValue* value),
              (own(stream), attribute, value))
HEADROOM_PTSZ(cudaStreamCopyAttributes, (cudaStream_t target, cudaStream_t source), (own(target), own(source)))
HEADROOM_PTSZ(cudaStreamBeginCapture, (cudaStream_t stream, cudaStreamCaptureMode mode), (own(stream), mode))
HEADROOM_PTSZ(cudaStreamBeginCaptureToGraph,
              (cudaStream_t stream, cudaGraph_t graph, const cudaGraphNode_t* nodes, const cudaGraphEdgeData* data,
               std::size_t count, cudaStreamCaptureMode mode),
              (own(stream), graph, nodes, data, count, mode))
HEADROOM_PTSZ(cudaStreamEndCapture, (cudaStream_t stream, cudaGraph_t* graph), (own(stream), graph))
HEADROOM_PTSZ(cudaStreamIsCapturing, (cudaStream_t stream, cudaStreamCaptureStatus* status), (own(stream), status))
#if CUDART_VERSION >= 13000  // CUDA 12's forms stay stubs, named when called
HEADROOM_PTSZ(cudaStreamGetCaptureInfo,
              (cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long* id, cudaGraph_t* graph,
               const cudaGraphNode_t** nodes, const cudaGraphEdgeData** data, std::size_t* count),
              (own(stream), status, id, graph, nodes, data, count))
HEADROOM_PTSZ(cudaStreamUpdateCaptureDependencies,
              (cudaStream_t stream, cudaGraphNode_t* nodes, const cudaGraphEdgeData* data, std::size_t count,
               unsigned flags),
              (own(stream), nodes, data, count, flags))
#endif
HEADROOM_PTSZ(cudaGraphLaunch, (cudaGraphExec_t executable, cudaStream_t stream), (executable, own(stream)))
HEADROOM_PTSZ(cudaGraphUpload, (cudaGraphExec_t executable, cudaStream_t stream), (executable, own(stream)))
HEADROOM_PTSZ(cudaGetDriverEntryPointByVersion,
              (const char* name, void** function, unsigned version, unsigned long long flags,
               cudaDriverEntryPointQueryResult* result),
              (name, function, version, flags == cudaEnableDefault ? +cudaEnablePerThreadDefaultStream : flags, result))

#undef HEADROOM_PTSZ

// Synchronous ones wait for what they did either way.
#define HEADROOM_PTDS(name, parameters, arguments) \
  extern "C" cudaError_t name##_ptds parameters { return name arguments; }

HEADROOM_PTDS(cudaMemcpy, (void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind),
              (target, source, bytes, kind))
HEADROOM_PTDS(cudaMemcpy2D,
              (void* target, std::size_t target_pitch, const void* source, std::size_t source_pitch, std::size_t width,
               std::size_t height, cudaMemcpyKind kind),
              (target, target_pitch, source, source_pitch, width, height, kind))
HEADROOM_PTDS(cudaMemcpy3D, (const cudaMemcpy3DParms* copy), (copy))
HEADROOM_PTDS(cudaMemset, (void* target, int value, std::size_t bytes), (target, value, bytes))
HEADROOM_PTDS(cudaMemset2D, (void* target, std::size_t pitch, int value, std::size_t width, std::size_t height),
              (target, pitch, value, width, height))
HEADROOM_PTDS(cudaMemcpyToSymbol,
              (const void* symbol, const void* source, std::size_t bytes, std::size_t offset, cudaMemcpyKind kind),
              (symbol, source, bytes, offset, kind))
HEADROOM_PTDS(cudaMemcpyFromSymbol,
              (void* target, const void* symbol, std::size_t bytes, std::size_t offset, cudaMemcpyKind kind),
              (target, symbol, bytes, offset, kind))

#undef HEADROOM_PTDS
