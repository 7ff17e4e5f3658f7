// PyTorch's own CUDA code over the virtual runtime. The program starts itself again with the runtime preloaded; the
// device is HEADROOM_VIRTUAL_GPU, "h100-80gb" when unset.
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/AllocatorConfig.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/headeronly/version.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "virtual_gpu/catalog.h"

namespace {

using at::Tensor;
using headroom::virtual_gpu::DeviceModel;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kMiB = 1 << 20;

const DeviceModel& model() { return headroom::virtual_gpu::device_model(std::getenv("HEADROOM_VIRTUAL_GPU")); }

// Torch 2.15 takes the large one from compute capability 9.0 on, Torch before it on 9.0 alone.
std::int64_t cublas_workspace_bytes() {
  const bool large = TORCH_VERSION_MINOR < 15 ? model().major == 9 : model().major >= 9;
  return large ? 33554432 : 8519680;
}

std::string report() {
  const auto function = reinterpret_cast<const char* (*)()>(dlsym(RTLD_DEFAULT, "headroom_virtual_gpu_report"));
  return function == nullptr ? "no report" : function();
}

at::TensorOptions on_gpu(at::ScalarType dtype = at::kFloat) {
  return at::TensorOptions().device(at::kCUDA).dtype(dtype);
}

c10::CachingDeviceAllocator::DeviceStats stats() { return c10::getDeviceAllocator(at::kCUDA)->getDeviceStats(0); }
std::int64_t allocated_bytes() { return stats().allocated_bytes[0].current; }
std::int64_t requested_bytes() { return stats().requested_bytes[0].current; }
std::int64_t reserved_bytes() { return stats().reserved_bytes[0].current; }

// What the allocator's books gained since this was made.
struct Growth {
  std::int64_t allocated() const { return allocated_bytes() - allocated_before; }
  std::int64_t requested() const { return requested_bytes() - requested_before; }
  std::int64_t reserved() const { return reserved_bytes() - reserved_before; }
  std::int64_t allocated_before = allocated_bytes(), requested_before = requested_bytes(),
               reserved_before = reserved_bytes();
};

class PyTorchOnVirtualGpu : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_GLOBAL), nullptr) << dlerror();
    at::globalContext().setSDPUseCuDNN(false);
    at::empty({1}, on_gpu());  // the allocator has no statistics before its first use
    c10::getDeviceAllocator(at::kCUDA)->emptyCache();
  }
  void TearDown() override { EXPECT_THAT(report(), HasSubstr("\"unimplemented\": []")); }
};

TEST(Loading, TheCudaHalvesOfTorchOpen) {
  for (const char* library : {"libc10_cuda.so", "libtorch_cuda.so", "libtorch_cuda_linalg.so", "libcaffe2_nvrtc.so"})
    EXPECT_NE(dlopen(library, RTLD_LAZY | RTLD_GLOBAL), nullptr) << dlerror();
}

using Allocator = PyTorchOnVirtualGpu;

TEST_F(Allocator, BlocksAreRoundedTo512BytesInSegmentsOf2MiB) {
  const Growth growth;
  const Tensor one = at::empty({1}, on_gpu(at::kByte));
  EXPECT_EQ(growth.allocated(), 512);
  EXPECT_EQ(growth.requested(), 1);
  EXPECT_EQ(growth.reserved(), 2 * kMiB);
  const Tensor two = at::empty({513}, on_gpu(at::kByte));
  EXPECT_EQ(growth.allocated(), 512 + 1024);
  EXPECT_EQ(growth.requested(), 1 + 513);
  EXPECT_EQ(growth.reserved(), 2 * kMiB);
}

TEST_F(Allocator, LargeBlocksShareSegmentsOf20MiBAndUnsplitBlocksKeepTheWhole) {
  const Growth growth;
  const Tensor split = at::empty({kMiB + 1}, on_gpu(at::kByte));
  EXPECT_EQ(growth.allocated(), kMiB + 512);
  EXPECT_EQ(growth.reserved(), 20 * kMiB);
  const Tensor rest = at::empty({11 * kMiB}, on_gpu(at::kByte));
  EXPECT_EQ(growth.allocated(), kMiB + 512 + 11 * kMiB);
  const Tensor unsplit = at::empty({11 * kMiB}, on_gpu(at::kByte));
  EXPECT_EQ(growth.allocated(), kMiB + 512 + 11 * kMiB + 12 * kMiB);
  EXPECT_EQ(growth.reserved(), 20 * kMiB + 12 * kMiB);
}

