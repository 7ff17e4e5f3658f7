// Delayed mode: work stays pending until the host waits for it.
#include <cstdlib>

#include "tests/virtual_gpu/work_support.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

const int kConfigured =
    setenv("HEADROOM_VIRTUAL_GPU", "h100-80gb", 1) + setenv("HEADROOM_VIRTUAL_GPU_EVENTS", "delayed", 1);

TEST(Delayed, WorkIsPendingUntilTheHostWaitsForItsStream) {
  const ScopedStream first, second;
  EXPECT_OK(launch_plain(first));
  EXPECT_OK(launch_plain(second));
  EXPECT_EQ(cudaStreamQuery(first), cudaErrorNotReady);
  EXPECT_OK(cudaStreamSynchronize(first));
  EXPECT_OK(cudaStreamQuery(first));
  EXPECT_EQ(cudaStreamQuery(second), cudaErrorNotReady);
  cudaGetLastError();
}

TEST(Delayed, AnEventIsDoneOnceTheHostWaitedForItOrForWhatComesAfter) {
  const ScopedStream stream;
  const ScopedEvent early, late;
  EXPECT_OK(cudaEventRecord(early, stream));
  EXPECT_OK(launch_plain(stream));
  EXPECT_OK(cudaEventRecord(late, stream));
  EXPECT_EQ(cudaEventQuery(early), cudaErrorNotReady);
  EXPECT_OK(cudaEventSynchronize(early));
  EXPECT_OK(cudaEventQuery(early));
  EXPECT_EQ(cudaEventQuery(late), cudaErrorNotReady);
  EXPECT_OK(cudaDeviceSynchronize());
  EXPECT_OK(cudaEventQuery(late));
  cudaGetLastError();
}

TEST(Delayed, WaitingForAStreamCoversWhatItWaitedFor) {
  const ScopedStream a, b, c;
  const ScopedEvent after_a, after_b;
  EXPECT_OK(launch_plain(a));
  EXPECT_OK(cudaEventRecord(after_a, a));
  EXPECT_OK(launch_plain(a));
  EXPECT_OK(cudaStreamWaitEvent(b, after_a, 0));
  EXPECT_OK(cudaEventRecord(after_b, b));
  EXPECT_OK(cudaStreamWaitEvent(c, after_b, 0));
  EXPECT_OK(cudaStreamSynchronize(c));
  EXPECT_OK(cudaEventQuery(after_a));
  EXPECT_OK(cudaEventQuery(after_b));
  EXPECT_EQ(cudaStreamQuery(a), cudaErrorNotReady) << "the launch after the event is not covered";
  cudaGetLastError();
}

TEST(Delayed, StreamsThatWaitForEachOtherInTurnEnd) {
  const ScopedStream a, b;
  const ScopedEvent event;
  for (int round = 0; round < 20000; ++round) {
    EXPECT_OK(cudaEventRecord(event, round % 2 == 0 ? a : b));
    EXPECT_OK(cudaStreamWaitEvent(round % 2 == 0 ? b : a, event, 0));
  }
  EXPECT_OK(cudaStreamSynchronize(a));
  EXPECT_OK(cudaStreamSynchronize(b));
  EXPECT_OK(cudaStreamQuery(a));
}

TEST(Delayed, AWaitedMomentOfAnotherStreamIsOrderedButNotDue) {
  const ScopedStream first, second, third;
  const ScopedEvent event;
  EXPECT_OK(launch_plain(first));
  const Moment moment = moment_of(first);
  EXPECT_FALSE(due(moment));
  EXPECT_OK(cudaEventRecord(event, first));
  EXPECT_OK(cudaStreamWaitEvent(second, event, 0));
  EXPECT_FALSE(due(moment));
  EXPECT_TRUE(ordered_after(second, moment));
  EXPECT_FALSE(ordered_after(third, moment));
  EXPECT_OK(cudaStreamSynchronize(second));
  EXPECT_TRUE(due(moment));
}

TEST(Delayed, ADestroyedStreamsWorkIsDueAfterTheDeviceWasWaitedFor) {
  Moment moment;
  {
    const ScopedStream stream;
    EXPECT_OK(launch_plain(stream));
    moment = moment_of(stream);
  }
  EXPECT_FALSE(due(moment));
  EXPECT_OK(cudaDeviceSynchronize());
  EXPECT_TRUE(due(moment));
}

TEST(Delayed, TheNullStreamCarriesBlockingStreamsAlong) {
  const ScopedStream blocking(cudaStreamDefault);
  EXPECT_OK(launch_plain(blocking));
  EXPECT_OK(launch_plain(nullptr));
  EXPECT_OK(cudaStreamSynchronize(nullptr));
  EXPECT_OK(cudaStreamQuery(blocking));
}

TEST(Delayed, SpinningTakesItsTimeToo) {
  const ScopedStream stream;
  const ScopedEvent start, end;
  EXPECT_OK(cudaEventRecord(start, stream));
  EXPECT_OK(spin_milliseconds(60000, stream));
  EXPECT_OK(cudaEventRecord(end, stream));
  EXPECT_OK(cudaEventSynchronize(end));
  float milliseconds = 0;
  EXPECT_OK(cudaEventElapsedTime(&milliseconds, start, end));
  EXPECT_NEAR(milliseconds, 60000, 2000);
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
