// The callback API: who may subscribe, what a callback is told, what the activity API answers to misuse.
#include <cuda_runtime_api.h>

#include <functional>
#include <string>

#include "tests/virtual_gpu/cupti_support.h"
#include "virtual_gpu/core/context.h"
#include "virtual_gpu/core/streams.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1);

constexpr std::uint32_t kMalloc = 20, kLaunch = 211, kDriverAlloc = 243;

// A subscription for the time of a test; each callback is noted.
class Subscription {
 public:
  struct Note {
    CUpti_CallbackDomain domain;
    CUpti_CallbackId id;
  };

  Subscription() { EXPECT_CUPTI(cuptiSubscribe(&handle, called, this)); }
  ~Subscription() { EXPECT_CUPTI(cuptiUnsubscribe(handle)); }

  CUpti_SubscriberHandle handle = nullptr;
  std::vector<Note> notes;
  std::function<void(const void*)> look;

 private:
  static void CUPTIAPI called(void* user_data, CUpti_CallbackDomain domain, CUpti_CallbackId id, const void* data) {
    auto& subscription = *static_cast<Subscription*>(user_data);
    subscription.notes.push_back({domain, id});
    if (subscription.look) subscription.look(data);
  }
};

// The first test of its process: CUPTI has no way to take callbacks back.
TEST(CuptiBeforeCallbacks, FlushingNeedsThemAndDumpingTellsNothing) {
  EXPECT_EQ(cuptiActivityFlushAll(0), CUPTI_ERROR_INVALID_OPERATION);
  EXPECT_EQ(cuptiActivityEnableAndDump(CUPTI_ACTIVITY_KIND_DEVICE), CUPTI_ERROR_UNKNOWN);
  EXPECT_CUPTI(cuptiActivityDisable(CUPTI_ACTIVITY_KIND_DEVICE));
}