TEST_F(Allocator, FreedSegmentsGoBackToTheDevice) {
  const Growth growth;
  { const Tensor tensor = at::empty({100 * kMiB}, on_gpu(at::kByte)); }
  EXPECT_EQ(growth.reserved(), 100 * kMiB);
  c10::getDeviceAllocator(at::kCUDA)->emptyCache();
  EXPECT_EQ(growth.reserved(), 0);
}

TEST_F(Allocator, ExpandableSegmentsMapPagesOf20MiBAndUnmapThem) {
  c10::CachingAllocator::setAllocatorSettings("expandable_segments:True");
  const Growth growth;
  {
    const Tensor first = at::empty({21 * kMiB}, on_gpu(at::kByte));
    EXPECT_EQ(growth.reserved(), 40 * kMiB);
    EXPECT_EQ(growth.allocated(), 21 * kMiB);
    const Tensor second = at::empty({21 * kMiB}, on_gpu(at::kByte));
    EXPECT_EQ(growth.reserved(), 60 * kMiB);
    const Tensor small = at::empty({1}, on_gpu(at::kByte));
    EXPECT_EQ(growth.reserved(), 62 * kMiB);
  }
  c10::getDeviceAllocator(at::kCUDA)->emptyCache();
  EXPECT_EQ(growth.reserved(), 0);
  c10::CachingAllocator::setAllocatorSettings("expandable_segments:False");
}

TEST_F(Allocator, OutOfMemoryIsRaisedByPyTorchInItsOwnWords) {
  const Tensor held = at::empty({3 * 1024 * kMiB}, on_gpu(at::kByte));
  char capacity[64];
  std::snprintf(capacity, sizeof capacity, "total capacity of %.2f GiB of which %.2f GiB is free",
                static_cast<double>(model().total_bytes) / (1024 * kMiB),
                static_cast<double>(model().total_bytes - reserved_bytes()) / (1024 * kMiB));
  char allocated[64];
  std::snprintf(allocated, sizeof allocated, "%.2f GiB is allocated by PyTorch",
                static_cast<double>(allocated_bytes()) / (1024 * kMiB));
  try {
    at::empty({200 * 1024 * kMiB}, on_gpu(at::kByte));
    FAIL() << "200 GiB fitted";
  } catch (const c10::OutOfMemoryError& error) {
    EXPECT_THAT(error.what_without_backtrace(),
                HasSubstr("CUDA out of memory. Tried to allocate 200.00 GiB. GPU 0 has a "));
    EXPECT_THAT(error.what_without_backtrace(), HasSubstr(capacity));
    EXPECT_THAT(error.what_without_backtrace(), HasSubstr(allocated));
  }
}

TEST_F(Allocator, TheDeviceIsFilledToItsLastGranule) {
  const std::int64_t granules = (model().total_bytes - reserved_bytes()) / (2 * kMiB);
  const Tensor all = at::empty({granules * 2 * kMiB}, on_gpu(at::kByte));
  EXPECT_THROW(at::empty({2 * kMiB}, on_gpu(at::kByte)), c10::OutOfMemoryError);
}

using Workspaces = PyTorchOnVirtualGpu;

// A workspace, once taken, stays; from Torch 2.15 on only if that is wished for, else each product takes and returns
// one.
bool workspaces_stay() {
  const char* wish = std::getenv("TORCH_CUBLAS_WORKSPACE_CACHE");
  return TORCH_VERSION_MINOR < 15 || (wish != nullptr && *wish == '1');
}

// Before all others that multiply.
TEST_F(Workspaces, TheFirstProductTakesOneAndTheAutogradThreadAnother) {
  const Tensor a = at::empty({512, 512}, on_gpu()).requires_grad_(),
               b = at::empty({512, 512}, on_gpu()).requires_grad_();
  const std::int64_t matrix = 512 * 512 * 4, before = allocated_bytes();
  const std::int64_t held = workspaces_stay() ? cublas_workspace_bytes() : 0;
  c10::getDeviceAllocator(at::kCUDA)->resetPeakStats(0);
  const Tensor c = at::matmul(a, b);
  EXPECT_EQ(allocated_bytes() - before, matrix + held);
  EXPECT_EQ(stats().allocated_bytes[0].peak - before, matrix + cublas_workspace_bytes());
  const Tensor d = at::matmul(a, b);
  EXPECT_EQ(allocated_bytes() - before, 2 * matrix + held);
  c.sum().backward();
  EXPECT_EQ(allocated_bytes() - before, 4 * matrix + 2 * held);
}

