// The version that NCCL says it has: the one that the loaded Torch was released with, as the metadata beside it
// names it. Otherwise that of Torch 2.11.
#pragma once

namespace headroom::virtual_gpu::nccl {

int version_that_torch_wants();  // as NCCL_VERSION_CODE: 22809 for 2.28.9

}  // namespace headroom::virtual_gpu::nccl
