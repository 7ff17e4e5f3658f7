#include "gui/items/timeline_rows.h"

#include <QCoreApplication>
#include <memory>

#include "gui/views/text.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Timeline", text); }

using Rows = std::shared_ptr<const std::vector<CurveColumn>>;

Rows rows_of(const LoadedRun& run, const std::vector<InstantRange>& ranges) {
  auto rows = std::make_shared<std::vector<CurveColumn>>();
  for (const CurveColumn& column : run.detail.columns(ranges, Stacking::category))
    if (column.event >= 0 && (rows->empty() || rows->back().event != column.event))
      rows->push_back(run.detail.at(column.event, Stacking::category));
  return rows;
}

Column phase_column(const RunHandle& run, const Rows& rows) {
  return text_column(tr("Phase"), tr("What the program was in."), [run, rows](std::int64_t row) {
    const auto event = static_cast<std::size_t>((*rows)[static_cast<std::size_t>(row)].event);
    return to_text(to_name(kPhaseNames, run->recording.events.phase[event]));
  });
}

}  // namespace

void set_timeline_rows(RowsModel& model, const RunHandle& run, const std::vector<InstantRange>& ranges) {
  if (!run) return model.clear();
  const Rows rows = rows_of(*run, ranges);
  const auto at = [rows](std::int64_t row) -> const CurveColumn& { return (*rows)[static_cast<std::size_t>(row)]; };
  const auto event = [at](std::int64_t row) { return static_cast<std::size_t>(at(row).event); };
  std::vector<Column> columns{
      count_column(tr("Event"), tr("The instant after this event."), [at](std::int64_t row) { return at(row).event; }),
      count_column(tr("Time in ns"), tr("Since the run's start, on the host."),
                   [run, event](std::int64_t row) { return run->recording.events.time_ns[event(row)]; }),
      phase_column(run, rows),
      count_column(tr("Step"), tr("0: before the first step."),
                   [run, event](std::int64_t row) { return run->recording.events.step[event(row)]; }),
      bytes_column(tr("Reserved"), tr("Segments the allocator had of the device."),
                   [at](std::int64_t row) { return at(row).reserved_bytes; }),
      bytes_column(tr("Allocated"), tr("Blocks in use; the categories add up to it."),
                   [at](std::int64_t row) { return at(row).allocated_bytes; })};
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    columns.push_back(bytes_column(title_of(static_cast<Category>(c)), tr("Of what was allocated."),
                                   [at, c](std::int64_t row) { return at(row).parts[c]; }));
  model.set(std::move(columns), std::ssize(*rows));
}

}  // namespace headroom::gui
