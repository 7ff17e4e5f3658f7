# headroom::torch: LibTorch's CPU half from the wheel. find_package(Torch) of a CUDA wheel demands a CUDA toolkit, so two
# imported libraries and the wheel's headers are named here instead. libtorch_cuda.so is opened at run time.
#
# HEADROOM_TORCH_DIR: the folder `torch` of an installed or unpacked wheel. scripts/setup fills the default.
set(HEADROOM_TORCH_VERSION 2.11.0 CACHE STRING "Torch whose wheel is unpacked in the cache")
set(HEADROOM_TORCH_DIR ${HEADROOM_CACHE_DIR}/torch-${HEADROOM_TORCH_VERSION}/torch CACHE PATH "Folder `torch` of a LibTorch wheel")

foreach(file ${HEADROOM_TORCH_DIR}/lib/libtorch_cpu.so ${HEADROOM_TORCH_DIR}/include/ATen/core/TensorBody.h
             ${HEADROOM_CUDA_DIR}/include/cuda_runtime_api.h ${HEADROOM_CUDA_DIR}/include/crt/host_config.h)
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "${file} is missing: run scripts/setup, or set HEADROOM_TORCH_DIR and HEADROOM_CUDA_DIR, "
                        "or build without Torch (cmake --preset no-torch)")
  endif()
endforeach()

foreach(library c10 torch_cpu)
  add_library(torch_wheel_${library} SHARED IMPORTED)
  set_target_properties(torch_wheel_${library} PROPERTIES IMPORTED_LOCATION ${HEADROOM_TORCH_DIR}/lib/lib${library}.so)
endforeach()

add_library(headroom_torch INTERFACE)
add_library(headroom::torch ALIAS headroom_torch)
target_include_directories(headroom_torch SYSTEM INTERFACE
  ${HEADROOM_TORCH_DIR}/include ${HEADROOM_TORCH_DIR}/include/torch/csrc/api/include ${HEADROOM_CUDA_DIR}/include)
target_link_libraries(headroom_torch INTERFACE torch_wheel_torch_cpu torch_wheel_c10)
set(HEADROOM_VIRTUAL_GPU_DIR ${CMAKE_BINARY_DIR}/lib/headroom/virtual-gpu)
target_link_options(headroom_torch INTERFACE -Wl,--allow-shlib-undefined)

# What is built is for this very Torch, whatever the folder is called.
file(STRINGS ${HEADROOM_TORCH_DIR}/version.py version REGEX "^__version__")
string(REGEX REPLACE ".*'([0-9.]+).*" "\\1" HEADROOM_TORCH_BUILT_FOR "${version}")

# An installed program looks for Torch beside itself, then where it was when it was built; HEADROOM_TORCH_DIR goes before both.
set(HEADROOM_TORCH_INSTALL_RPATH "\$ORIGIN/../lib/headroom/torch-${HEADROOM_TORCH_BUILT_FOR}/torch/lib;${HEADROOM_TORCH_DIR}/lib")

# headroom_runs_alone(TARGET): a Torch program that starts without NVIDIA's libraries and without a preload, such as a test.
# libtorch_cpu.so itself needs libcudart.so.13; the virtual GPU's stands in. DT_RPATH, not DT_RUNPATH: the libraries that
# libtorch_cpu.so needs are looked up along it too.
function(headroom_runs_alone TARGET)
  target_link_options(${TARGET} PRIVATE -Wl,--disable-new-dtags -Wl,-rpath,${HEADROOM_VIRTUAL_GPU_DIR})
  add_dependencies(${TARGET} headroom_virtual_gpu)
endfunction()
