#include "profiler/cuda.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/util/Exception.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"
#include "virtual_gpu/report.h"

namespace headroom::profiler::cuda {
namespace {

using c10::CachingDeviceAllocator::TraceEntry;
using c10::cuda::CUDACachingAllocator::CUDAAllocator;

template <class Function>
Function* find(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

}  // namespace

CUDAAllocator& allocator() {
  static const auto* slot = find<std::atomic<CUDAAllocator*>>("_ZN3c104cuda20CUDACachingAllocator9allocatorE");
  if (slot == nullptr) throw could_not_measure("libc10_cuda.so has no CUDACachingAllocator: another Torch than 2.11?");
  return *slot->load();
}

namespace {

std::int64_t peak(const c10::CachingAllocator::StatArray& stat) { return stat[0].peak; }
std::int64_t current(const c10::CachingAllocator::StatArray& stat) { return stat[0].current; }

std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// PyTorch reads the older of the two names first.
std::string allocator_setting() {
  const std::string older = variable("PYTORCH_CUDA_ALLOC_CONF");
  return older.empty() ? variable("PYTORCH_ALLOC_CONF") : older;
}

// The allocator's setting as it is, then the other variables that decide what is allocated.
std::string settings() {
  std::string text = allocator_setting();
  for (const char* name : {"CUBLAS_WORKSPACE_CONFIG", "CUBLASLT_WORKSPACE_SIZE", "TORCH_CUBLASLT_UNIFIED_WORKSPACE",
                           "HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER"})
    if (const std::string value = variable(name); !value.empty())
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

// Only PyTorch's own caching allocator tells what it does.
void require_caching_allocator() {
  if (std::getenv("PYTORCH_NO_CUDA_MEMORY_CACHING") != nullptr)
    throw bad_input("PYTORCH_NO_CUDA_MEMORY_CACHING is set: without the caching allocator there is nothing to record");
  if (allocator().name() != "native")
    throw bad_input(fmt::format("PyTorch's allocator is '{}' ({}): only the native one can be recorded",
                                allocator().name(), allocator_setting()));
}

void initialize() {
  try {
    at::globalContext().lazyInitDevice(c10::kCUDA);
  } catch (const std::exception& error) {
    const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
    const std::string text = torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
    const std::string setting = allocator_setting();
    throw could_not_measure(
        fmt::format("PyTorch cannot use CUDA{}: {}",
                    setting.empty() ? "" : fmt::format(" with the allocator settings '{}'", setting),
                    text.substr(0, text.find('\n'))));
  }
}

bool translate(const TraceEntry& entry, AllocatorEvent& event) {
  using Kind = AllocatorEvent::Kind;
  switch (entry.action_) {
    case TraceEntry::ALLOC:
      event.kind = Kind::alloc;
      break;
    case TraceEntry::FREE_REQUESTED:
      event.kind = Kind::free;
      break;
    case TraceEntry::FREE_COMPLETED:
      event.kind = Kind::returned;
      break;
    case TraceEntry::SEGMENT_ALLOC:
    case TraceEntry::SEGMENT_MAP:
      event.kind = Kind::segment_alloc;
      break;
    case TraceEntry::SEGMENT_FREE:
    case TraceEntry::SEGMENT_UNMAP:
      event.kind = Kind::segment_free;
      break;
    case TraceEntry::OOM:
      event.kind = Kind::out_of_memory;
      break;
    default:
      return false;
  }
  event.address = entry.addr_;
  event.bytes = static_cast<std::int64_t>(entry.size_);
  event.stream = entry.stream_;
  event.pool = entry.mempool_;
  return true;
}

// With backed memory, a block that is handed out again does not show what its last owner copied there.
void forget_contents(const AllocatorEvent& event) {
  static const auto forget = find<decltype(headroom_virtual_gpu_forget)>("headroom_virtual_gpu_forget");
  if (forget != nullptr && event.kind == AllocatorEvent::Kind::alloc)
    forget(reinterpret_cast<const void*>(event.address), static_cast<std::size_t>(event.bytes));
}

}  // namespace

void open(c10::DeviceIndex index, const std::function<void(c10::DeviceIndex)>& before_context) {
  if (dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_GLOBAL) == nullptr)
    throw could_not_measure(fmt::format("CUDA cannot be used: {}", dlerror()));
  int count = 0;
  const auto count_devices = find<cudaError_t(int*)>("cudaGetDeviceCount");
  const cudaError_t status = count_devices ? count_devices(&count) : cudaErrorNoDevice;
  if (status != cudaSuccess || count == 0) {
    const auto explain = find<const char*(cudaError_t)>("cudaGetErrorString");
    throw could_not_measure(fmt::format("no CUDA device: {}; --device cpu and --device virtual:h100-80gb need none",
                                        explain && status != cudaSuccess ? explain(status) : "none is present"));
  }
  if (index >= count)
    throw could_not_measure(fmt::format("no device cuda:{}: this machine has {}", static_cast<int>(index), count));
  if (before_context) before_context(index);
  initialize();
  require_caching_allocator();
}

int adopt() {
  if (dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_GLOBAL | RTLD_NOLOAD) == nullptr)
    throw could_not_measure("this Torch has no CUDA");
  require_caching_allocator();
  return device_count();
}

int device_count() {
  dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_GLOBAL | RTLD_NOLOAD);  // so that what it needs can be found by name
  int count = 0;
  const auto count_devices = find<cudaError_t(int*)>("cudaGetDeviceCount");
  return count_devices && count_devices(&count) == cudaSuccess ? count : 0;
}

