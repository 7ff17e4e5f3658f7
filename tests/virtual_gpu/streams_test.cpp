// Streams and events of one device, in immediate mode: only spinning kernels take time.
#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/virtual_gpu/work_support.h"
#include "virtual_gpu/core/work.h"

extern "C" {
cudaError_t cudaStreamGetId_ptsz(cudaStream_t stream, unsigned long long* id);
cudaError_t cudaLaunchKernel_ptsz(const void* function, dim3 grid, dim3 block, void** arguments, std::size_t bytes,
                                  cudaStream_t stream);
}

namespace headroom::virtual_gpu::testing_support {
namespace {

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1);

TEST(Stream, TellsWhatItWasMadeWith) {
  cudaStream_t stream = nullptr;
  ASSERT_OK(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, -3));
  int priority = 0, device = -1;
  unsigned flags = 0;
  unsigned long long id = 0, null_id = 0;
  EXPECT_OK(cudaStreamGetPriority(stream, &priority));
  EXPECT_OK(cudaStreamGetFlags(stream, &flags));
  EXPECT_OK(cudaStreamGetDevice(stream, &device));
  EXPECT_OK(cudaStreamGetId(stream, &id));
  EXPECT_OK(cudaStreamGetId(nullptr, &null_id));
  EXPECT_EQ(priority, -3);
  EXPECT_EQ(flags, static_cast<unsigned>(cudaStreamNonBlocking));
  EXPECT_EQ(device, 0);
  EXPECT_NE(id, null_id);
  EXPECT_OK(cudaStreamDestroy(stream));
  EXPECT_EQ(cudaStreamGetId(stream, &id), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamCreateWithFlags(&stream, 2), cudaErrorInvalidValue);
  EXPECT_EQ(cudaStreamDestroy(nullptr), cudaErrorInvalidResourceHandle);
}

TEST(Stream, AttributesAreKeptAndCopied) {
  const ScopedStream first, second;
  cudaStreamAttrValue value = {};
  value.priority = -4;
  EXPECT_OK(cudaStreamSetAttribute(first, cudaLaunchAttributePriority, &value));
  EXPECT_OK(cudaStreamCopyAttributes(second, first));
  int priority = 0;
  EXPECT_OK(cudaStreamGetPriority(second, &priority));
  EXPECT_EQ(priority, -4);
  EXPECT_EQ(cudaStreamSetAttribute(first, cudaLaunchAttributeCooperative, &value), cudaErrorInvalidValue);
}

TEST(Stream, IsReadyUntilSomethingSpinsOnIt) {
  const ScopedStream busy, idle;
  EXPECT_OK(launch_plain(busy));
  EXPECT_OK(cudaStreamQuery(busy));
  EXPECT_OK(spin_milliseconds(60000, busy));
  EXPECT_EQ(cudaStreamQuery(busy), cudaErrorNotReady);
  EXPECT_OK(cudaStreamQuery(idle));
  EXPECT_OK(cudaStreamSynchronize(busy));
  EXPECT_OK(cudaStreamQuery(busy));
  cudaGetLastError();
}

TEST(Stream, SynchronizingTheDeviceWaitsForAllOfItsStreams) {
  const ScopedStream first, second;
  EXPECT_OK(spin_milliseconds(60000, first));
  EXPECT_OK(spin_milliseconds(90000, second));
  EXPECT_OK(cudaDeviceSynchronize());
  EXPECT_OK(cudaStreamQuery(first));
  EXPECT_OK(cudaStreamQuery(second));
}

TEST(Stream, TheNullStreamWaitsForBlockingStreamsAndTheyForIt) {
  const ScopedStream blocking(cudaStreamDefault), apart;
  EXPECT_OK(spin_milliseconds(60000, blocking));
  EXPECT_OK(launch_plain(nullptr));
  EXPECT_EQ(cudaStreamQuery(nullptr), cudaErrorNotReady);
  EXPECT_OK(cudaStreamSynchronize(nullptr));
  EXPECT_OK(cudaStreamQuery(blocking));
  EXPECT_OK(spin_milliseconds(60000, nullptr));
  EXPECT_OK(launch_plain(blocking));
  EXPECT_OK(launch_plain(apart));
  EXPECT_EQ(cudaStreamQuery(blocking), cudaErrorNotReady);
  EXPECT_OK(cudaStreamQuery(apart));
  EXPECT_OK(cudaDeviceSynchronize());
  cudaGetLastError();
}

