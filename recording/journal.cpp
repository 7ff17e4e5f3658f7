#include "recording/journal.h"

#include <fmt/format.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <map>
#include <unordered_map>

#include "base/bytes.h"
#include "base/file.h"
#include "base/temporary_file.h"
#include "recording/held_blocks.h"
#include "recording/activity_rows.h"
#include "recording/journal_format.h"
#include "recording/journal_notes.h"

namespace headroom {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRowsLimitBytes = std::uint64_t{64} << 30;
constexpr std::uint64_t kNotesLimitBytes = std::uint64_t{1} << 30;
constexpr std::int64_t kMaxBlockBytes = std::int64_t{1} << 48;
constexpr std::int64_t kMaxTotalBytes = std::int64_t{1} << 61;
constexpr std::uint64_t kMaxLostCount = std::uint64_t{1} << 60;
constexpr std::int64_t kCudaGranularity = 512;  // of block sizes in PyTorch's caching allocator

JournalHeader header_of(const std::string& bytes, std::size_t row_bytes, const std::string& where) {
  JournalHeader header{};
  if (bytes.size() < kJournalHeaderBytes || std::memcmp(bytes.data(), kJournalMagic, sizeof(kJournalMagic)) != 0)
    throw bad_input(fmt::format("{}: not a journal of headroom run", where));
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.version != kJournalVersion || header.row_bytes != row_bytes)
    throw bad_input(fmt::format("{}: journal format {} of another version of Headroom, this one reads {}", where,
                                header.version, kJournalVersion));
  header.row_count = std::min<std::uint64_t>(header.row_count, (bytes.size() - kJournalHeaderBytes) / row_bytes);
  header.lost_count = std::min(header.lost_count, kMaxLostCount);
  header.lost_activity_count = std::min(header.lost_activity_count, kMaxLostCount);
  return header;
}

// Replays the rows and keeps those that make sense, so that the promises of recording.h hold for what comes out.
class EventReader {
 public:
  EventReader(Recording& recording, const std::vector<LayerId>& layers)
      : r_(recording), layers_(layers), held_(recording.events) {}

  void read(const JournalRow& row) {
    if (row.kind == RowKind::mark) return mark(row);
    if (row.kind == RowKind::returned) return held_.returned(row.address);
    if (r_.marks.empty()) r_.marks.push_back({row.time_ns, 0, Phase::build, 0});
    if (!is_sound(row) || !apply(row)) ++r_.dropped_event_count;
  }

  void finish() {
    r_.stats.final_allocated_bytes = allocated_;
    r_.stats.final_reserved_bytes = reserved_;
    if (r_.environment.device_kind == DeviceKind::cpu && !any_segment_) {
      r_.stats.peak_reserved_bytes = r_.stats.peak_allocated_bytes;
      r_.stats.final_reserved_bytes = allocated_;
    }
    held_.finish();
    r_.events.held.resize(r_.events.held.empty() ? 0 : r_.events.size());
    drop_empty_columns(r_.events);
    if (unmeasured_ > 0)
      r_.assumptions.push_back(fmt::format(
          "{} blocks were not measured before the program ended: their size is what was requested, rounded up to {} bytes",
          unmeasured_, kCudaGranularity));
  }

 private:
  struct Sizes {
    std::int64_t requested, block;
  };
  struct Block {
    Sizes sizes;
    Lane lane;
  };

  static bool is_sound(const JournalRow& row) {
    const auto sound = [](std::int64_t bytes) { return bytes >= 0 && bytes <= kMaxBlockBytes; };
    return row.kind < RowKind::mark && sound(row.requested_bytes) && sound(row.block_bytes) &&
           row.category < kCategoryNames.size() && row.pool >= 0;
  }

  void mark(const JournalRow& row) {
    if (row.phase >= kPhaseNames.size() || row.step < 0) {
      ++r_.dropped_event_count;
      return;
    }
    r_.marks.push_back({row.time_ns, static_cast<std::int64_t>(r_.events.size()), static_cast<Phase>(row.phase), row.step});
  }

  bool apply(const JournalRow& row) {
    switch (row.kind) {
      case RowKind::alloc:
        return allocate(row);
      case RowKind::free:
        return release(row);
      case RowKind::segment_alloc:
        return reserve(row);
      default:
        return unreserve(row);
    }
  }

  bool allocate(const JournalRow& row) {
    Sizes sizes{row.requested_bytes, row.block_bytes};
    if (sizes.block == 0 && sizes.requested > 0) sizes.block = unmeasured(sizes.requested);
    if (allocated_ + sizes.block > kMaxTotalBytes || total_ + sizes.block > kMaxTotalBytes ||
        total_ + sizes.requested > kMaxTotalBytes || !blocks_.emplace(row.address, Block{sizes, lane_of(row)}).second)
      return false;
    total_ += std::max(sizes.block, sizes.requested) * 2;  // as the free row repeats it
    append(row, Action::alloc, sizes, lane_of(row));
    allocated_ += sizes.block;
    requested_ += sizes.requested;
    r_.stats.peak_allocated_bytes = std::max(r_.stats.peak_allocated_bytes, allocated_);
    r_.stats.peak_requested_bytes = std::max(r_.stats.peak_requested_bytes, requested_);
    return true;
  }

