// Subscribing to callbacks. One tool at a time holds CUPTI.
#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "virtual_gpu/libraries/cupti/answer.h"
#include "virtual_gpu/libraries/cupti/names.h"
#include "virtual_gpu/libraries/cupti/state.h"

namespace headroom::virtual_gpu::cupti {
namespace {

constexpr std::string_view kNamePrefix = "CUPTI for ";
constexpr std::size_t kLongestName = 53;  // CUPTI_SUBSCRIBER_NAME_MAX_LEN, from CUDA 13 on

struct Wish {
  const char* name = nullptr;  // of the tool that subscribes
  char* holder = nullptr;      // where the name of the tool that has subscribed already goes
  std::size_t holder_bytes = 0;
};

CUpti_SubscriberHandle handle(Subscriber* subscriber) { return reinterpret_cast<CUpti_SubscriberHandle>(subscriber); }

// nullptr for what is no subscriber, or not the present one.
Subscriber* present(CUpti_SubscriberHandle given) {
  Subscriber* const known = state().subscriber;
  return known != nullptr && handle(known) == given ? known : nullptr;
}

// Callback ids of a domain are 1 to one less than this; 0: no such domain.
std::size_t size_of_domain(CUpti_CallbackDomain domain) {
  switch (domain) {
    case CUPTI_CB_DOMAIN_DRIVER_API:
      return driver_names().size();
    case CUPTI_CB_DOMAIN_RUNTIME_API:
      return runtime_names().size();
    case CUPTI_CB_DOMAIN_RESOURCE:
      return CUPTI_CBID_RESOURCE_SIZE;
    case CUPTI_CB_DOMAIN_SYNCHRONIZE:
      return CUPTI_CBID_SYNCHRONIZE_SIZE;
    case CUPTI_CB_DOMAIN_NVTX:
      return kMostFunctions;
    case CUPTI_CB_DOMAIN_STATE:
      return CUPTI_CBID_STATE_SIZE;
    default:
      return 0;
  }
}

void tell_holder(const Subscriber& holder, const Wish& wish) {
  if (wish.holder == nullptr || wish.holder_bytes == 0) return;
  const std::string name = holder.name.empty() ? "CUPTI" : std::string(kNamePrefix) + holder.name;
  const std::size_t bytes = std::min(name.size(), wish.holder_bytes - 1);
  std::memcpy(wish.holder, name.data(), bytes);
  wish.holder[bytes] = 0;
}

CUptiResult subscribe(CUpti_SubscriberHandle* out, CUpti_CallbackFunc callback, void* user_data, const Wish& wish) {
  if (const CUptiResult error = ready()) return error;
  if (out == nullptr) return CUPTI_ERROR_INVALID_PARAMETER;
  State& all = state();
  const std::lock_guard lock(all.mutex);
  if (const Subscriber* holder = all.subscriber) {
    tell_holder(*holder, wish);
    return CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED;
  }
  Subscriber* const made = all.subscribers.emplace_back(std::make_unique<Subscriber>()).get();
  made->callback = callback;
  made->user_data = user_data;
  if (wish.name != nullptr) made->name.assign(wish.name, strnlen(wish.name, kLongestName));
  all.subscriber = made;
  *out = handle(made);
  return CUPTI_SUCCESS;
}

CUptiResult unsubscribe(CUpti_SubscriberHandle given) {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  if (present(given) == nullptr) return CUPTI_ERROR_INVALID_PARAMETER;
  all.subscriber = nullptr;
  listen_as_needed();
  return CUPTI_SUCCESS;
}

bool can_be_called(const Subscriber* subscriber) { return subscriber != nullptr && subscriber->callback != nullptr; }

CUptiResult enable_domain(Subscriber* subscriber, CUpti_CallbackDomain domain, bool on) {
  if (!can_be_called(subscriber) || size_of_domain(domain) == 0) return CUPTI_ERROR_INVALID_PARAMETER;
  const std::lock_guard lock(state().mutex);
  subscriber->enabled[domain].fill(on);
  listen_as_needed();
  return CUPTI_SUCCESS;
}

CUptiResult enable_callback(Subscriber* subscriber, CUpti_CallbackDomain domain, CUpti_CallbackId id, bool on) {
  if (!can_be_called(subscriber) || id == 0 || id >= size_of_domain(domain)) return CUPTI_ERROR_INVALID_PARAMETER;
  const std::lock_guard lock(state().mutex);
  subscriber->enabled[domain].put(id, on);
  listen_as_needed();
  return CUPTI_SUCCESS;
}

// CUPTI lets go of the process: nothing is recorded or called any more, and buffers go back as they are.
CUptiResult finalize() {
  State& all = state();
  {
    const std::lock_guard lock(all.mutex);
    all.subscriber = nullptr;
    all.kinds.fill(false);
    for (FunctionSet& functions : all.functions) functions.fill(false);
    listen_as_needed();
    all.threads.each([&](ThreadState& thread) { all.buffers.hand_over(thread.slot); });
    all.buffers.hand_over(all.shared_slot);
  }
  all.buffers.wait_until_delivered();
  return CUPTI_SUCCESS;
}

}  // namespace

extern "C" {

CUptiResult cuptiSubscribe(CUpti_SubscriberHandle* out, CUpti_CallbackFunc callback, void* user_data) {
  return answer(subscribe(out, callback, user_data, {}));
}

#if CUPTI_API_VERSION >= 130000
CUptiResult cuptiSubscribe_v2(CUpti_SubscriberHandle* out, CUpti_CallbackFunc callback, void* user_data,
                              CUpti_SubscriberParams* wish) {
  if (wish == nullptr) return answer(subscribe(out, callback, user_data, {}));
  if (wish->structSize == 0) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  return answer(
      subscribe(out, callback, user_data, {wish->subscriberName, wish->oldSubscriberName, wish->oldSubscriberSize}));
}
#endif

CUptiResult cuptiUnsubscribe(CUpti_SubscriberHandle subscriber) { return answer(unsubscribe(subscriber)); }

CUptiResult cuptiEnableCallback(std::uint32_t on, CUpti_SubscriberHandle subscriber, CUpti_CallbackDomain domain,
                                CUpti_CallbackId id) {
  return answer(enable_callback(present(subscriber), domain, id, on != 0));
}

CUptiResult cuptiEnableDomain(std::uint32_t on, CUpti_SubscriberHandle subscriber, CUpti_CallbackDomain domain) {
  return answer(enable_domain(present(subscriber), domain, on != 0));
}

CUptiResult cuptiEnableAllDomains(std::uint32_t on, CUpti_SubscriberHandle given) {
  Subscriber* const subscriber = present(given);
  for (int domain = CUPTI_CB_DOMAIN_INVALID + 1; domain < CUPTI_CB_DOMAIN_SIZE; ++domain)
    if (const CUptiResult error = enable_domain(subscriber, static_cast<CUpti_CallbackDomain>(domain), on != 0))
      return answer(error);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiGetCallbackState(std::uint32_t* on, CUpti_SubscriberHandle given, CUpti_CallbackDomain domain,
                                  CUpti_CallbackId id) {
  const Subscriber* subscriber = present(given);
  if (on == nullptr || subscriber == nullptr || id == 0 || id >= size_of_domain(domain))
    return answer(CUPTI_ERROR_INVALID_PARAMETER);
  *on = subscriber->enabled[domain].has(id);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiSupportedDomains(std::size_t* count, CUpti_DomainTable* table) {
  static std::array domains{CUPTI_CB_DOMAIN_DRIVER_API, CUPTI_CB_DOMAIN_RUNTIME_API, CUPTI_CB_DOMAIN_RESOURCE,
                            CUPTI_CB_DOMAIN_SYNCHRONIZE};
  if (const CUptiResult error = ready()) return answer(error);
  if (count == nullptr || table == nullptr) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  *count = domains.size();
  *table = domains.data();
  return CUPTI_SUCCESS;
}

CUptiResult cuptiGetCallbackName(CUpti_CallbackDomain domain, std::uint32_t id, const char** name) {
  const bool runtime = domain == CUPTI_CB_DOMAIN_RUNTIME_API;
  const auto names = runtime ? runtime_names() : driver_names();
  if (name == nullptr || (!runtime && domain != CUPTI_CB_DOMAIN_DRIVER_API) || id >= names.size() ||
      names[id] == nullptr)
    return answer(CUPTI_ERROR_INVALID_PARAMETER);
  *name = names[id];
  return CUPTI_SUCCESS;
}

CUptiResult cuptiFinalize() { return answer(finalize()); }
}

}  // namespace headroom::virtual_gpu::cupti