bool is_initialized() { return at::globalContext().hasCUDA() && at::detail::getCUDAHooks().hasPrimaryContext(0); }

bool is_virtual() { return dlsym(RTLD_DEFAULT, "headroom_virtual_gpu_report") != nullptr; }

void describe(c10::DeviceIndex index, Environment& environment) {
  environment.device_kind = is_virtual() ? DeviceKind::virtual_cuda : DeviceKind::cuda;
  environment.cuda_version = version_text(static_cast<int>(at::detail::getCUDAHooks().versionCUDART()));
  if (int version = 0; const auto driver = find<cudaError_t(int*)>("cudaDriverGetVersion"))
    if (driver(&version) == cudaSuccess) environment.driver_version = version_text(version);
  cudaDeviceProp properties{};
  const auto get_properties = find<cudaError_t(cudaDeviceProp*, int)>("cudaGetDeviceProperties");
  if (get_properties == nullptr || get_properties(&properties, index) != cudaSuccess)
    throw could_not_measure(fmt::format("device cuda:{} does not say what it is", static_cast<int>(index)));
  environment.device_name = properties.name;
  environment.compute_capability = fmt::format("{}.{}", properties.major, properties.minor);
  environment.device_total_bytes = static_cast<std::int64_t>(memory_info(index).second);
  environment.allocator_settings = settings();
}

std::vector<std::string> virtual_assumptions(HostReads host_reads) {
  const auto report = find<decltype(headroom_virtual_gpu_report)>("headroom_virtual_gpu_report");
  if (report == nullptr) return {};
  const Json json = parse_json(report(), "the virtual GPU's report");
  std::vector<std::string> sentences;
  for (const Json& sentence : json.value("assumptions", Json::array()))
    sentences.push_back(sentence.get<std::string>());
  for (const Json& call : json.value("unimplemented", Json::array()))
    sentences.push_back(fmt::format("{} is not implemented by the virtual GPU and was called {} times",
                                    call.value("function", "?"), call.value("count", std::int64_t{0})));
  const auto reads = json.value("host_read_count", std::int64_t{0});
  if (host_reads == HostReads::counted && reads > 0)
    sentences.push_back(fmt::format("{} reads of device memory by the host returned zeros", reads));
  return sentences;
}

void listen(c10::DeviceIndex index, std::function<void(const AllocatorEvent&)> listener) {
  allocator().attachAllocatorTraceTracker([index, listener = std::move(listener)](const TraceEntry& entry) {
    AllocatorEvent event;
    if (entry.device_ != index || !translate(entry, event)) return;
    forget_contents(event);
    listener(event);
  });
}

AllocatorStats allocator_stats(c10::DeviceIndex index) {
  const auto stats = allocator().getDeviceStats(index);
  return {.peak_allocated_bytes = peak(stats.allocated_bytes),
          .peak_requested_bytes = peak(stats.requested_bytes),
          .peak_reserved_bytes = peak(stats.reserved_bytes),
          .final_allocated_bytes = current(stats.allocated_bytes),
          .final_reserved_bytes = current(stats.reserved_bytes)};
}

std::pair<std::size_t, std::size_t> memory_info(c10::DeviceIndex index) {
  // Not CUDAAllocator::getMemoryInfo: a compiler that inlines it leaves a call of the runtime, which is not linked.
  const auto ask = find<cudaError_t(std::size_t*, std::size_t*)>("cudaMemGetInfo");
  const c10::DeviceGuard guard(c10::Device(c10::kCUDA, index));
  std::size_t free = 0, total = 0;
  if (ask == nullptr || ask(&free, &total) != cudaSuccess) {
    if (const auto forget_error = find<cudaError_t()>("cudaGetLastError")) forget_error();
    throw could_not_measure(fmt::format("device cuda:{} does not say how much memory it has", static_cast<int>(index)));
  }
  return {free, total};
}

void synchronize(c10::DeviceIndex index) {
  const auto wait = find<cudaError_t()>("cudaDeviceSynchronize");
  try {
    if (wait == nullptr || !at::detail::getCUDAHooks().hasPrimaryContext(index)) return;
    const c10::DeviceGuard guard(c10::Device(c10::kCUDA, index));
    wait();
  } catch (const std::exception&) {
  }
}

std::int64_t block_bytes(c10::DeviceIndex index, std::uint64_t address) {
  for (const auto& segment : allocator().snapshot({0, 0}, false).segments) {
    if (segment.device != index || address < segment.address || address >= segment.address + segment.total_size)
      continue;
    std::uint64_t begin = segment.address;
    for (const auto& block : segment.blocks) {
      if (begin == address) return static_cast<std::int64_t>(block.size);
      begin += block.size;
    }
  }
  return -1;
}

}  // namespace headroom::profiler::cuda
