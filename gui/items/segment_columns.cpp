#include "gui/items/segment_columns.h"

#include <QCoreApplication>

#include "gui/items/block_words.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Fragmentation", text); }

const SegmentView& segment_of(const LoadedRun& run, std::int64_t row) {
  return run.fragmentation.segments[static_cast<std::size_t>(row)];
}

std::vector<Column> own_columns(const RunHandle& run) {
  const auto at = [run](std::int64_t row) -> const SegmentView& { return segment_of(*run, row); };
  return {
      text_column(tr("blocks and gaps"), tr("By address, each segment to its own scale. What is grey is free."),
                  [at](auto row) { return pins_text(at(row)); }),
      bytes_column(tr("segment"), tr("What the allocator reserved in one piece."),
                   [at](auto row) { return at(row).bytes; }),
      bytes_column(tr("live"), tr("Blocks that are live, or that another stream still uses. Fewest first."),
                   [at](auto row) { return at(row).live_bytes + at(row).held_bytes; }),
      bytes_column(tr("free"), tr("What is reserved and in no block."), [at](auto row) { return at(row).free_bytes; }),
      bytes_column(tr("largest gap"), tr("Free in one piece: no larger block fits."),
                   [at](auto row) { return at(row).largest_gap_bytes; }),
      count_column(tr("blocks"), tr("How many pin it."),
                   [at](auto row) { return static_cast<std::int64_t>(at(row).blocks.size()); })};
}

// Of the smallest block of each segment.
std::vector<Column> pin_columns(const RunHandle& run) {
  const auto smallest = [run](std::int64_t row) -> const Allocation* {
    const SegmentView& segment = segment_of(*run, row);
    return segment.is_pinned() ? &run->breakdown.allocations[static_cast<std::size_t>(segment.blocks.front())]
                               : nullptr;
  };
  const auto words = [run, smallest](auto function) {
    return [run, smallest, function](std::int64_t row) {
      return smallest(row) ? function(run->breakdown, *smallest(row)) : QString();
    };
  };
  const auto layer = [](const Breakdown& b, const Allocation& a) { return to_text(layer_path(b, a.layer)); };
  Column pin = text_column(tr("pinned by"), tr("The smallest block in it that is live."), words(block_name));
  pin.swatch = [smallest](auto row) {
    return smallest(row) ? theme().category(smallest(row)->category) : QColor(Qt::transparent);
  };
  pin.tooltip = words(block_tooltip);
  return {pin,
          bytes_column(tr("its size"), tr("Of the smallest block."),
                       [smallest](auto row) { return smallest(row) ? smallest(row)->block_bytes : 0; }),
          text_column(tr("layer"), tr("That allocated the smallest block."), words(layer)),
          text_column(tr("lifetime"), tr("From where to where the smallest block lives."), words(lifetime_text))};
}

}  // namespace

QString pins_text(const SegmentView& segment) {
  if (!segment.is_pinned()) return tr("nothing: cached");
  return segment.blocks.size() == 1 ? tr("1 block")
                                    : tr("%1 blocks").arg(count_text(static_cast<std::int64_t>(segment.blocks.size())));
}

std::vector<Column> segment_columns(const RunHandle& run) {
  std::vector<Column> columns = own_columns(run);
  for (Column& column : pin_columns(run)) columns.push_back(std::move(column));
  return columns;
}

std::vector<Column> replay_columns(const std::vector<const AllocatorReplay*>& replays) {
  const auto at = [replays](std::int64_t row) -> const AllocatorReplay& {
    return *replays[static_cast<std::size_t>(row)];
  };
  const auto saved_by = [at](std::int64_t row) { return saved_bytes(at(0), at(row)); };
  Column reserved = bytes_column(tr("peak reserved"), tr("The most that they reserve."),
                                 [at](auto row) { return at(row).peak_reserved_bytes; });
  reserved.text = [at](auto row) {
    return at(row).ran_out_of_memory ? tr("out of memory") : size_text(at(row).peak_reserved_bytes);
  };
  Column saved = bytes_column(tr("saved"), tr("Against what was recorded; negative: it would have cost."), saved_by);
  saved.text = [at, saved_by](auto row) {
    const bool is_known = at(0).faithful && at(row).change != ReplayChange::none && !at(row).ran_out_of_memory;
    return is_known ? size_text(saved_by(row)) : QString();
  };
  return {
      text_column(tr("the same requests"), tr("What was changed."), [at](auto row) { return to_text(at(row).label); }),
      reserved,
      saved,
      bytes_column(tr("at the recorded peak"), tr("What they reserve where the recording reserves most."),
                   [at](auto row) { return at(row).reserved_at_peak_bytes; }),
      count_column(tr("segments"), tr("At their own peak."), [at](auto row) { return at(row).segment_count; }),
      count_column(tr("driver calls"), tr("Segments reserved and given back; each makes a real GPU wait."),
                   [at](auto row) { return at(row).driver_call_count; })};
}

}  // namespace headroom::gui
