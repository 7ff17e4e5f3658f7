// The recorder over small CUDA programs; recorder_test.cpp starts each test in a process of its own over the virtual GPU.
#include "profiler/recorder.h"

#include <ATen/ops/empty.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "profiler/cuda.h"
#include "recording/verify.h"

namespace headroom::profiler {
namespace {

Recording record_cuda(const std::function<void(Recorder&)>& program) {
  cuda::open(0);
  Recorder recorder(at::Device(at::kCUDA, 0));
  program(recorder);
  recorder.stop();
  Recording recording;
  recorder.take(recording);
  recording.layers = {{LayerId::root, LayerId::root, "model", LayerKind::model}};
  recording.environment.device_kind = DeviceKind::virtual_cuda;
  return recording;
}

const at::TensorOptions kOnGpu = at::TensorOptions(at::Device(at::kCUDA, 0));

TEST(RecorderOnCuda, BothSizes) {
  const Recording recording = record_cuda([](Recorder&) { const at::Tensor tensor = at::empty({1000}, kOnGpu); });
  const Events& e = recording.events;
  ASSERT_EQ(e.action, (std::vector{Action::segment_alloc, Action::alloc, Action::free}));
  EXPECT_EQ(e.requested_bytes, (std::vector<std::int64_t>{0, 4000, 4000}));
  EXPECT_EQ(e.block_bytes, (std::vector<std::int64_t>{2 << 20, 4096, 4096}));
  EXPECT_EQ(verify(recording), std::vector<std::string>{});
}

TEST(RecorderOnCuda, UnsplitBlock) {
  const Recording recording = record_cuda([](Recorder&) { at::empty({11 << 20}, kOnGpu.dtype(at::kByte)); });
  EXPECT_EQ(recording.events.requested_bytes.at(1), 11 << 20);
  EXPECT_EQ(recording.events.block_bytes.at(1), 12 << 20);
}

TEST(RecorderOnCuda, ThreadsWithoutTheRecorder) {
  const Recording recording = record_cuda([](Recorder&) {
    at::Tensor kept, freed, here = at::empty({300}, kOnGpu);
    std::thread([&] {
      kept = at::empty({1000}, kOnGpu);
      freed = at::empty({5000}, kOnGpu);
      here.reset();
    }).join();
    freed.reset();
    static const at::Tensor alive = kept;
  });
  const Events& e = recording.events;
  EXPECT_EQ(e.action, (std::vector{Action::segment_alloc, Action::alloc, Action::alloc, Action::alloc, Action::free,
                                   Action::free}));
  EXPECT_EQ(e.block_bytes, (std::vector<std::int64_t>{2 << 20, 1536, 4096, 20480, 1536, 20480}));
  EXPECT_EQ(verify(recording), std::vector<std::string>{});
}

TEST(RecorderOnCuda, ExpandableSegments) {
  const Recording recording = record_cuda([](Recorder&) {
    for (const std::int64_t mebibytes : {30, 50, 10, 70}) at::empty({mebibytes << 20}, kOnGpu.dtype(at::kByte));
    at::Tensor low = at::empty({30 << 20}, kOnGpu.dtype(at::kByte)),
               high = at::empty({45 << 20}, kOnGpu.dtype(at::kByte));
    low.reset();
    c10::getDeviceAllocator(at::kCUDA)->emptyCache();
  });
  EXPECT_EQ(verify(recording), std::vector<std::string>{});
  EXPECT_GT(recording.stats.peak_reserved_bytes, recording.stats.final_reserved_bytes);
}

}  // namespace
}  // namespace headroom::profiler
