// Driver functions by name: looked up in libcuda.so.1 itself.
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

TEST(DriverEntryPoints, PlainNamesGiveTheNewestVersionAndUnknownOnesSaySo) {
  void *plain = nullptr, *unknown = nullptr;
  cudaDriverEntryPointQueryResult result{};
  EXPECT_EQ(cudaGetDriverEntryPointByVersion("cuMemGetInfo", &plain, 13000, 0, &result), cudaSuccess);
  EXPECT_EQ(result, cudaDriverEntryPointSuccess);
  EXPECT_EQ(plain, reinterpret_cast<void*>(&cuMemGetInfo));
  EXPECT_EQ(cudaGetDriverEntryPointByVersion("cuNoSuchThing", &unknown, 13000, 0, &result), cudaSuccess);
  EXPECT_EQ(result, cudaDriverEntryPointSymbolNotFound);
  EXPECT_EQ(unknown, nullptr);
}