  std::int64_t unmeasured(std::int64_t requested) {
    ++unmeasured_;
    return (requested + kCudaGranularity - 1) / kCudaGranularity * kCudaGranularity;
  }

  bool release(const JournalRow& row) {
    const auto block = blocks_.find(row.address);
    if (block == blocks_.end()) return false;
    const auto [sizes, lane] = block->second;
    append(row, Action::free, sizes, lane);
    if (row.held != 0) held_.freed(row.address, r_.events.size() - 1);
    allocated_ -= sizes.block;
    requested_ -= sizes.requested;
    blocks_.erase(block);
    return true;
  }

  bool reserve(const JournalRow& row) {
    if (total_ + row.block_bytes > kMaxTotalBytes || !segments_.emplace(row.address, Block{{0, row.block_bytes}, lane_of(row)}).second)
      return false;
    total_ += row.block_bytes * 2;
    any_segment_ = true;
    append(row, Action::segment_alloc, {0, row.block_bytes}, lane_of(row));
    reserved_ += row.block_bytes;
    r_.stats.peak_reserved_bytes = std::max(r_.stats.peak_reserved_bytes, reserved_);
    return true;
  }

  bool unreserve(const JournalRow& row) {
    const auto segment = segments_.find(row.address);
    if (segment == segments_.end()) return false;
    const auto [sizes, lane] = segment->second;
    append(row, Action::segment_free, sizes, lane);
    reserved_ -= sizes.block;
    segments_.erase(segment);
    return true;
  }

  StringId string(std::uint32_t id) const { return id < r_.strings.size() ? StringId{id} : StringId::none; }

  static Lane lane_of(const JournalRow& row) { return {row.stream, row.pool}; }

  void append(const JournalRow& row, Action action, Sizes sizes, Lane lane) {
    const bool alloc = action == Action::alloc;
    Events& e = r_.events;
    e.time_ns.push_back(row.time_ns);
    e.action.push_back(action);
    e.address.push_back(row.address);
    e.requested_bytes.push_back(sizes.requested);
    e.block_bytes.push_back(sizes.block);
    e.layer.push_back(alloc && row.layer < layers_.size() ? layers_[row.layer] : LayerId::root);
    e.phase.push_back(r_.marks.back().phase);
    e.step.push_back(r_.marks.back().step);
    e.category.push_back(alloc ? static_cast<Category>(row.category) : Category::unresolved);
    e.op.push_back(string(row.op));
    e.tensor.push_back(string(row.tensor));
    e.source.push_back(string(row.source));
    e.stream.push_back(lane.stream);
    e.pool.push_back(lane.pool);
  }

  Recording& r_;
  const std::vector<LayerId>& layers_;
  HeldBlocks held_;
  std::unordered_map<std::uint64_t, Block> blocks_, segments_;
  std::int64_t allocated_ = 0, requested_ = 0, reserved_ = 0, total_ = 0, unmeasured_ = 0;
  bool any_segment_ = false;
};

bool allocates_after(const std::string& bytes, std::uint64_t row, std::uint64_t count) {
  for (; row < count; ++row) {
    JournalRow at;
    std::memcpy(&at, bytes.data() + kJournalHeaderBytes + row * sizeof(JournalRow), sizeof(at));
    if (at.kind == RowKind::alloc) return true;
  }
  return false;
}

// What the program said, else what can be told from it. `went_on`: it allocated after memory ran out.
Outcome outcome_of(const JournalNotes& notes, bool went_on) {
  Outcome outcome = notes.outcome.value_or(Outcome{});
  const bool died_of_it = !notes.outcome && !notes.end && !went_on;
  if (!notes.out_of_memory || (outcome.kind != OutcomeKind::oom && !died_of_it)) return outcome;
  const std::string message = outcome.message.empty() ? notes.out_of_memory->message : outcome.message;
  outcome = *notes.out_of_memory;
  outcome.kind = OutcomeKind::oom;
  outcome.message = message;
  return outcome;
}

void describe_run(const JournalNotes& notes, Recording& recording) {
  RunSpec& spec = recording.spec;
  spec.model = notes.program.empty() ? "program" : notes.program;
  spec.device = notes.device.empty() ? "unknown" : notes.device;
  spec.mode = notes.trains ? Mode::train : Mode::forward;
  std::int32_t steps = 1;
  for (const Mark& mark : recording.marks) {
    if (mark.phase == Phase::backward) spec.mode = Mode::train;
    steps = std::max(steps, mark.step);
  }
  spec.steps = std::min<std::int64_t>(steps, kMaxSteps);
  recording.model.name = spec.model;
}