TEST(Stream, EachThreadAndEachDeviceHasItsOwnDefaultStream) {
  unsigned long long here = 0, again = 0, there = 0, second_device = 0, null_0 = 0, null_1 = 0;
  EXPECT_OK(cudaStreamGetId(cudaStreamPerThread, &here));
  EXPECT_OK(cudaStreamGetId(cudaStreamPerThread, &again));
  std::thread([&] { EXPECT_OK(cudaStreamGetId(cudaStreamPerThread, &there)); }).join();
  EXPECT_OK(cudaStreamGetId(nullptr, &null_0));
  EXPECT_OK(cudaSetDevice(1));
  EXPECT_OK(cudaStreamGetId(cudaStreamPerThread, &second_device));
  EXPECT_OK(cudaStreamGetId(cudaStreamLegacy, &null_1));
  EXPECT_OK(cudaSetDevice(0));
  EXPECT_EQ(here, again);
  EXPECT_NE(here, there);
  EXPECT_NE(here, second_device);
  EXPECT_NE(null_0, null_1);
}

TEST(Stream, TheNullStreamOfPerThreadProgramsIsTheThreadsOwn) {
  unsigned long long own = 0, null = 0;
  EXPECT_OK(cudaStreamGetId(cudaStreamPerThread, &own));
  EXPECT_OK(cudaStreamGetId_ptsz(nullptr, &null));
  EXPECT_EQ(own, null);
  EXPECT_OK(cudaLaunchKernel_ptsz(plain_kernel(), dim3(1), dim3(1), nullptr, 0, nullptr));
}

TEST(Stream, OfAnotherDeviceTakesNoKernelsOfThisOne) {
  const ScopedStream stream;
  EXPECT_OK(cudaSetDevice(1));
  EXPECT_EQ(launch_plain(stream), cudaErrorInvalidResourceHandle);
  EXPECT_OK(cudaStreamSynchronize(stream));
  EXPECT_OK(cudaSetDevice(0));
  cudaGetLastError();
}

TEST(Stream, CallbacksAndHostFunctionsRunInOrder) {
  const ScopedStream stream;
  std::vector<int> order;
  EXPECT_OK(cudaLaunchHostFunc(
      stream, [](void* data) { static_cast<std::vector<int>*>(data)->push_back(1); }, &order));
  const auto callback = [](cudaStream_t, cudaError_t status, void* data) {
    static_cast<std::vector<int>*>(data)->push_back(status == cudaSuccess ? 2 : -1);
  };
  EXPECT_OK(cudaStreamAddCallback(stream, callback, &order, 0));
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_EQ(cudaStreamAddCallback(stream, nullptr, nullptr, 0), cudaErrorInvalidValue);
  EXPECT_EQ(cudaLaunchHostFunc(stream, nullptr, nullptr), cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST(Event, NeverRecordedIsDone) {
  const ScopedEvent event;
  const ScopedStream stream;
  EXPECT_OK(cudaEventQuery(event));
  EXPECT_OK(cudaEventSynchronize(event));
  EXPECT_OK(cudaStreamWaitEvent(stream, event, 0));
}

TEST(Event, TellsTheTimeThatSpinningTook) {
  const ScopedStream stream;
  const ScopedEvent start, end;
  EXPECT_OK(cudaEventRecord(start, stream));
  EXPECT_OK(spin_milliseconds(60000, stream));
  EXPECT_OK(cudaEventRecord(end, stream));
  float milliseconds = 0;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, end), cudaErrorNotReady);
  EXPECT_EQ(cudaEventQuery(end), cudaErrorNotReady);
  EXPECT_OK(cudaEventSynchronize(end));
  EXPECT_OK(cudaEventElapsedTime(&milliseconds, start, end));
  EXPECT_NEAR(milliseconds, 60000, 2000);
  EXPECT_OK(cudaEventElapsedTime(&milliseconds, end, start));
  EXPECT_LT(milliseconds, 0);
  cudaGetLastError();
}

