// What a program did, as rows: every kind of record, and to what each belongs.
#include <cupti_driver_cbid.h>
#include <cupti_runtime_cbid.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/tracing/traced.h"

namespace headroom::tracing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

using Collecting = Tracing;

TEST_F(Collecting, StartsAndSaysWithWhat) {
  auto& collecting = start();
  EXPECT_TRUE(collecting.tracing());
  EXPECT_EQ(collecting.tracer(), "CUPTI 13.0 (130001)");
  EXPECT_THAT(collecting.problems(), IsEmpty());
}

TEST_F(Collecting, KernelHasNameShapeTimesAndContext) {
  auto& collecting = start();
  collecting.set_context(pack({LayerId{5}, Phase::backward, 3}));
  cupti.launch({.name = "_Z9transposePKfPfi", .start = 500, .end = 750});
  const Trace trace = collecting.stop();
  const auto kernels = rows_of(trace, ActivityKind::kernel);
  ASSERT_THAT(kernels, SizeIs(1));
  EXPECT_EQ(name_of(kernels[0], trace), "transpose(float const*, float*, int)");
  EXPECT_EQ(kernels[0].start_ns, 500u);
  EXPECT_EQ(kernels[0].end_ns, 750u);
  EXPECT_EQ(kernels[0].stream, 7u);
  EXPECT_EQ(unpack(kernels[0].context), (Context{LayerId{5}, Phase::backward, 3}));
  EXPECT_EQ(trace.shapes.at(kernels[0].detail), (LaunchShape{.grid = {10, 1, 1},
                                                             .block = {256, 1, 1},
                                                             .registers_per_thread = 32,
                                                             .dynamic_shared_bytes = 1024,
                                                             .local_bytes_per_thread = 16}));
}

TEST_F(Collecting, CallHasNameResultThreadAndTheCorrelationOfItsKernel) {
  auto& collecting = start();
  const auto correlation = cupti.launch({});
  const Trace trace = collecting.stop();
  const auto calls = rows_of(trace, ActivityKind::call);
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(name_of(calls[0], trace), "cudaLaunchKernel");
  EXPECT_EQ(calls[0].detail, 0u);
  EXPECT_EQ(calls[0].thread, static_cast<std::uint32_t>(gettid()));
  EXPECT_EQ(calls[0].correlation, correlation);
  EXPECT_EQ(rows_of(trace, ActivityKind::kernel).at(0).correlation, correlation);
}

TEST_F(Collecting, FailedCallTellsItsResult) {
  auto& collecting = start();
  cupti.malloc(0x1000, 64, 2);
  const Trace trace = collecting.stop();
  EXPECT_EQ(rows_of(trace, ActivityKind::call).at(0).detail, 2u);
  EXPECT_THAT(rows_of(trace, ActivityKind::memory), IsEmpty());
}

TEST_F(Collecting, EveryOtherKindBecomesARow) {
  auto& collecting = start();
  cupti.copy(CUPTI_ACTIVITY_MEMCPY_KIND_HTOD, 4096, 100, 110);
  cupti.peer_copy(512);
  cupti.set(255, 1024);
  cupti.overhead(CUPTI_ACTIVITY_OVERHEAD_CUPTI_BUFFER_FLUSH, nullptr);
  cupti.create_pool(0xF00, 1 << 20);
  cupti.synchronize();
  cupti.graph_trace(9, 70, 90);
  const Trace trace = collecting.stop();
  EXPECT_THAT(lines(trace), Contains("copy 100+10 '' bytes=4096 stream=7 context=0"));
  EXPECT_THAT(lines(trace), Contains("copy 10+10 '' bytes=512 stream=7 context=0"));
  EXPECT_THAT(lines(trace), Contains("set 30+10 '' bytes=1024 stream=7 context=0"));
  EXPECT_THAT(lines(trace), Contains("overhead 50+10 'buffer flush' bytes=0 stream=none context=0"));
  EXPECT_THAT(lines(trace), Contains("graph 70+20 '' bytes=0 stream=7 context=0"));
  EXPECT_EQ(rows_of(trace, ActivityKind::pool).at(0).bytes, 1 << 20);
  EXPECT_EQ(rows_of(trace, ActivityKind::pool).at(0).detail, static_cast<std::uint32_t>(PoolOperation::created));
  EXPECT_EQ(name_of(rows_of(trace, ActivityKind::synchronization).at(0), trace), "stream");
  EXPECT_EQ(rows_of(trace, ActivityKind::set).at(0).detail, 255u);
  EXPECT_EQ(rows_of(trace, ActivityKind::graph).at(0).detail, 9u);
  EXPECT_EQ(trace.unknown_count, 0);
}

