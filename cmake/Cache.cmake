# Where scripts/setup put what is not a Debian package. HEADROOM_CUDA_DIR: a folder whose include/ has cuda_runtime_api.h and
# cupti.h (headers only, no toolkit).
if(DEFINED ENV{HEADROOM_CACHE_DIR})
  set(HEADROOM_CACHE_DIR $ENV{HEADROOM_CACHE_DIR})
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(HEADROOM_CACHE_DIR $ENV{XDG_CACHE_HOME}/headroom)
else()
  set(HEADROOM_CACHE_DIR $ENV{HOME}/.cache/headroom)
endif()
set(HEADROOM_CUDA_VERSION 13.0 CACHE STRING "CUDA release whose headers are in the cache")
set(HEADROOM_CUDA_DIR ${HEADROOM_CACHE_DIR}/nvidia-${HEADROOM_CUDA_VERSION}/nvidia/cu13
    CACHE PATH "Folder with include/cuda_runtime_api.h")