#if CUPTI_API_VERSION >= 130000
TEST(CuptiCallbacks, OneToolAtATimeAndTheNextLearnsItsName) {
  CUpti_SubscriberHandle first = nullptr, second = nullptr;
  CUpti_SubscriberParams wish{};
  char holder[CUPTI_OLD_SUBSCRIBER_NAME_MIN_LEN] = "";
  wish.structSize = CUpti_SubscriberParams_STRUCT_SIZE;
  wish.subscriberName = "Headroom";
  wish.oldSubscriberName = holder;
  wish.oldSubscriberSize = sizeof holder;
  EXPECT_CUPTI(cuptiSubscribe_v2(&first, nullptr, nullptr, &wish));
  EXPECT_EQ(cuptiSubscribe_v2(&second, nullptr, nullptr, &wish), CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED);
  EXPECT_STREQ(holder, "CUPTI for Headroom");
  wish.oldSubscriberSize = 6;
  EXPECT_EQ(cuptiSubscribe_v2(&second, nullptr, nullptr, &wish), CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED);
  EXPECT_STREQ(holder, "CUPTI");
  EXPECT_EQ(cuptiSubscribe(&second, nullptr, nullptr), CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED);
  EXPECT_CUPTI(cuptiUnsubscribe(first));
  EXPECT_CUPTI(cuptiSubscribe(&second, nullptr, nullptr));
  EXPECT_EQ(cuptiUnsubscribe(first), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_CUPTI(cuptiUnsubscribe(second));
}

TEST(CuptiCallbacks, ALongNameIsCutToWhatCuptiKeeps) {
  const std::string name(80, 'n');
  char holder[CUPTI_OLD_SUBSCRIBER_NAME_MIN_LEN] = "";
  CUpti_SubscriberParams wish{};
  wish.structSize = CUpti_SubscriberParams_STRUCT_SIZE;
  wish.subscriberName = name.c_str();
  wish.oldSubscriberName = holder;
  wish.oldSubscriberSize = sizeof holder;
  CUpti_SubscriberHandle first = nullptr, second = nullptr;
  EXPECT_CUPTI(cuptiSubscribe_v2(&first, nullptr, nullptr, &wish));
  EXPECT_EQ(cuptiSubscribe_v2(&second, nullptr, nullptr, &wish), CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED);
  EXPECT_EQ(std::string(holder), "CUPTI for " + name.substr(0, CUPTI_SUBSCRIBER_NAME_MAX_LEN));
  EXPECT_CUPTI(cuptiUnsubscribe(first));
}
#endif

TEST(CuptiCallbacks, ACallIsToldAtItsBeginningAndItsEnd) {
  Subscription subscription;
  EXPECT_CUPTI(cuptiEnableCallback(1, subscription.handle, CUPTI_CB_DOMAIN_RUNTIME_API, kMalloc));
  std::vector<CUpti_CallbackData> seen;
  std::vector<int> results;
  subscription.look = [&](const void* data) {
    seen.push_back(*static_cast<const CUpti_CallbackData*>(data));
    if (seen.back().callbackSite == CUPTI_API_ENTER)
      *seen.back().correlationData = 4711;
    else
      results.push_back(*static_cast<const int*>(seen.back().functionReturnValue));
    EXPECT_EQ(*seen.back().correlationData, 4711u);
  };
  std::uint32_t id = 0;
  {
    const DrivenCall call(kMalloc, CallDomain::runtime, cudaErrorMemoryAllocation);
    id = call.id();
  }
  DrivenCall{kLaunch};
  DrivenCall(kDriverAlloc, CallDomain::driver);
  ASSERT_EQ(seen.size(), 2u) << "neither another function nor another domain";
  EXPECT_EQ(seen[0].callbackSite, CUPTI_API_ENTER);
  EXPECT_EQ(seen[1].callbackSite, CUPTI_API_EXIT);
  EXPECT_STREQ(seen[0].functionName, "cudaMalloc");
  EXPECT_EQ(seen[0].correlationId, id);
  EXPECT_EQ(seen[1].correlationId, id);
  EXPECT_EQ(results, (std::vector<int>{cudaErrorMemoryAllocation}));
}

TEST(CuptiCallbacks, ADomainIsEnabledAsAWholeAndSingleOnesAgainNot) {
  Subscription subscription;
  EXPECT_CUPTI(cuptiEnableDomain(1, subscription.handle, CUPTI_CB_DOMAIN_DRIVER_API));
  EXPECT_CUPTI(cuptiEnableCallback(0, subscription.handle, CUPTI_CB_DOMAIN_DRIVER_API, 1));
  std::uint32_t on = 1;
  EXPECT_CUPTI(cuptiGetCallbackState(&on, subscription.handle, CUPTI_CB_DOMAIN_DRIVER_API, 1));
  EXPECT_EQ(on, 0u);
  std::vector<std::string> names;
  subscription.look = [&](const void* data) {
    names.push_back(static_cast<const CUpti_CallbackData*>(data)->functionName);
  };
  DrivenCall(1, CallDomain::driver);
  DrivenCall(kDriverAlloc, CallDomain::driver);
  EXPECT_EQ(names, (std::vector<std::string>{"cuMemAlloc_v2", "cuMemAlloc_v2"}));
  EXPECT_CUPTI(cuptiEnableAllDomains(1, subscription.handle));
  EXPECT_CUPTI(cuptiGetCallbackState(&on, subscription.handle, CUPTI_CB_DOMAIN_RUNTIME_API, kMalloc));
  EXPECT_EQ(on, 1u);
  EXPECT_CUPTI(cuptiEnableAllDomains(0, subscription.handle));
  EXPECT_EQ(activity_listener(), nullptr);
}

TEST(CuptiCallbacks, ResourcesAreToldWithTheirHandles) {
  Subscription subscription;
  EXPECT_CUPTI(cuptiEnableDomain(1, subscription.handle, CUPTI_CB_DOMAIN_RESOURCE));
  std::vector<CUpti_ResourceData> seen;
  std::uint32_t module_id = 0;
  subscription.look = [&](const void* data) {
    seen.push_back(*static_cast<const CUpti_ResourceData*>(data));
    if (seen.back().resourceDescriptor != nullptr)
      module_id = static_cast<const CUpti_ModuleResourceData*>(seen.back().resourceDescriptor)->moduleId;
  };
  activity_listener()->on_context_created(1);
  StreamActivity stream;
  stream.stream = reinterpret_cast<cudaStream_t>(0x10);
  activity_listener()->on_stream_created(stream);
  ModuleActivity module;
  module.module_id = 6;
  activity_listener()->on_module(module);
  ASSERT_EQ(subscription.notes.size(), 3u);
  EXPECT_EQ(subscription.notes[0].id, static_cast<unsigned>(CUPTI_CBID_RESOURCE_CONTEXT_CREATED));
  EXPECT_EQ(seen[0].context, reinterpret_cast<CUcontext>(&primary_context(1)));
  EXPECT_EQ(subscription.notes[1].id, static_cast<unsigned>(CUPTI_CBID_RESOURCE_STREAM_CREATED));
  EXPECT_EQ(seen[1].resourceHandle.stream, stream.stream);
  EXPECT_EQ(subscription.notes[2].id, static_cast<unsigned>(CUPTI_CBID_RESOURCE_MODULE_LOADED));
  EXPECT_EQ(module_id, 6u);
}

TEST(CuptiCallbacks, WaitsForStreamsAndContextsAreTold) {
  Subscription subscription;
  EXPECT_CUPTI(cuptiEnableDomain(1, subscription.handle, CUPTI_CB_DOMAIN_SYNCHRONIZE));
  SynchronizationActivity wait;
  for (const auto kind : {SynchronizationActivity::Kind::event, SynchronizationActivity::Kind::stream,
                          SynchronizationActivity::Kind::context}) {
    wait.kind = kind;
    activity_listener()->on_synchronization(wait);
  }
  ASSERT_EQ(subscription.notes.size(), 2u);
  EXPECT_EQ(subscription.notes[0].id, static_cast<unsigned>(CUPTI_CBID_SYNCHRONIZE_STREAM_SYNCHRONIZED));
  EXPECT_EQ(subscription.notes[1].id, static_cast<unsigned>(CUPTI_CBID_SYNCHRONIZE_CONTEXT_SYNCHRONIZED));
}

TEST(CuptiCallbacks, ForeignHandlesAndNumbersAreRefused) {
  Subscription subscription;
  const auto foreign = reinterpret_cast<CUpti_SubscriberHandle>(&subscription);
  std::uint32_t on = 0;
  const char* name = nullptr;
  EXPECT_EQ(cuptiEnableCallback(1, foreign, CUPTI_CB_DOMAIN_RUNTIME_API, kMalloc), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiEnableCallback(1, nullptr, CUPTI_CB_DOMAIN_RUNTIME_API, kMalloc), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiEnableCallback(1, subscription.handle, CUPTI_CB_DOMAIN_RUNTIME_API, 0), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiEnableCallback(1, subscription.handle, CUPTI_CB_DOMAIN_RUNTIME_API, 9999),
            CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiEnableDomain(1, subscription.handle, CUPTI_CB_DOMAIN_INVALID), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiEnableAllDomains(1, foreign), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiGetCallbackState(&on, foreign, CUPTI_CB_DOMAIN_RUNTIME_API, kMalloc), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiUnsubscribe(nullptr), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiSubscribe(nullptr, nullptr, nullptr), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiGetCallbackName(CUPTI_CB_DOMAIN_RESOURCE, 1, &name), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiGetCallbackName(CUPTI_CB_DOMAIN_RUNTIME_API, 9999, &name), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_CUPTI(cuptiGetCallbackName(CUPTI_CB_DOMAIN_RUNTIME_API, kMalloc, &name));
  EXPECT_STREQ(name, "cudaMalloc_v3020");
}

TEST(CuptiCallbacks, FinalizeEndsEverything) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  CUpti_SubscriberHandle handle = nullptr;
  EXPECT_CUPTI(cuptiSubscribe(
      &handle, [](void*, CUpti_CallbackDomain, CUpti_CallbackId, const void*) {}, nullptr));
  EXPECT_CUPTI(cuptiEnableCallback(1, handle, CUPTI_CB_DOMAIN_RUNTIME_API, kMalloc));
  DrivenCall{kMalloc};
  EXPECT_CUPTI(cuptiFinalize());
  EXPECT_EQ(activity_listener(), nullptr);
  EXPECT_EQ(cuptiEnableCallback(1, handle, CUPTI_CB_DOMAIN_RUNTIME_API, kMalloc), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(tool.back().size(), 1u);
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  DrivenCall{kMalloc};
  EXPECT_EQ(tool.records().size(), 2u) << "and CUPTI can be used again";
}

TEST(CuptiMisuse, KindsThatCannotBeOnAreRefused) {
  const auto enable = [](int kind) { return cuptiActivityEnable(static_cast<CUpti_ActivityKind>(kind)); };
  EXPECT_EQ(enable(0), CUPTI_ERROR_INVALID_KIND);
  EXPECT_EQ(enable(CUPTI_ACTIVITY_KIND_COUNT), CUPTI_ERROR_INVALID_KIND);
  EXPECT_EQ(enable(9999), CUPTI_ERROR_INVALID_KIND);
  EXPECT_EQ(enable(-1), CUPTI_ERROR_INVALID_KIND);
  EXPECT_EQ(cuptiActivityDisable(static_cast<CUpti_ActivityKind>(9999)), CUPTI_ERROR_INVALID_KIND);
  EXPECT_EQ(enable(CUPTI_ACTIVITY_KIND_NVLINK), CUPTI_ERROR_NOT_COMPATIBLE);
  const auto of_old_profilers =
      CUPTI_API_VERSION >= 130000 ? CUPTI_ERROR_LEGACY_PROFILER_NOT_SUPPORTED : CUPTI_ERROR_NOT_COMPATIBLE;
  for (const int kind : {6, 7, 14, 15, 16, 21, 23, 24, 29, 30, 31, 32, 41, 42, 43, 44})
    EXPECT_EQ(enable(kind), of_old_profilers);
  EXPECT_EQ(activity_listener(), nullptr);
}

TEST(CuptiMisuse, TheActivityApiChecksItsArguments) {
  std::size_t dropped = 0;
  EXPECT_EQ(cuptiActivityRegisterCallbacks(nullptr, nullptr), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiActivityGetNumDroppedRecords(nullptr, 0, nullptr), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_CUPTI(cuptiActivityGetNumDroppedRecords(nullptr, 0, &dropped));
  EXPECT_EQ(cuptiActivityPushExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_INVALID, 1),
            CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiActivityPushExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_SIZE, 1),
            CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiActivityPopExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_SIZE, nullptr),
            CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiActivityPopExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM2, nullptr),
            CUPTI_ERROR_QUEUE_EMPTY);
  EXPECT_EQ(cuptiActivityEnableRuntimeApi(0, 1), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiActivityEnableDriverApi(99999, 1), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiGetThreadIdType(nullptr), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiSetThreadIdType(CUPTI_ACTIVITY_THREAD_ID_TYPE_SIZE), CUPTI_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(cuptiGetTimestamp(nullptr), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiGetVersion(nullptr), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiActivityRegisterTimestampCallback(nullptr), CUPTI_ERROR_INVALID_PARAMETER);
}

