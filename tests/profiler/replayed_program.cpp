// replayed_program CASE OUT: asks PyTorch's allocator over the virtual GPU for what CASE says, and writes the recording.
//
//   growing     30, 50 and 70 MiB, one after another, each freed before the next, each in a phase of its own
//   lasting     five times a temporary of 40 MiB and then a block of 10 MiB that stays; in the next phase one more of 40 MiB
//   pinned      ten pairs of 2 MiB that stay and 18 MiB that do not; then 180 MiB
//   random:N    blocks of all sizes on several streams, with record_stream, private pools and empty_cache
#include <ATen/ops/empty.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "profiler/cuda.h"
#include "profiler/device.h"
#include "profiler/recorder.h"
#include "recording/file.h"

namespace headroom::profiler {
namespace {

const at::Device kGpu(at::kCUDA, 0);

at::Tensor block(std::int64_t bytes) { return at::empty({bytes}, at::TensorOptions(kGpu).dtype(at::kByte)); }
at::Tensor mebibytes(std::int64_t count) { return block(count << 20); }

void growing(Recorder& recorder) {
  recorder.begin_phase(Phase::forward, 1);
  mebibytes(30);
  recorder.begin_phase(Phase::backward, 1);
  mebibytes(50);
  recorder.begin_phase(Phase::optimizer, 1);
  mebibytes(70);
}

void lasting(Recorder& recorder, std::vector<at::Tensor>& kept) {
  recorder.begin_phase(Phase::forward, 1);
  for (int i = 0; i < 5; ++i) {
    mebibytes(40);
    kept.push_back(mebibytes(10));
  }
  recorder.begin_phase(Phase::backward, 1);
  kept.push_back(mebibytes(40));
}

void pinned(Recorder& recorder, std::vector<at::Tensor>& kept) {
  recorder.begin_phase(Phase::forward, 1);
  std::vector<at::Tensor> dropped;
  for (int i = 0; i < 10; ++i) {
    kept.push_back(mebibytes(2));
    dropped.push_back(mebibytes(18));
  }
  dropped.clear();
  recorder.begin_phase(Phase::backward, 1);
  kept.push_back(mebibytes(180));
}

class RandomProgram {
 public:
  // PyTorch 2.11 does not give a private pool of expandable segments back.
  explicit RandomProgram(std::uint32_t seed) : random_(seed), pools_allowed_(std::getenv("PYTORCH_CUDA_ALLOC_CONF") == nullptr) {
    const c10::impl::VirtualGuardImpl guard(at::kCUDA);
    streams_.push_back(guard.getDefaultStream(kGpu));
    for (int i = 0; i < 3; ++i) streams_.push_back(guard.getStreamFromGlobalPool(kGpu));
  }

  void run(Recorder& recorder) {
    for (int step = 1; step <= 4; ++step) {
      recorder.begin_phase(Phase::forward, step);
      for (int i = 0; i < 150; ++i) act();
      if (chance(2)) cuda::allocator().emptyCache();
    }
    if (chance(2)) blocks_.clear();
  }

 private:
  std::size_t below(std::size_t count) { return random_() % count; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

  std::int64_t size() {
    const std::int64_t most[] = {4096, 1 << 20, 12 << 20, 90 << 20};
    return 1 + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most[below(4)]));
  }

  void act() {
    const c10::StreamGuard guard(streams_[chance(3) ? below(streams_.size()) : 0]);
    if (pools_allowed_ && chance(60)) return toggle_pool();
    if (!blocks_.empty() && chance(2)) return drop();
    blocks_.push_back(block(size()));
  }

  void drop() {
    std::swap(blocks_[below(blocks_.size())], blocks_.back());
    if (chance(4)) blocks_.back().record_stream(streams_[below(streams_.size())]);
    blocks_.pop_back();
  }

  // Opens a private pool, or closes it for good.
  void toggle_pool() {
    auto& allocator = cuda::allocator();
    if (!pool_) {
      pool_ = {1, ++pools_};
      allocator.beginAllocateToPool(0, *pool_, [](auto) { return true; });
      return;
    }
    allocator.endAllocateToPool(0, *pool_);
    allocator.releasePool(0, *pool_);
    pool_.reset();
  }

  std::mt19937_64 random_;
  const bool pools_allowed_;
  std::vector<c10::Stream> streams_;
  std::vector<at::Tensor> blocks_;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> pool_;
  std::uint64_t pools_ = 0;
};

void run_case(const std::string& name, Recorder& recorder, std::vector<at::Tensor>& kept) {
  if (name == "growing") return growing(recorder);
  if (name == "lasting") return lasting(recorder, kept);
  if (name == "pinned") return pinned(recorder, kept);
  auto* program = new RandomProgram(static_cast<std::uint32_t>(std::stoul(name.substr(name.find(':') + 1))));
  program->run(recorder);  // what it still has is alive at the end
}

// PyTorch's own count keeps what other streams still use; a recording's ends with the free.
void count_requests(Recording& recording) {
  const Events& e = recording.events;
  std::int64_t requested = 0;
  recording.stats.peak_requested_bytes = 0;
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (e.action[i] == Action::alloc) requested += e.requested_bytes[i];
    if (e.action[i] == Action::free) requested -= e.requested_bytes[i];
    recording.stats.peak_requested_bytes = std::max(recording.stats.peak_requested_bytes, requested);
  }
}

void record(const std::string& name, const std::string& out) {
  cuda::open(0);
  Recorder recorder(kGpu);
  static std::vector<at::Tensor> kept;
  run_case(name, recorder, kept);
  recorder.stop();
  Recording recording;
  recording.spec.model = name;
  recording.spec.device = fmt::format("virtual:{}", std::getenv("HEADROOM_VIRTUAL_GPU"));
  recording.environment = describe_environment(kGpu);
  recording.layers = {{LayerId::root, LayerId::root, "model", LayerKind::model}};
  recording.model.name = name;
  recorder.take(recording);
  count_requests(recording);
  write_recording(out, recording);
}

}  // namespace
}  // namespace headroom::profiler

int main(int count, char** values) {
  if (count != 3) return 2;
  try {
    headroom::profiler::record(values[1], values[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    _exit(3);
  }
  _exit(0);
}
