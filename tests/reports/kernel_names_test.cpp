#include "reports/kernel_names.h"

#include <gtest/gtest.h>

#include <random>

namespace headroom {
namespace {

TEST(KernelNames, NamesThatAreNoFunctionsStay) {
  for (const char* name : {"", "ampere_sgemm_128x64_tn", "cublasGemmEx", "triton_poi_fused_add_0", "a<", "(",
                           "::", "{lambda(", "x(("})
    EXPECT_EQ(short_kernel_name(name), name) << "short names have nothing to lose";
}

TEST(KernelNames, NamespacesReturnTypeAndParametersGo) {
  EXPECT_EQ(
      short_kernel_name("void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, "
                        "std::array<char*, 3ul>>(int, at::native::CUDAFunctor_add<float>, std::array<char*, 3ul>)"),
      "vectorized_elementwise_kernel<4, CUDAFunctor_add<float>, array<char*, 3ul>>");
}

TEST(KernelNames, AnonymousNamespacesGo) {
  EXPECT_EQ(short_kernel_name(
                "void at::native::(anonymous namespace)::vectorized_layer_norm_kernel<float, float>(int, float)"),
            "vectorized_layer_norm_kernel<float, float>");
}

TEST(KernelNames, TheFunctionThatALambdaIsInStays) {
  EXPECT_EQ(
      short_kernel_name("void at::native::elementwise_kernel<4, at::native::(anonymous namespace)::GeluCUDAKernelImpl("
                        "at::TensorIteratorBase&, at::native::GeluType)::{lambda()#2}::operator()() const::"
                        "{lambda()#4}::operator()() const::{lambda(c10::BFloat16)#1}>(int)"),
      "elementwise_kernel<4, GeluCUDAKernelImpl::{lambda(BFloat16)#1}>");
}

TEST(KernelNames, OfAnyTextComesATextThatIsNoLonger) {
  std::mt19937 random(1);
  constexpr std::string_view kParts[] = {
      "::", "(", ")", "<", ">", "{lambda(", "}", "a", "operator()", " const", "(anonymous namespace)", "void ", "->"};
  for (int i = 0; i < 5000; ++i) {
    std::string name;
    for (std::size_t parts = random() % 12; parts-- > 0;) name += kParts[random() % std::size(kParts)];
    EXPECT_LE(short_kernel_name(name).size(), name.size()) << name;
  }
}

}  // namespace
}  // namespace headroom
