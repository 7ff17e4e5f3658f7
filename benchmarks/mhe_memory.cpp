// Prints what one attention sublayer of multiple-head embeddings takes, as published and in its optimal forms, beside
// multi-head attention, eager and fused: 12 heads of 64, width 768, fp32, batch 1, no mask, forward and backward.
//
//   mhe_memory            bytes at the worst instant over parameters, input and the output's gradient, for 128 to 16,384
//                         tokens on the virtual GPU (as requested of PyTorch's allocator), each also as a part of what
//                         eager multi-head attention takes
//   mhe_memory time [R]   processor time of one thread, the least of R interleaved rounds (7), for 128 to 2,048 tokens
//                         on the CPU, as ratios
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/randn.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <string>
#include <vector>

#include "models/attention/attention.h"
#include "models/builder.h"
#include "models/catalog/attention.h"

namespace headroom::models {
namespace {

constexpr std::int64_t kHeads = 12, kHeadDim = 64, kWidth = 768;

struct Form {
  const char* label;
  const char* mechanism;
  bool fused;
};

const std::vector<Form> kForms{{"mha eager", "mha", false},
                               {"mha fused", "mha", true},
                               {"mhe-add eager", "mhe-add", false},
                               {"mhe-add fused", "mhe-add", true},
                               {"mhe-mul eager", "mhe-mul", false},
                               {"mhe-mul fused", "mhe-mul", true},
                               {"add optimal:core", "mhe-add-optimal:keep=core", false},
                               {"add optimal:safe", "mhe-add-optimal:keep=safe", false},
                               {"add optimal:layer", "mhe-add-optimal:keep=layer", false},
                               {"mul optimal:core", "mhe-mul-optimal:keep=core", false},
                               {"mul optimal:layer", "mhe-mul-optimal:keep=layer", false},
                               {"mul optimal:sdpa", "mhe-mul-optimal:keep=sdpa", true}};

struct Sublayer {
  Sublayer(const Form& form, at::Device device) {
    ModelConfig config;
    config.name = "sublayer";
    config.d_model = kWidth;
    config.head_count = kHeads;
    config.head_dim = kHeadDim;
    config.max_positions = 1 << 20;
    config = with_attention(config, form.mechanism);
    const auto fused = device.is_cpu() ? AttentionBackend::flash : AttentionBackend::efficient;
    const BuildOptions options{device, at::kFloat, form.fused ? fused : AttentionBackend::eager, true};
    Builder builder(config, options, layers, parameters, buffers);
    attention = make_attention(builder, {.layer = "attention"});
  }
  at::Tensor operator()(const at::Tensor& x) const { return attention->forward(x, x, {}); }