TEST_F(PyTorchOnVirtualGpu, CopiesKeepHostBytesAndReadZerosFromTheDevice) {
  const Tensor host = at::ones({1000});
  const Tensor device = host.to(at::kCUDA);
  EXPECT_EQ(device.to(at::kCPU).sum().item<float>(), 0.0F);
  EXPECT_EQ(host.sum().item<float>(), 1000.0F);
  EXPECT_THAT(report(), Not(HasSubstr("\"host_read_count\": 0,")));
  EXPECT_THAT(report(), HasSubstr("a host read of device memory gives zeros"));
}

TEST_F(PyTorchOnVirtualGpu, PinnedTensorsAreKnownAsPinned) {
  const Tensor pinned = at::ones({1000}).pin_memory();
  EXPECT_TRUE(pinned.is_pinned());
  EXPECT_FALSE(at::ones({1000}).is_pinned());
  EXPECT_EQ(pinned.sum().item<float>(), 1000.0F);
  EXPECT_EQ(pinned.to(at::kCUDA, at::kFloat, /*non_blocking=*/true).numel(), 1000);
}

TEST_F(PyTorchOnVirtualGpu, EmbeddingBackwardSortsItsIndices) {
  const Tensor weight = at::empty({5000, 64}, on_gpu()).requires_grad_();
  const Tensor indices = at::empty({8, 1024}, on_gpu(at::kLong));
  at::embedding(weight, indices).sum().backward();
  EXPECT_EQ(weight.grad().sizes(), weight.sizes());
}

TEST_F(PyTorchOnVirtualGpu, SortTopkAndScansRun) {
  const Tensor values = at::empty({4, 100000}, on_gpu());
  EXPECT_EQ(std::get<1>(at::sort(values, -1)).sizes(), values.sizes());
  EXPECT_EQ(std::get<0>(at::topk(values, 50)).size(1), 50);
  EXPECT_EQ(values.cumsum(1).numel(), values.numel());
  EXPECT_EQ(std::get<0>(at::sort(values.flatten(), 0, true)).numel(), values.numel());
}

// One pre-norm transformer block between an embedding and a tied head.
struct Network {
  static constexpr std::int64_t kVocabulary = 4096, kWidth = 128, kHeads = 4, kBatch = 4, kLength = 1024;

  explicit Network(at::ScalarType dtype) {
    const auto parameter = [&](at::IntArrayRef shape) { return at::empty(shape, on_gpu(dtype)).requires_grad_(); };
    table = parameter({kVocabulary, kWidth});
    norm_weight = parameter({kWidth});
    norm_bias = parameter({kWidth});
    qkv = parameter({3 * kWidth, kWidth});
    qkv_bias = parameter({3 * kWidth});
    out = parameter({kWidth, kWidth});
  }

  std::vector<Tensor> parameters() const { return {table, norm_weight, norm_bias, qkv, qkv_bias, out}; }

  Tensor loss(bool causal) const {
    const Tensor ids = at::empty({kBatch, kLength}, on_gpu(at::kLong));
    Tensor x = at::embedding(table, ids);
    x = at::layer_norm(x, {kWidth}, norm_weight, norm_bias);
    const auto parts = at::linear(x, qkv, qkv_bias)
                           .view({kBatch, kLength, 3, kHeads, kWidth / kHeads})
                           .permute({2, 0, 3, 1, 4})
                           .unbind(0);
    Tensor y = at::scaled_dot_product_attention(parts[0], parts[1], parts[2], {}, 0.1, causal);
    y = at::linear(y.transpose(1, 2).reshape({kBatch, kLength, kWidth}), out);
    y = at::dropout(at::gelu(y) + x, 0.1, true);
    return at::cross_entropy_loss(at::linear(y, table).view({-1, kVocabulary}), ids.flatten());
  }

  Tensor table, norm_weight, norm_bias, qkv, qkv_bias, out;
};

std::vector<Tensor> gradients(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> out;
  for (const Tensor& parameter : parameters) out.push_back(parameter.grad());
  return out;
}

struct AdamState {
  explicit AdamState(const std::vector<Tensor>& parameters) {
    for (const Tensor& parameter : parameters) {
      first.push_back(at::zeros_like(parameter).detach());
      second.push_back(at::zeros_like(parameter).detach());
      steps.push_back(at::ones({}, on_gpu()));
    }
  }
  std::vector<Tensor> first, second, steps;
};