TEST(Event, MakesAnotherStreamWait) {
  const ScopedStream first, second;
  const ScopedEvent event;
  EXPECT_OK(spin_milliseconds(60000, first));
  EXPECT_OK(cudaEventRecord(event, first));
  EXPECT_OK(cudaStreamWaitEvent(second, event, 0));
  EXPECT_EQ(cudaStreamQuery(second), cudaErrorNotReady);
  EXPECT_OK(cudaStreamSynchronize(second));
  EXPECT_OK(cudaStreamQuery(first));
  cudaGetLastError();
}

TEST(Event, ElapsedTimeNeedsTimedRecordedEventsOfOneDevice) {
  const ScopedEvent start, untimed(cudaEventDisableTiming), unrecorded;
  EXPECT_OK(cudaEventRecord(start, nullptr));
  EXPECT_OK(cudaEventRecord(untimed, nullptr));
  float milliseconds = 0;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, untimed), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, unrecorded), cudaErrorInvalidResourceHandle);
  EXPECT_OK(cudaSetDevice(1));
  const ScopedEvent elsewhere;
  EXPECT_OK(cudaEventRecord(elsewhere, nullptr));
  EXPECT_EQ(cudaEventRecord(start, nullptr), cudaErrorInvalidResourceHandle) << "an event of device 0, a stream of 1";
  EXPECT_OK(cudaSetDevice(0));
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, elsewhere), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST(Event, FlagsThatMakeNoSenseAreRefused) {
  cudaEvent_t event = nullptr;
  EXPECT_EQ(cudaEventCreateWithFlags(&event, 64), cudaErrorInvalidValue);
  EXPECT_EQ(cudaEventCreateWithFlags(&event, cudaEventInterprocess), cudaErrorInvalidValue) << "without DisableTiming";
  const ScopedEvent good;
  EXPECT_EQ(cudaEventRecordWithFlags(good, nullptr, 7), cudaErrorInvalidValue);
  EXPECT_EQ(cudaEventRecordWithFlags(good, nullptr, cudaEventRecordExternal), cudaErrorIllegalState);
  cudaGetLastError();
}

TEST(Event, ADestroyedOneIsKnownAsSuch) {
  cudaEvent_t event = nullptr;
  EXPECT_OK(cudaEventCreate(&event));
  EXPECT_OK(cudaEventDestroy(event));
  EXPECT_EQ(cudaEventQuery(event), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventRecord(event, nullptr), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamWaitEvent(nullptr, event, 0), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST(Moment, IsDueWhenTheWorkBeforeItIsDone) {
  const ScopedStream stream, other;
  const ScopedEvent event;
  EXPECT_OK(spin_milliseconds(60000, stream));
  const Moment moment = moment_of(stream);
  EXPECT_FALSE(due(moment));
  EXPECT_TRUE(ordered_after(stream, moment));
  EXPECT_FALSE(ordered_after(other, moment));
  EXPECT_OK(cudaEventRecord(event, stream));
  EXPECT_OK(cudaStreamWaitEvent(other, event, 0));
  EXPECT_TRUE(ordered_after(other, moment));
  EXPECT_OK(cudaStreamSynchronize(stream));
  EXPECT_TRUE(due(moment));
}

TEST(Work, ItsEffectRunsWhenSubmittedAndAStaleStreamTakesNone) {
  int runs = 0;
  {
    const ScopedStream stream;
    EXPECT_OK(submit(stream, {WorkKind::copy, nullptr, 0, [&] { ++runs; }}));
  }
  EXPECT_EQ(runs, 1);
  cudaStream_t stale = nullptr;
  EXPECT_OK(cudaStreamCreate(&stale));
  EXPECT_OK(cudaStreamDestroy(stale));
  EXPECT_EQ(submit(stale, {WorkKind::copy, nullptr, 0, [&] { ++runs; }}), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(submit_kernel(stale, "k", 0), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