void compare_with_allocator(const JournalNotes& notes, Recording& recording) {
  const AllocatorStats& stats = recording.stats;
  if (!notes.end || recording.dropped_event_count > 0) return;
  if (notes.end->allocated_bytes != stats.final_allocated_bytes)
    recording.assumptions.push_back(
        fmt::format("at the end the allocator counted {} bytes as allocated, its events add up to {}",
                    format_count(notes.end->allocated_bytes), format_count(stats.final_allocated_bytes)));
}

// Activity that cannot be read costs itself and nothing else.
std::vector<ActivityRow> read_activity_rows(const fs::path& path, std::vector<std::string>& problems) {
  std::error_code error;
  if (!fs::exists(path, error)) return {};
  try {
    const std::string bytes = read_file(path, kRowsLimitBytes);
    std::vector<ActivityRow> rows(header_of(bytes, sizeof(ActivityRow), path.string()).row_count);
    if (!rows.empty()) std::memcpy(rows.data(), bytes.data() + kJournalHeaderBytes, rows.size() * sizeof(ActivityRow));
    return rows;
  } catch (const Error& unreadable) {
    problems.push_back(fmt::format("What was traced of the device is lost: {}.", unreadable.what()));
    return {};
  }
}

// Samples count rows until the events before each are known.
class SampleReader {
 public:
  explicit SampleReader(Recording& recording) : r_(recording), noted_(std::move(recording.activity.samples)) {
    r_.activity.samples.clear();
  }

  void before_row(std::uint64_t row) {
    while (next_ < noted_.size() && static_cast<std::uint64_t>(noted_[next_].event) <= row) take(noted_[next_++]);
  }

 private:
  void take(DriverMemorySample sample) {
    std::vector<DriverMemorySample>& samples = r_.activity.samples;
    if (sample.used_bytes > sample.total_bytes || (!samples.empty() && sample.time_ns < samples.back().time_ns)) return;
    sample.event = static_cast<std::int64_t>(r_.events.size());
    samples.push_back(sample);
  }

  Recording& r_;
  std::vector<DriverMemorySample> noted_;
  std::size_t next_ = 0;
};

std::pair<long, std::string> sort_key(const fs::path& path) {
  const std::string name = path.filename().string();
  long pid = 0;
  std::from_chars(name.data(), name.data() + name.size(), pid);
  return {pid, name};
}

}  // namespace

std::vector<fs::path> find_journals(const fs::path& folder) {
  std::vector<fs::path> journals;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == kJournalSuffix) journals.push_back(entry->path());
  if (error) throw file_failure("read", folder, error.value());
  std::sort(journals.begin(), journals.end(), [](auto& a, auto& b) { return sort_key(a) < sort_key(b); });
  return journals;
}

Recording read_journal(const fs::path& path) {
  const std::string bytes = read_file(path / kJournalRowsName, kRowsLimitBytes);
  const JournalHeader header = header_of(bytes, sizeof(JournalRow), path.string());
  std::error_code error;
  const fs::path notes_path = path / kJournalNotesName;
  JournalNotes notes =
      parse_journal_notes(fs::exists(notes_path, error) ? read_file(notes_path, kNotesLimitBytes) : std::string());
  Recording recording;
  const std::vector<LayerId> layers = take_tables(notes, recording);
  recording.dropped_event_count = static_cast<std::int64_t>(header.lost_count);
  recording.activity.dropped_count += static_cast<std::int64_t>(header.lost_activity_count);
  EventReader reader(recording, layers);
  SampleReader samples(recording);
  for (std::uint64_t i = 0; i < header.row_count; ++i) {
    JournalRow row;
    std::memcpy(&row, bytes.data() + kJournalHeaderBytes + i * sizeof(row), sizeof(row));
    samples.before_row(i);
    reader.read(row);
  }
  samples.before_row(std::numeric_limits<std::uint64_t>::max());
  reader.finish();
  const bool went_on = notes.out_of_memory && allocates_after(bytes, notes.out_of_memory_row, header.row_count);
  recording.outcome = outcome_of(notes, went_on);
  const std::int64_t caught = notes.out_of_memory_count - (recording.outcome.kind == OutcomeKind::oom ? 1 : 0);
  if (caught > 0)
    recording.assumptions.push_back(fmt::format(
        "memory ran out {} time{} and the program went on: what it did then is recorded", caught, caught == 1 ? "" : "s"));
  join_activity(read_activity_rows(path / kJournalActivityName, recording.activity.problems), notes.activity_tables,
                {.start_realtime_ns = notes.start_realtime_ns, .layers = &layers}, recording);
  describe_run(notes, recording);
  compare_with_allocator(notes, recording);
  return recording;
}

void finish(Recording& recording, int wait_status) {
  Outcome& outcome = recording.outcome;
  if (outcome.kind != OutcomeKind::ok) return;
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    outcome.kind = OutcomeKind::error;
    outcome.message = fmt::format("the program was ended by signal {} (SIG{})", signal, sigabbrev_np(signal));
  } else if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) != 0) {
    outcome.kind = OutcomeKind::error;
    outcome.message = fmt::format("the program ended with exit code {}", WEXITSTATUS(wait_status));
  }
}

}  // namespace headroom