void fused_step(const std::vector<Tensor>& parameters, AdamState& state) {
  at::NoGradGuard no_grad;
  at::_fused_adamw_(parameters, gradients(parameters), state.first, state.second, {}, state.steps, 1e-3, 0.9, 0.999,
                    0.01, 1e-8, false, false);
}

void foreach_step(const std::vector<Tensor>& parameters, AdamState& state) {
  at::NoGradGuard no_grad;
  const std::vector<Tensor> gradient = gradients(parameters);
  at::_foreach_mul_(parameters, 1 - 1e-5);
  at::_foreach_lerp_(state.first, gradient, 0.1);
  at::_foreach_mul_(state.second, 0.999);
  at::_foreach_addcmul_(state.second, gradient, gradient, 0.001);
  std::vector<Tensor> roots = at::_foreach_sqrt(state.second);
  at::_foreach_add_(roots, 1e-8);
  at::_foreach_addcdiv_(parameters, state.first, roots, -1e-3);
}

enum class Sdpa { math, flash, efficient };

void use(Sdpa backend) {
  at::globalContext().setSDPUseMath(backend == Sdpa::math);
  at::globalContext().setSDPUseFlash(backend == Sdpa::flash);
  at::globalContext().setSDPUseMemEfficient(backend == Sdpa::efficient);
}

struct TrainingCase {
  const char* name;
  at::ScalarType dtype;
  bool autocast;
  Sdpa sdpa;
};

void PrintTo(const TrainingCase& training, std::ostream* out) { *out << training.name; }

class Training : public PyTorchOnVirtualGpu, public testing::WithParamInterface<TrainingCase> {};

TEST_P(Training, RunsTwoStepsOfBothAdamsAndComesToRest) {
  const TrainingCase& training = GetParam();
  if (model().major < 8 && (training.sdpa == Sdpa::flash || training.dtype == at::kBFloat16))
    GTEST_SKIP() << "flash attention and fused attention in bf16 begin with compute capability 8.0";
  use(training.sdpa);
  const Network network(training.autocast ? at::kFloat : training.dtype);
  at::autocast::set_autocast_enabled(at::kCUDA, training.autocast);
  at::autocast::set_autocast_dtype(at::kCUDA, training.dtype);
  AdamState fused(network.parameters()), foreach (network.parameters());
  std::int64_t after_first = 0;
  for (int step = 0; step < 2; ++step) {
    network.loss(step % 2 == 0).backward();
    at::autocast::clear_cache();
    fused_step(network.parameters(), fused);
    foreach_step(network.parameters(), foreach);
    if (step == 0) after_first = allocated_bytes();
  }
  EXPECT_EQ(allocated_bytes(), after_first) << "a second step must hold what the first held";
  for (const Tensor& parameter : network.parameters())
    EXPECT_EQ(parameter.grad().scalar_type(), parameter.scalar_type());
}

INSTANTIATE_TEST_SUITE_P(, Training,
                         testing::Values(TrainingCase{"fp32_math", at::kFloat, false, Sdpa::math},
                                         TrainingCase{"fp32_efficient", at::kFloat, false, Sdpa::efficient},
                                         TrainingCase{"bf16_math", at::kBFloat16, false, Sdpa::math},
                                         TrainingCase{"bf16_flash", at::kBFloat16, false, Sdpa::flash},
                                         TrainingCase{"bf16_efficient", at::kBFloat16, false, Sdpa::efficient},
                                         TrainingCase{"fp16_math", at::kHalf, false, Sdpa::math},
                                         TrainingCase{"fp16_flash", at::kHalf, false, Sdpa::flash},
                                         TrainingCase{"fp16_efficient", at::kHalf, false, Sdpa::efficient},
                                         TrainingCase{"amp_bf16_flash", at::kBFloat16, true, Sdpa::flash},
                                         TrainingCase{"amp_fp16_efficient", at::kHalf, true, Sdpa::efficient}),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace

int main(int argc, char** argv) {
  const std::string preload = HEADROOM_VIRTUAL_GPU_DIR "/headroom-virtual-gpu.so";
  const char* loaded = std::getenv("LD_PRELOAD");
  if (loaded == nullptr || loaded != preload) {
    setenv("LD_PRELOAD", preload.c_str(), 1);
    setenv("HEADROOM_VIRTUAL_GPU", "h100-80gb", 0);
    execv("/proc/self/exe", argv);
    return 3;
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
