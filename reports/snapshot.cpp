// write_snapshot: the dictionary of torch.cuda.memory._snapshot(), as torch.cuda._memory_viz and its page read it.
#include <fmt/format.h>

#include <algorithm>

#include "recording/document.h"
#include "reports/export.h"
#include "reports/pickle.h"
#include "reports/snapshot_origin.h"
#include "reports/snapshot_segments.h"
#include "reports/snapshot_trace.h"
#include "reports/summary.h"
#include "reports/text.h"

namespace headroom {
namespace {

using snapshot::Block;
using snapshot::BlockState;
using snapshot::Segment;

constexpr std::array kBlockStateNames{Named<BlockState>{BlockState::active_allocated, "active_allocated"},
                                      Named<BlockState>{BlockState::active_pending_free, "active_pending_free"},
                                      Named<BlockState>{BlockState::inactive, "inactive"}};

constexpr std::int64_t kDevice = 0;                   // a recording is of one device
constexpr std::int64_t kSmallSegmentBytes = 2 << 20;  // what PyTorch's pool of small blocks reserves at a time

// Without the variables that the recording names after the allocator's own setting.
std::string allocator_setting(const std::string& settings) {
  const std::string first = settings.substr(0, settings.find(' '));
  return first.find('=') == std::string::npos ? first : "";
}

class SnapshotWriter {
 public:
  explicit SnapshotWriter(const ExportRun& run)
      : run_(run),
        breakdown_(*run.breakdown),
        events_(run.recording->events),
        lone_(snapshot::find_lone_blocks(*run.recording, breakdown_.allocations)),
        expandable_(snapshot::has_expandable_segments(*run.recording)),
        origins_(pickle_, breakdown_) {}

  std::string write() {
    pickle_.begin_dict();
    pickle_.text("segments");
    write_segments();
    pickle_.text("device_traces");
    pickle_.begin_list();
    snapshot::write_trace(pickle_, origins_, run_, {expandable_, lone_});
    pickle_.end_item();
    pickle_.text("allocator_settings");
    write_settings();
    pickle_.text("external_annotations");
    write_annotations();
    pickle_.text("headroom");
    write_maker();
    pickle_.end_dict();
    return pickle_.finish();
  }

 private:
  const Allocation& allocation(const Block& block) const {
    return breakdown_.allocations[static_cast<std::size_t>(block.allocation)];
  }

  void write_block(const Block& block) {
    const bool used = block.allocation != snapshot::kNoAllocation;
    pickle_.begin_dict();
    pickle_.place("address", block.address);
    pickle_.member("size", block.bytes);
    pickle_.member("state", to_name(kBlockStateNames, block.state));
    pickle_.member("requested_size", used ? allocation(block).requested_bytes : 0);
    if (used)
      origins_.write(allocation(block));
    else
      origins_.write_none();
    pickle_.end_dict();
  }

  void write_sums(const Segment& segment) {
    std::int64_t allocated = 0, active = 0, requested = 0;
    for (const Block& block : segment.blocks) {
      if (block.state == BlockState::inactive) continue;
      active += block.bytes;
      requested += allocation(block).requested_bytes;
      if (block.state == BlockState::active_allocated) allocated += block.bytes;
    }
    pickle_.member("total_size", segment.bytes);
    pickle_.member("allocated_size", allocated);
    pickle_.member("active_size", active);
    pickle_.member("requested_size", requested);
  }

  std::string_view kind_of(const Segment& segment) const {
    const auto first = static_cast<std::size_t>(segment.event);
    return events_.action[first] == Action::segment_alloc && events_.block_bytes[first] <= kSmallSegmentBytes ? "small"
                                                                                                              : "large";
  }

  std::int64_t pool_of(const Segment& segment) const {
    return events_.pool.empty() ? 0 : events_.pool.at(static_cast<std::size_t>(segment.event));
  }

  void write_segment(const Segment& segment) {
    pickle_.begin_dict();
    pickle_.member("device", kDevice);
    pickle_.place("address", segment.address);
    write_sums(segment);
    pickle_.member("stream", snapshot::stream_of(events_, segment.event));
    pickle_.member("segment_type", kind_of(segment));
    pickle_.text("segment_pool_id");
    pickle_.integer(0);
    pickle_.integer(pool_of(segment));
    pickle_.pair();
    pickle_.flag("is_expandable", expandable_);
    origins_.write_of_segment(segment.event);
    pickle_.text("blocks");
    pickle_.begin_list();
    for (const Block& block : segment.blocks) {
      write_block(block);
      pickle_.end_item();
    }
    pickle_.end_dict();
  }

  void write_segments() {
    pickle_.begin_list();
    for (const Segment& segment : snapshot::segments_at_end(*run_.recording, breakdown_.allocations, lone_)) {
      write_segment(segment);
      pickle_.end_item();
    }
  }

  void write_settings() {
    pickle_.begin_dict();
    pickle_.member("PYTORCH_CUDA_ALLOC_CONF", printable(allocator_setting(breakdown_.environment.allocator_settings)));
    pickle_.flag("expandable_segments", expandable_);
    pickle_.end_dict();
  }

  void annotation(std::string_view stage, const Mark& mark, std::int64_t time_ns) {
    pickle_.begin_dict();
    pickle_.member("stage", stage);
    pickle_.member("name", fmt::format("{} of step {}", to_name(kPhaseNames, mark.phase), mark.step));
    pickle_.member("device", kDevice);
    pickle_.member("time_us", time_ns / 1000);
    pickle_.end_dict();
    pickle_.end_item();
  }

  // The phases, each until the next begins.
  void write_annotations() {
    const auto& marks = breakdown_.marks;
    pickle_.begin_list();
    for (std::size_t i = 0; i < marks.size(); ++i) {
      const std::int64_t last = events_.size() == 0 ? 0 : events_.time_ns.back();
      annotation("START", marks[i], marks[i].time_ns);
      annotation("END", marks[i], i + 1 < marks.size() ? marks[i + 1].time_ns : std::max(marks[i].time_ns, last));
    }
  }

  // What Headroom reads the run's settings, layers and parameters from: its texts stand in the trace.
  std::string document() const {
    Json json = recording_document(*run_.recording);
    json["strings"] = {""};
    for (const char* key : {"activity", "replays"}) json.erase(key);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  void write_maker() {
    pickle_.begin_dict();
    pickle_.member("version", printable(breakdown_.environment.headroom_version));
    pickle_.member("run", printable(breakdown_.label));
    pickle_.member("device", printable(breakdown_.environment.device_name));
    pickle_.member("numbers", truth_word(breakdown_.environment));
    pickle_.member("dropped_event_count", breakdown_.dropped_event_count);
    pickle_.member("recording", document());
    pickle_.end_dict();
  }

  const ExportRun& run_;
  const Breakdown& breakdown_;
  const Events& events_;
  const std::vector<bool> lone_;
  const bool expandable_;
  PickleWriter pickle_;
  snapshot::OriginWriter origins_;
};

}  // namespace

std::string write_snapshot(const ExportRun& run) { return SnapshotWriter(run).write(); }

}  // namespace headroom
