// The runtime's activities as records of the CUPTI whose headers this is built with. Fields that the virtual GPU has
// nothing to say about are zero, or CUPTI's own "unknown".
#pragma once

#include "cupti_record_types.h"
#include "virtual_gpu/core/activity.h"
#include "virtual_gpu/libraries/cupti/timestamp.h"

namespace headroom::virtual_gpu::cupti {

template <CUpti_ActivityKind kind>
using Record = typename RecordOf<kind>::type;

using ApiRecord = Record<CUPTI_ACTIVITY_KIND_RUNTIME>;
using KernelRecord = Record<CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL>;
using CopyRecord = Record<CUPTI_ACTIVITY_KIND_MEMCPY>;
using PeerCopyRecord = Record<CUPTI_ACTIVITY_KIND_MEMCPY2>;
using SetRecord = Record<CUPTI_ACTIVITY_KIND_MEMSET>;
using MemoryRecord = Record<CUPTI_ACTIVITY_KIND_MEMORY2>;
using PoolRecord = Record<CUPTI_ACTIVITY_KIND_MEMORY_POOL>;
using SynchronizationRecord = Record<CUPTI_ACTIVITY_KIND_SYNCHRONIZATION>;
using GraphRecord = Record<CUPTI_ACTIVITY_KIND_GRAPH_TRACE>;
using OverheadRecord = Record<CUPTI_ACTIVITY_KIND_OVERHEAD>;
using StreamRecord = Record<CUPTI_ACTIVITY_KIND_STREAM>;
using ContextRecord = Record<CUPTI_ACTIVITY_KIND_CONTEXT>;
using DeviceRecord = Record<CUPTI_ACTIVITY_KIND_DEVICE>;
using ExternalRecord = Record<CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION>;

// Each fills a zeroed record.
void fill(KernelRecord& record, const KernelActivity& kernel, CUpti_ActivityKind kind, const Clock& clock);
void fill(CopyRecord& record, const CopyActivity& copy, const Clock& clock);
void fill(PeerCopyRecord& record, const CopyActivity& copy, const Clock& clock);
void fill(SetRecord& record, const SetActivity& set, const Clock& clock);
void fill(MemoryRecord& record, const MemoryActivity& memory, const Clock& clock, bool with_source);
void fill(PoolRecord& record, const PoolActivity& pool, const Clock& clock);
void fill(SynchronizationRecord& record, const SynchronizationActivity& wait, const Clock& clock);
void fill(GraphRecord& record, const GraphActivity& graph, const Clock& clock);
void fill(StreamRecord& record, const StreamActivity& stream);
void fill_context(ContextRecord& record, int device);
void fill_device(DeviceRecord& record, int device);

}  // namespace headroom::virtual_gpu::cupti