TEST(CuptiMisuse, TheLastErrorIsToldOnce) {
  cuptiGetLastError();
  EXPECT_EQ(cuptiActivityEnable(CUPTI_ACTIVITY_KIND_INVALID), CUPTI_ERROR_INVALID_KIND);
  EXPECT_EQ(cuptiGetLastError(), CUPTI_ERROR_INVALID_KIND);
  EXPECT_EQ(cuptiGetLastError(), CUPTI_SUCCESS);
}

TEST(CuptiAttributes, HaveTheirTypesAndDefaults) {
  const auto get = [](int attribute, std::size_t bytes) {
    std::uint64_t value = 0;
    std::size_t size = bytes;
    EXPECT_CUPTI(cuptiActivityGetAttribute(static_cast<CUpti_ActivityAttribute>(attribute), &size, &value));
    EXPECT_EQ(size, bytes);
    return value;
  };
  EXPECT_EQ(get(CUPTI_ACTIVITY_ATTR_DEVICE_BUFFER_SIZE, 8), 3'200'000u);
  EXPECT_EQ(get(CUPTI_ACTIVITY_ATTR_DEVICE_BUFFER_SIZE_CDP, 8), 8u << 20);
  EXPECT_EQ(get(CUPTI_ACTIVITY_ATTR_DEVICE_BUFFER_POOL_LIMIT, 8), 250u);
  EXPECT_EQ(get(CUPTI_ACTIVITY_ATTR_DEVICE_BUFFER_PRE_ALLOCATE_VALUE, 8), 3u);
  EXPECT_EQ(get(CUPTI_ACTIVITY_ATTR_ZEROED_OUT_ACTIVITY_BUFFER, 1), 0u);
  EXPECT_EQ(get(CUPTI_ACTIVITY_ATTR_MEM_ALLOCATION_TYPE_HOST_PINNED, 1), 0u);
  EXPECT_EQ(get(CUPTI_ACTIVITY_ATTR_PER_THREAD_ACTIVITY_BUFFER, 1), CUPTI_API_VERSION >= 130000 ? 1u : 0u);

  std::uint8_t one = 1, small = 0;
  std::size_t bytes = 1;
  EXPECT_CUPTI(cuptiActivitySetAttribute(CUPTI_ACTIVITY_ATTR_MEM_ALLOCATION_TYPE_HOST_PINNED, &bytes, &one));
  EXPECT_EQ(get(CUPTI_ACTIVITY_ATTR_MEM_ALLOCATION_TYPE_HOST_PINNED, 1), 1u);
  EXPECT_EQ(cuptiActivitySetAttribute(CUPTI_ACTIVITY_ATTR_DEVICE_BUFFER_SIZE, &bytes, &small),
            CUPTI_ERROR_PARAMETER_SIZE_NOT_SUFFICIENT);
  EXPECT_EQ(cuptiActivityGetAttribute(CUPTI_ACTIVITY_ATTR_DEVICE_BUFFER_SIZE, &bytes, &small),
            CUPTI_ERROR_PARAMETER_SIZE_NOT_SUFFICIENT);
  EXPECT_EQ(cuptiActivitySetAttribute(CUPTI_ACTIVITY_ATTR_PROFILING_SEMAPHORE_POOL_SIZE, &bytes, &one),
            CUPTI_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(cuptiActivitySetAttribute(static_cast<CUpti_ActivityAttribute>(99), &bytes, &one),
            CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiActivitySetAttribute(CUPTI_ACTIVITY_ATTR_DEVICE_BUFFER_SIZE, nullptr, &one),
            CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_EQ(cuptiActivitySetAttribute(CUPTI_ACTIVITY_ATTR_DEVICE_BUFFER_SIZE, &bytes, nullptr),
            CUPTI_ERROR_INVALID_PARAMETER);
}

TEST(CuptiIds, AreThoseOfTheRuntime) {
  std::uint32_t context = 0, device = 9, stream = 0, of_thread = 0;
  EXPECT_CUPTI(cuptiGetContextId(reinterpret_cast<CUcontext>(&primary_context(1)), &context));
  EXPECT_EQ(context, 2u);
  EXPECT_EQ(cuptiGetContextId(nullptr, &context), CUPTI_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuptiGetContextId(nullptr, nullptr), CUPTI_ERROR_INVALID_PARAMETER);
  EXPECT_CUPTI(cuptiGetDeviceId(nullptr, &device));
  EXPECT_EQ(device, 0u);
  cudaStream_t made = nullptr;
  ASSERT_EQ(create_stream(&made, cudaStreamNonBlocking, 0), cudaSuccess);
  unsigned long long id = 0;
  ASSERT_EQ(stream_id(made, &id), cudaSuccess);
  EXPECT_CUPTI(cuptiGetStreamId(nullptr, made, &stream));
  EXPECT_EQ(stream, id);
  EXPECT_CUPTI(cuptiGetStreamIdEx(nullptr, nullptr, 0, &stream));
  EXPECT_CUPTI(cuptiGetStreamIdEx(nullptr, nullptr, 1, &of_thread));
  EXPECT_NE(stream, of_thread);
  EXPECT_EQ(cuptiGetStreamId(reinterpret_cast<CUcontext>(&primary_context(1)), made, &stream),
            CUPTI_ERROR_INVALID_STREAM);
  Tool tool;
  EXPECT_CUPTI(cuptiActivityEnableAndDump(CUPTI_ACTIVITY_KIND_STREAM));
  std::vector<std::uint32_t> dumped;
  for (const auto* record : tool.of<CUpti_ActivityStream>(CUPTI_ACTIVITY_KIND_STREAM)) {
    dumped.push_back(record->streamId);
    if (record->streamId != id) continue;
    EXPECT_EQ(record->flag, CUPTI_ACTIVITY_STREAM_CREATE_FLAG_NON_BLOCKING);
  }
  EXPECT_THAT(dumped, testing::Contains(static_cast<std::uint32_t>(id)));
  ASSERT_EQ(destroy_stream(made), cudaSuccess);
}

TEST(CuptiIds, DevicesCanBeTraced) {
  int supported = 0;
  CUpti_DeviceVirtualizationMode mode{};
  EXPECT_CUPTI(cuptiDeviceSupported(1, &supported));
  EXPECT_EQ(supported, 1);
  EXPECT_EQ(cuptiDeviceSupported(2, &supported), CUPTI_ERROR_INVALID_DEVICE);
  EXPECT_CUPTI(cuptiDeviceVirtualizationMode(0, &mode));
  EXPECT_EQ(mode, CUPTI_DEVICE_VIRTUALIZATION_MODE_NONE);
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