TEST_F(Collecting, EveryCopyKindIsNamed) {
  auto& collecting = start();
  for (int kind = 0; kind <= 11; ++kind)
    cupti.copy(static_cast<CUpti_ActivityMemcpyKind>(kind), 1, 100 + kind, 200 + kind);
  std::vector<CopyKind> kinds;
  for (const auto& row : rows_of(collecting.stop(), ActivityKind::copy))
    kinds.push_back(static_cast<CopyKind>(row.detail));
  using enum CopyKind;
  EXPECT_THAT(kinds,
              ElementsAre(other, host_to_device, device_to_host, host_to_device, device_to_host, device_to_device,
                          device_to_device, device_to_device, device_to_device, host_to_host, peer_to_peer, other));
}

TEST_F(Collecting, EveryOverheadIsNamedAndItsDataFreed) {
  auto& collecting = start();
  cupti.overhead(CUPTI_ACTIVITY_OVERHEAD_DRIVER_COMPILER, malloc(8));  // kept, it is LeakSanitizer's to find
  for (int kind = 1; kind <= 9; ++kind) cupti.overhead(static_cast<CUpti_ActivityOverheadKind>(kind << 16), malloc(8));
  const Trace trace = collecting.stop();
  std::vector<std::string> names;
  for (const auto& row : rows_of(trace, ActivityKind::overhead)) names.push_back(name_of(row, trace));
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("driver compiler", "buffer flush", "instrumentation", "resource",
                                                     "module load", "function load", "command buffer full",
                                                     "buffer request", "unified memory", "other"));
}

TEST_F(Collecting, MemoryLevelRecordsNoKernels) {
  auto& collecting = start(TraceLevel::memory);
  cupti.launch({});
  cupti.malloc(0x1000, 64);
  const Trace trace = collecting.stop();
  EXPECT_THAT(rows_of(trace, ActivityKind::kernel), IsEmpty());
  EXPECT_THAT(rows_of(trace, ActivityKind::call), SizeIs(2));
  EXPECT_THAT(rows_of(trace, ActivityKind::memory), SizeIs(1));
}

TEST_F(Collecting, LevelNoneDoesNothingAndIsNoProblem) {
  auto& collecting = start(TraceLevel::none);
  EXPECT_FALSE(collecting.tracing());
  EXPECT_EQ(collecting.tracer(), "");
  EXPECT_THAT(collecting.problems(), IsEmpty());
  collecting.set_context(7);
  EXPECT_THAT(collecting.drain().rows, IsEmpty());
  EXPECT_THAT(collecting.stop().rows, IsEmpty());
}

TEST_F(Collecting, NoisyCallsAreLeftOut) {
  auto& collecting = start();
  cupti.any_call(CUPTI_CB_DOMAIN_RUNTIME_API, CUPTI_RUNTIME_TRACE_CBID_cudaGetDevice_v3020);
  cupti.any_call(CUPTI_CB_DOMAIN_DRIVER_API, CUPTI_DRIVER_TRACE_CBID_cuCtxGetCurrent);
  cupti.any_call(CUPTI_CB_DOMAIN_RUNTIME_API, CUPTI_RUNTIME_TRACE_CBID_cudaDeviceSynchronize_v3020);
  const Trace trace = collecting.stop();
  EXPECT_THAT(rows_of(trace, ActivityKind::call), SizeIs(1));
}

