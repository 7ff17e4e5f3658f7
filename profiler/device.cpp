#include "profiler/device.h"

#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include <charconv>
#include <fstream>

#include "base/error.h"
#include "profiler/cuda.h"
#include "virtual_gpu/catalog.h"

namespace headroom::profiler {
namespace {

constexpr std::string_view kVirtual = "virtual:";
constexpr std::string_view kCuda = "cuda:";

c10::DeviceIndex cuda_index(const std::string& text) {
  int index = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + kCuda.size(), end, index);
  if (error != std::errc() || stop != end || index < 0 || index > 63)
    throw bad_input(fmt::format("device '{}': expected cuda:N with N from 0 to 63", text));
  return static_cast<c10::DeviceIndex>(index);
}

using BeforeContext = std::function<void(c10::DeviceIndex)>;

c10::Device open_cuda(c10::DeviceIndex index, const BeforeContext& before_context) {
  cuda::open(index, before_context);
  return {c10::kCUDA, index};
}

c10::Device open_virtual(const std::string& text, const BeforeContext& before_context) {
  const char* loaded = std::getenv("HEADROOM_VIRTUAL_GPU");
  const std::string name = virtual_gpu::device_model(text).name;
  if (!cuda::is_virtual() || loaded == nullptr || name != loaded)
    throw could_not_measure(
        fmt::format("device '{}' needs the worker to start with HEADROOM_VIRTUAL_GPU={} and with "
                    "headroom-virtual-gpu.so in LD_PRELOAD, as `headroom` starts it",
                    text, name));
  return open_cuda(0, before_context);
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "CPU";
}

}  // namespace

c10::Device open_device(const std::string& text, const BeforeContext& before_context) {
  if (text == "cpu") return c10::kCPU;
  if (text == "cuda") return open_cuda(0, before_context);
  if (text.starts_with(kCuda)) return open_cuda(cuda_index(text), before_context);
  if (text.starts_with(kVirtual)) return open_virtual(text, before_context);
  throw bad_input(fmt::format("unknown device '{}'; known: cpu, cuda, cuda:N, virtual:NAME", text));
}

Environment describe_environment(c10::Device device) {
  Environment environment;
  environment.headroom_version = HEADROOM_VERSION;
  environment.torch_version = TORCH_VERSION;
  if (device.is_cuda())
    cuda::describe(device.index(), environment);
  else
    environment.device_name = processor_name();
  return environment;
}

void require_supported(const RunSpec& spec, c10::Device device) {
  const auto refuse = [&](const std::string& why) { throw bad_input(why); };
  if (device.is_cpu() && spec.sdpa == Sdpa::efficient)
    refuse("--sdpa efficient: PyTorch has no memory-efficient attention on the CPU; use eager, math or flash");
  if (device.is_cuda() && spec.sdpa == Sdpa::flash && spec.dtype == Dtype::fp32)
    refuse(
        "--sdpa flash: flash attention on CUDA takes fp16 and bf16 only; use --dtype bf16, fp16, amp-bf16 or amp-fp16");
}

}  // namespace headroom::profiler
