#include "virtual_gpu/core/ipc.h"

#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

#define HEADROOM_REFUSED(name, ...)                            \
  cudaError_t name(__VA_ARGS__) {                              \
    return with_context([] { return refuse_sharing(#name); }); \
  }
HEADROOM_REFUSED(cudaIpcGetMemHandle, cudaIpcMemHandle_t*, void*)
HEADROOM_REFUSED(cudaIpcOpenMemHandle, void**, cudaIpcMemHandle_t, unsigned)
HEADROOM_REFUSED(cudaIpcCloseMemHandle, void*)
HEADROOM_REFUSED(cudaIpcGetEventHandle, cudaIpcEventHandle_t*, cudaEvent_t)
HEADROOM_REFUSED(cudaIpcOpenEventHandle, cudaEvent_t*, cudaIpcEventHandle_t)
HEADROOM_REFUSED(cudaMemPoolExportToShareableHandle, void*, cudaMemPool_t, cudaMemAllocationHandleType, unsigned)
HEADROOM_REFUSED(cudaMemPoolImportFromShareableHandle, cudaMemPool_t*, void*, cudaMemAllocationHandleType, unsigned)
HEADROOM_REFUSED(cudaMemPoolExportPointer, cudaMemPoolPtrExportData*, void*)
HEADROOM_REFUSED(cudaMemPoolImportPointer, void**, cudaMemPool_t, cudaMemPoolPtrExportData*)
#undef HEADROOM_REFUSED