  std::vector<ModelLayer> layers;
  std::vector<ModelParameter> parameters;
  std::vector<at::Tensor> buffers;
  std::unique_ptr<Attention> attention;
};

void step(const Sublayer& sublayer, const at::Tensor& x, const at::Tensor& dy) {
  for (const ModelParameter& p : sublayer.parameters) p.tensor.mutable_grad() = at::Tensor();
  const at::Tensor leaf = x.detach().requires_grad_();
  sublayer(leaf).backward(dy);
}

auto requested() { return c10::getDeviceAllocator(at::kCUDA)->getDeviceStats(0).requested_bytes[0]; }

struct Bytes {
  std::int64_t kept, peak;
};

Bytes bytes_of(const Form& form, std::int64_t tokens) {
  const auto options = at::TensorOptions().device(at::kCUDA).dtype(at::kFloat);
  const Sublayer sublayer(form, at::kCUDA);
  const at::Tensor x = at::empty({1, tokens, kWidth}, options), dy = at::empty_like(x);
  step(sublayer, x, dy);  // workspaces of the libraries
  for (const ModelParameter& p : sublayer.parameters) p.tensor.mutable_grad() = at::Tensor();
  const std::int64_t before = requested().current;
  Bytes bytes{};
  {
    const at::Tensor leaf = x.detach().requires_grad_(), y = sublayer(leaf);
    bytes.kept = requested().current - before - static_cast<std::int64_t>(y.nbytes());
  }
  c10::getDeviceAllocator(at::kCUDA)->resetPeakStats(0);
  step(sublayer, x, dy);
  bytes.peak = requested().peak - before;
  return bytes;
}

const std::vector<std::int64_t> kMemoryLengths{128, 256, 512, 1024, 2048, 4096, 8192, 16384};
const std::vector<std::int64_t> kTimeLengths{128, 256, 512, 1024, 2048};

void print_header(const char* title, const std::vector<std::int64_t>& lengths) {
  std::printf("\n%-20s", title);
  for (std::int64_t tokens : lengths) std::printf("%12ld", static_cast<long>(tokens));
  std::printf("\n");
}

void print_ratios(const char* title, const std::vector<std::int64_t>& lengths,
                  const std::vector<std::vector<double>>& values, std::size_t base) {
  print_header(title, lengths);
  for (std::size_t f = 0; f < kForms.size(); ++f) {
    std::printf("%-20s", kForms[f].label);
    for (std::size_t t = 0; t < lengths.size(); ++t) std::printf("%12.3f", values[f][t] / values[base][t]);
    std::printf("\n");
  }
}

int memory() {
  if (dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_GLOBAL) == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 3;
  at::globalContext().setSDPUseCuDNN(false);
  std::vector<std::vector<double>> kept(kForms.size()), peak(kForms.size());
  for (std::size_t f = 0; f < kForms.size(); ++f)
    for (std::int64_t tokens : kMemoryLengths) {
      const Bytes bytes = bytes_of(kForms[f], tokens);
      kept[f].push_back(static_cast<double>(bytes.kept) / (1 << 20));
      peak[f].push_back(static_cast<double>(bytes.peak) / (1 << 20));
    }
  for (const auto& [title, values] : {std::pair{"kept, MiB", &kept}, std::pair{"peak, MiB", &peak}}) {
    print_header(title, kMemoryLengths);
    for (std::size_t f = 0; f < kForms.size(); ++f) {
      std::printf("%-20s", kForms[f].label);
      for (double value : (*values)[f]) std::printf("%12.2f", value);
      std::printf("\n");
    }
  }
  print_ratios("peak / mha eager", kMemoryLengths, peak, 0);
  print_ratios("peak / mha fused", kMemoryLengths, peak, 1);
  return 0;
}

double thread_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

int time(int rounds) {
  at::set_num_threads(1);
  std::vector<std::vector<double>> ms(kForms.size(), std::vector<double>(kTimeLengths.size(), 1e300));
  for (std::size_t t = 0; t < kTimeLengths.size(); ++t) {
    const at::Tensor x = at::randn({1, kTimeLengths[t], kWidth}), dy = at::randn(x.sizes());
    std::vector<Sublayer> sublayers;
    for (const Form& form : kForms) sublayers.emplace_back(form, at::kCPU);
    for (int round = -1; round < rounds; ++round)
      for (std::size_t f = 0; f < kForms.size(); ++f) {
        const double start = thread_ms();
        step(sublayers[f], x, dy);
        if (round >= 0) ms[f][t] = std::min(ms[f][t], thread_ms() - start);
      }
  }
  print_ratios("time / mha fused", kTimeLengths, ms, 1);
  print_ratios("time / mhe-add eager", kTimeLengths, ms, 2);
  print_ratios("time / mhe-mul eager", kTimeLengths, ms, 4);
  return 0;
}

}  // namespace
}  // namespace headroom::models

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "memory";
  if (what == "time") return headroom::models::time(argc > 2 ? std::max(1, std::atoi(argv[2])) : 7);
  if (what != "memory") return std::fprintf(stderr, "mhe_memory: expected memory or time, not %s\n", argv[1]), 2;
  const char* preload = HEADROOM_VIRTUAL_GPU_DIR "/headroom-virtual-gpu.so";
  if (const char* loaded = std::getenv("LD_PRELOAD"); loaded == nullptr || std::string(loaded) != preload) {
    setenv("LD_PRELOAD", preload, 1);
    setenv("HEADROOM_VIRTUAL_GPU", "h100-80gb", 0);
    execv("/proc/self/exe", argv);
    return 3;
  }
  return headroom::models::memory();
}
