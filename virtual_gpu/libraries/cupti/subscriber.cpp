#include "virtual_gpu/libraries/cupti/subscriber.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "virtual_gpu/core/context.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/libraries/cupti/names.h"

namespace headroom::virtual_gpu::cupti {
namespace {

CUpti_CallbackDomain callback_domain(CallDomain domain) {
  return domain == CallDomain::runtime ? CUPTI_CB_DOMAIN_RUNTIME_API : CUPTI_CB_DOMAIN_DRIVER_API;
}

CUcontext handle(Context* context) { return reinterpret_cast<CUcontext>(context); }

const Subscriber* listening(const State& all, CUpti_CallbackDomain domain, std::uint32_t id) {
  const Subscriber* subscriber = all.subscriber.load(std::memory_order_acquire);
  return subscriber != nullptr && subscriber->enabled[domain].has(id) ? subscriber : nullptr;
}

void call_back(const Subscriber& subscriber, CUpti_CallbackDomain domain, std::uint32_t id, const void* data) {
  subscriber.callback(subscriber.user_data, domain, id, data);
}

// Runtime functions are called by their own names in callbacks, "cudaMalloc" for cudaMalloc_v3020.
std::vector<std::string> plain_names() {
  std::vector<std::string> names;
  for (const std::string_view name : runtime_names()) names.emplace_back(name.substr(0, name.rfind("_v")));
  return names;
}

const char* function_name(const Call& call) {
  static const auto& runtime = *new std::vector<std::string>(plain_names());
  if (call.domain == CallDomain::runtime)
    return call.function_id < runtime.size() ? runtime[call.function_id].c_str() : call.name;
  return call.function_id < driver_names().size() ? driver_names()[call.function_id] : call.name;
}

void tell_of_resource(const State& all, int device, CUpti_CallbackIdResource id, CUstream stream, void* descriptor) {
  const Subscriber* subscriber = listening(all, CUPTI_CB_DOMAIN_RESOURCE, id);
  if (subscriber == nullptr) return;
  CUpti_ResourceData data{};
  data.context = handle(&primary_context(device));
  data.resourceHandle.stream = stream;
  data.resourceDescriptor = descriptor;
  call_back(*subscriber, CUPTI_CB_DOMAIN_RESOURCE, id, &data);
}

}  // namespace

bool subscriber_hears(const State& all, CallDomain domain, std::uint32_t function_id) {
  return listening(all, callback_domain(domain), function_id) != nullptr;
}

void tell_subscriber(const State& all, Call& call, CUpti_ApiCallbackSite site) {
  const auto domain = callback_domain(call.domain);
  const Subscriber* subscriber = listening(all, domain, call.function_id);
  if (subscriber == nullptr) return;
  CUpti_CallbackData data{};
  data.callbackSite = site;
  data.functionName = function_name(call);
  data.functionParams = call.parameters;
  data.functionReturnValue = site == CUPTI_API_EXIT ? &call.result : nullptr;
  data.symbolName = call.kernel_name;
  data.context = handle(current_context());
  data.contextUid = data.context != nullptr ? context_id(call.device) : 0;
  data.correlationData = &call.kept[1];
  data.correlationId = call.correlation_id;
  call_back(*subscriber, domain, call.function_id, &data);
}

void tell_subscriber(const State& all, const SynchronizationActivity& wait) {
  using Kind = SynchronizationActivity::Kind;
  if (wait.kind != Kind::stream && wait.kind != Kind::context) return;
  const auto id = wait.kind == Kind::stream ? CUPTI_CBID_SYNCHRONIZE_STREAM_SYNCHRONIZED
                                            : CUPTI_CBID_SYNCHRONIZE_CONTEXT_SYNCHRONIZED;
  const Subscriber* subscriber = listening(all, CUPTI_CB_DOMAIN_SYNCHRONIZE, id);
  if (subscriber == nullptr) return;
  CUpti_SynchronizeData data{};
  data.context = handle(&primary_context(wait.device));
  data.stream = wait.stream;
  call_back(*subscriber, CUPTI_CB_DOMAIN_SYNCHRONIZE, id, &data);
}

void tell_subscriber(const State& all, const ModuleActivity& module) {
  CUpti_ModuleResourceData data{};
  data.moduleId = module.module_id;
  data.cubinSize = module.image_bytes;
  data.pCubin = static_cast<const char*>(module.image);
  tell_of_resource(all, module.device, CUPTI_CBID_RESOURCE_MODULE_LOADED, nullptr, &data);
}

void tell_subscriber(const State& all, const StreamActivity& stream) {
  tell_of_resource(all, stream.device, CUPTI_CBID_RESOURCE_STREAM_CREATED, stream.stream, nullptr);
}

void tell_subscriber_of_context(const State& all, int device) {
  tell_of_resource(all, device, CUPTI_CBID_RESOURCE_CONTEXT_CREATED, nullptr, nullptr);
}

}  // namespace headroom::virtual_gpu::cupti