TEST_F(Collecting, ContextChangesOnlyTouchTheStackWhereTheyChangeSomething) {
  auto& collecting = start();
  for (int i = 0; i < 10; ++i) collecting.set_context(5);
  EXPECT_EQ(cupti.calls("cuptiActivityPushExternalCorrelationId"), 1);
  collecting.set_context(6);
  EXPECT_EQ(cupti.stack_depth(), 1u);
  collecting.set_context(0);
  EXPECT_EQ(cupti.stack_depth(), 0u);
}

TEST_F(Collecting, WorkOfNoContextBelongsToNone) {
  auto& collecting = start();
  collecting.set_context(5);
  cupti.launch({.start = 1, .end = 2});
  collecting.set_context(0);
  cupti.launch({.start = 3, .end = 4});
  const Trace trace = collecting.stop();
  const auto kernels = rows_of(trace, ActivityKind::kernel);
  ASSERT_THAT(kernels, SizeIs(2));
  EXPECT_EQ(kernels[0].context, 5u);
  EXPECT_EQ(kernels[1].context, 0u);
}

TEST_F(Collecting, KernelLaunchedByTheDriverAloneHasItsContext) {
  auto& collecting = start();
  collecting.set_context(8);
  cupti.launch({.by_driver = true});
  EXPECT_EQ(rows_of(collecting.stop(), ActivityKind::kernel).at(0).context, 8u);
}

// Buffers come back newest first, so that most kernels are read before the record that says whose they are.
TEST_F(Collecting, ContextsAreFoundInWhateverOrderBuffersComeBack) {
  auto& collecting = start(TraceLevel::full, 1024, 1000);
  for (std::uint64_t i = 1; i <= 200; ++i) {
    collecting.set_context(i);
    cupti.launch({.start = i * 10, .end = i * 10 + 5});
  }
  const Trace trace = collecting.stop();
  const auto kernels = rows_of(trace, ActivityKind::kernel);
  ASSERT_THAT(kernels, SizeIs(200));
  for (const auto& kernel : kernels) EXPECT_EQ(kernel.context, kernel.start_ns / 10);
}

TEST_F(Collecting, KernelThatEndsDrainsLaterStillHasItsContext) {
  auto& collecting = start();
  collecting.set_context(11);
  cupti.launch({.running = true});
  collecting.set_context(12);
  EXPECT_THAT(rows_of(collecting.drain(), ActivityKind::kernel), IsEmpty());
  EXPECT_THAT(rows_of(collecting.drain(), ActivityKind::kernel), IsEmpty());
  cupti.finish_kernels(700, 900);
  const Trace trace = collecting.drain();
  ASSERT_THAT(rows_of(trace, ActivityKind::kernel), SizeIs(1));
  EXPECT_EQ(line(rows_of(trace, ActivityKind::kernel)[0], trace),
            "kernel 700+200 'kernel(float*)' bytes=0 stream=7 context=11");
}

TEST_F(Collecting, RowsComeOnceAndNamesStayValidFromDrainToDrain) {
  auto& collecting = start();
  cupti.launch({.name = "_Z5firstv"});
  Trace all = collecting.drain();
  EXPECT_THAT(rows_of(all, ActivityKind::kernel), SizeIs(1));
  cupti.launch({.name = "_Z6secondv"});
  cupti.launch({.name = "_Z5firstv"});
  append(all, collecting.drain());
  append(all, collecting.stop());
  const auto kernels = rows_of(all, ActivityKind::kernel);
  ASSERT_THAT(kernels, SizeIs(3));
  EXPECT_EQ(name_of(kernels[0], all), "first()");
  EXPECT_EQ(name_of(kernels[1], all), "second()");
  EXPECT_EQ(kernels[0].name, kernels[2].name);
}

TEST_F(Collecting, RowsOfADrainAreInTheOrderOfTime) {
  auto& collecting = start();
  for (const std::uint64_t at : {900, 100, 500}) cupti.launch({.start = at, .end = at + 1});
  const Trace trace = collecting.stop();
  for (std::size_t i = 1; i < trace.rows.size(); ++i) EXPECT_LE(trace.rows[i - 1].start_ns, trace.rows[i].start_ns);
}

