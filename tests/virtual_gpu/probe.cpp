// Prints what a program sees of its devices; runtime_test starts it under different environments.
#include <cuda_runtime_api.h>

#include <cstdio>

int main() {
  int count = -1;
  const cudaError_t counted = cudaGetDeviceCount(&count);
  void* pointer = nullptr;
  const cudaError_t allocated = cudaMalloc(&pointer, 1);
  std::printf("%d %s cudaMalloc: %s\n", count, cudaGetErrorName(counted), cudaGetErrorName(allocated));
}
