#include "virtual_gpu/core/kernels.h"

#include <cstring>
#include <mutex>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/fat_binary.h"
#include "virtual_gpu/core/pointer_table.h"

namespace headroom::virtual_gpu {
namespace {

struct Variable {
  const char* name = nullptr;
  std::uint64_t bytes = 0, address = 0;
};

HandlePool<Kernel>& kernel_pool() {
  static auto& pool = *new HandlePool<Kernel>;
  return pool;
}

PointerTable<Kernel>& kernels() {
  static auto& table = *new PointerTable<Kernel>;
  return table;
}

PointerTable<Variable>& variables() {
  static auto& table = *new PointerTable<Variable>;
  return table;
}

// Module variables live in the context, outside what cudaMalloc hands out.
constexpr std::uint64_t kVariablesAddress = 0x1f0000000000;
std::atomic<std::uint64_t> variables_end{kVariablesAddress};

const char* kept_name(const std::string& name) {
  static std::mutex mutex;
  static auto& names = *new std::unordered_set<std::string>;
  const std::lock_guard lock(mutex);
  return names.insert(name).first->c_str();
}

thread_local std::vector<CallConfiguration> call_stack;

const KernelFacts& facts_kept_in(std::atomic<const KernelFacts*>& place, const Kernel& kernel) {
  if (const KernelFacts* known = place.load(std::memory_order_acquire)) return *known;
  const KernelFacts& facts = kernel.binary->facts(kernel.name, *device());
  place.store(&facts, std::memory_order_release);
  return facts;
}

}  // namespace

FatBinary* register_binary(const void* fat_binary) { return new FatBinary(fat_binary); }

void register_kernel(FatBinary* binary, const void* host_function, const char* name) {
  Kernel* kernel = kernel_pool().create();
  kernel->host_function = host_function;
  kernel->name = name;
  kernel->binary = binary;
  kernels().put(host_function, kernel);
}

void register_variable(const void* host_variable, const char* name, std::uint64_t bytes) {
  variables().put(host_variable, new Variable{name, bytes, take_variable_address(bytes)});
}

Kernel* add_module_kernel(Module* module, FatBinary* binary, const std::string& name) {
  Kernel* kernel = kernel_pool().create();
  kernel->name = kept_name(name);
  kernel->binary = binary;
  kernel->module = module;
  kernels().put(kernel, kernel);
  return kernel;
}

void remove_module_kernel(Kernel* kernel) {
  kernels().put(kernel, nullptr);
  delete[] kernel->settings.exchange(nullptr);
  kernel_pool().destroy(kernel);
}

Kernel* find_kernel(const void* key) { return kernels().find(key); }

Kernel* kernel_of_handle(const void* handle) { return live<Kernel>(const_cast<void*>(handle)); }

void hand_out(Kernel* kernel) {
  if (kernels().find(kernel) == nullptr) kernels().put(kernel, kernel);
}

std::uint64_t take_variable_address(std::uint64_t bytes) { return variables_end.fetch_add((bytes + 255) / 256 * 256); }

bool variable_address(const void* pointer) {
  const auto address = reinterpret_cast<std::uint64_t>(pointer);
  return address >= kVariablesAddress && address < variables_end;
}

bool find_variable(const void* host_variable, void** address, std::uint64_t* bytes) {
  const Variable* variable = variables().find(host_variable);
  if (variable == nullptr) return false;
  *address = reinterpret_cast<void*>(variable->address);
  *bytes = variable->bytes;
  return true;
}

const KernelFacts& kernel_facts(Kernel& kernel) { return facts_kept_in(kernel.facts, kernel); }
const KernelFacts& told_facts(Kernel& kernel) { return facts_kept_in(kernel.told_facts, kernel); }

const KernelSettings& settings_of(const Kernel& kernel, int device) {
  static const KernelSettings& defaults = *new KernelSettings;
  const KernelSettings* settings = kernel.settings.load(std::memory_order_acquire);
  return settings == nullptr ? defaults : settings[device];
}

KernelSettings& change_settings(Kernel& kernel, int device) {
  KernelSettings* settings = kernel.settings.load(std::memory_order_acquire);
  if (settings == nullptr) {
    auto* fresh = new KernelSettings[static_cast<std::size_t>(device_count())];
    if (kernel.settings.compare_exchange_strong(settings, fresh))
      settings = fresh;
    else
      delete[] fresh;
  }
  return settings[device];
}

void push_call(const CallConfiguration& call) { call_stack.push_back(call); }

bool pop_call(CallConfiguration* call) {
  if (call_stack.empty()) return false;
  *call = call_stack.back();
  call_stack.pop_back();
  return true;
}

}  // namespace headroom::virtual_gpu