TEST_F(Collecting, UnfinishedKernelTakesTheTimeOfItsCallAndIsCounted) {
  auto& collecting = start();
  collecting.set_context(4);
  cupti.launch({.running = true});
  const Trace trace = collecting.stop();
  const auto kernel = rows_of(trace, ActivityKind::kernel).at(0);
  EXPECT_EQ(kernel.start_ns, rows_of(trace, ActivityKind::call).at(0).start_ns);
  EXPECT_EQ(kernel.end_ns, 0u);
  EXPECT_EQ(kernel.context, 4u);
  EXPECT_EQ(trace.untimed_count, 1);
}

TEST_F(Collecting, EndBeforeStartIsNoTime) {
  auto& collecting = start();
  cupti.launch({.start = 900, .end = 100});
  const Trace trace = collecting.stop();
  EXPECT_EQ(rows_of(trace, ActivityKind::kernel).at(0).end_ns, 0u);
  EXPECT_EQ(trace.untimed_count, 1);
}

TEST_F(Collecting, LaunchOfAGraphIsARowBesideItsNodes) {
  auto& collecting = start();
  collecting.set_context(3);
  const auto correlation = cupti.launch({.graph = 21, .start = 100, .end = 110});
  cupti.launch({.graph = 21, .start = 110, .end = 120, .correlation = correlation});
  const Trace trace = collecting.stop();
  EXPECT_THAT(rows_of(trace, ActivityKind::kernel), SizeIs(2));
  const auto graphs = rows_of(trace, ActivityKind::graph);
  ASSERT_THAT(graphs, SizeIs(1));
  EXPECT_EQ(graphs[0].detail, 21u);
  EXPECT_EQ(graphs[0].context, 3u);
  for (const auto& kernel : rows_of(trace, ActivityKind::kernel)) EXPECT_EQ(kernel.context, 3u);
}

TEST_F(Collecting, BandwidthOfTheDeviceIsKnown) {
  auto& collecting = start();
  collecting.drain();
  EXPECT_EQ(collecting.peak_dram_bytes_per_second(0), 3'352'320'000'000);
  EXPECT_EQ(collecting.peak_dram_bytes_per_second(5), 0);
}

TEST_F(Collecting, NothingIsRecordedWhilePausedAndContextsHoldAfterwards) {
  auto& collecting = start();
  collecting.set_context(5);
  cupti.launch({.start = 1, .end = 2});
  collecting.pause();
  EXPECT_FALSE(cupti.subscribed());
  EXPECT_THAT(cupti.enabled_kinds(), IsEmpty());
  collecting.set_context(6);
  EXPECT_EQ(cupti.stack_depth(), 0u);
  cupti.launch({.start = 3, .end = 4});
  cupti.malloc(0x100, 1);
  collecting.resume();
  collecting.set_context(6);
  cupti.launch({.start = 5, .end = 6});
  const Trace trace = collecting.stop();
  const auto kernels = rows_of(trace, ActivityKind::kernel);
  ASSERT_THAT(kernels, SizeIs(2));
  EXPECT_EQ(kernels[0].context, 5u);
  EXPECT_EQ(kernels[1].context, 6u);
  EXPECT_THAT(rows_of(trace, ActivityKind::memory), IsEmpty());
}

TEST_F(Collecting, ThreadThatSetNothingAnewAfterAPauseDoesSoAtItsNextChange) {
  auto& collecting = start();
  collecting.set_context(5);
  collecting.pause();
  collecting.resume();
  collecting.set_context(5);
  EXPECT_EQ(cupti.stack_depth(), 1u);
}

TEST_F(Collecting, AfterwardsNothingIsLeftOn) {
  auto& collecting = start();
  cupti.launch({});
  collecting.stop();
  EXPECT_FALSE(cupti.subscribed());
  EXPECT_THAT(cupti.enabled_kinds(), IsEmpty());
  EXPECT_EQ(cupti.held_buffers(), 0u);
  EXPECT_FALSE(collecting.tracing());
  EXPECT_EQ(collecting.tracer(), "CUPTI 13.0 (130001)");
}

}  // namespace
}  // namespace headroom::tracing
