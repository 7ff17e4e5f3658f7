#include "profiler/replay.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "profiler/cuda.h"
#include "profiler/raw_allocator.h"
#include "profiler/replay_check.h"
#include "profiler/replay_plan.h"
#include "recording/named_member.h"
#include "recording/snapshot/open.h"
#include "recording/verify.h"

namespace headroom::profiler {
namespace {

using Kind = ReplayStep::Kind;

// Takes the steps of a plan and keeps what the allocator says of itself after each.
class Execution {
 public:
  Execution(const Recording& recording, const ReplayPlan& plan, RawAllocator& allocator, AllocatorReplay& result)
      : recording_(recording), plan_(plan), allocator_(allocator), result_(result), blocks_(plan.block_count) {
    for (const ReplayStep& step : plan.steps) requests_to_peak_ += is_until_peak(step);
  }

  void run() {
    for (const ReplayStep& step : plan_.steps) {
      if (!take(step)) return;
      observe();
      if (is_until_peak(step) && --requests_to_peak_ == 0)
        result_.reserved_at_peak_bytes = allocator_.now().reserved_bytes;
    }
  }

 private:
  struct Block {
    std::uint64_t address = 0;
    std::int64_t block_bytes = 0, requested_bytes = 0;
    bool held = false;
  };

  bool is_until_peak(const ReplayStep& step) const { return step.kind == Kind::alloc && step.event <= plan_.peak_event; }

  bool take(const ReplayStep& step) {
    switch (step.kind) {
      case Kind::alloc:
        return allocate(step);
      case Kind::hold:
        hold(blocks_[step.block], 1);
        return true;
      case Kind::free:
        free(blocks_[step.block]);
        return true;
      case Kind::fail:
        fail(step);
        return true;
      case Kind::empty_cache:
        allocator_.empty_cache(step.lane.pool);
        return true;
      case Kind::release_pool:
        allocator_.release_pool(step.lane.pool);
        return true;
    }
    return false;
  }

  bool allocate(const ReplayStep& step) {
    const auto address = allocator_.allocate(step.bytes, step.lane);
    if (!address) {
      run_out_at(step);
      return false;
    }
    const auto row = allocator_.log().live_at(*address);
    blocks_[step.block] = {*address, row ? allocator_.log().at(*row).block_bytes : 0, step.bytes};
    return true;
  }

  void hold(Block& block, std::int64_t sign) {
    block.held = sign > 0;
    held_.allocated_bytes += sign * block.block_bytes;
    held_.requested_bytes += sign * block.requested_bytes;
  }

  void free(Block& block) {
    if (block.held) hold(block, -1);
    allocator_.release(block.address);
  }

  // What the recorded run died of may be served here.
  void fail(const ReplayStep& step) {
    const auto address = allocator_.allocate(step.bytes, step.lane);
    if (!address) return run_out_at(step);
    observe();
    allocator_.release(*address);
  }

  void run_out_at(const ReplayStep& step) {
    result_.ran_out_of_memory = true;
    result_.failed_event = step.kind == Kind::fail ? static_cast<std::int64_t>(recording_.events.size()) : step.event;
    result_.failed_request_bytes = step.bytes;
  }

  void observe() {
    const RawAllocator::Now now = allocator_.now();
    result_.peak_allocated_bytes = std::max(result_.peak_allocated_bytes, now.allocated_bytes - held_.allocated_bytes);
    result_.peak_requested_bytes = std::max(result_.peak_requested_bytes, now.requested_bytes - held_.requested_bytes);
    if (now.reserved_bytes <= most_reserved_) return;
    most_reserved_ = now.reserved_bytes;
    result_.segment_count = static_cast<std::int64_t>(allocator_.log().segment_count());
  }

  const Recording& recording_;
  const ReplayPlan& plan_;
  RawAllocator& allocator_;
  AllocatorReplay& result_;
  std::vector<Block> blocks_;
  RawAllocator::Now held_;
  std::int64_t requests_to_peak_ = 0, most_reserved_ = 0;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Recording read_sound_recording(const std::filesystem::path& path) {
  Recording recording = open_recording(path);
  if (const auto broken = verify(recording); !broken.empty())
    throw bad_input(fmt::format("{}: the recording contradicts itself: {}", path.string(), broken.front()));
  return recording;
}

void open_device(const ReplayJob& job) {
  if (!cuda::is_virtual())
    throw could_not_measure("a replay needs the worker to start over the virtual GPU, as `headroom fragmentation` starts it");
  if (variable("PYTORCH_CUDA_ALLOC_CONF") != job.settings)
    throw could_not_measure("a replay needs the worker to start with its settings in PYTORCH_CUDA_ALLOC_CONF");
  cuda::open(0);
}

std::string difference(const Recording& recording, const EventLog& log, const AllocatorReplay& result) {
  const bool ran_out = recording.outcome.kind == OutcomeKind::oom;
  if (ran_out && !result.ran_out_of_memory)
    return fmt::format("the request of {} bytes at which the recorded run ran out of memory was served",
                       recording.outcome.failed_request_bytes);
  Recording replayed;
  log.take(replayed);
  return first_difference(recording, replayed.events);
}

}  // namespace

bool is_replay_job(const Json& json) { return json.is_object() && json.contains("replay"); }

ReplayJob parse_replay_job(const Json& json, const std::string& where) {
  const JsonReader reader(json.at("replay"), where);
  return {reader.string("recording"), reader.string("label"),
          named_member(reader, kReplayChangeNames, "change", where), reader.string_or("settings", "")};
}

AllocatorReplay replay(const ReplayJob& job) {
  const Recording recording = read_sound_recording(job.recording);
  const ReplayPlan plan = plan_replay(recording, job.change);
  open_device(job);
  auto& allocator = *new RawAllocator;  // for the rest of the process: the trace that feeds it cannot be detached
  AllocatorReplay result{.label = job.label, .change = job.change, .settings = job.settings,
                         .device = variable("HEADROOM_VIRTUAL_GPU")};
  try {
    Execution(recording, plan, allocator, result).run();
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    throw could_not_measure(fmt::format("PyTorch's allocator failed: {}", text.substr(0, text.find('\n'))));
  }
  result.peak_reserved_bytes = cuda::allocator_stats(0).peak_reserved_bytes;
  result.driver_call_count = allocator.driver_call_count();
  if (job.change != ReplayChange::none) return result;
  result.difference = difference(recording, allocator.log(), result);
  result.faithful = result.difference.empty();
  return result;
}

}  // namespace headroom::profiler
