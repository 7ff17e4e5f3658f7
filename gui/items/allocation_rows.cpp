#include "gui/items/allocation_rows.h"

#include <QCoreApplication>
#include <numeric>

#include "gui/items/allocation_filter.h"
#include "gui/views/places.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/categories.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Allocations", text); }

bool is_live_after(const Allocation& a, std::int64_t event) {
  return a.begin <= event && (a.end == kNeverFreed || a.end > event);
}

std::vector<std::uint32_t> rows_in_scope(const AllocationQuery& query) {
  const Breakdown& run = query.run->breakdown;
  std::vector<std::uint32_t> rows;
  if (query.scope == AllocationScope::all) {
    rows.resize(run.allocations.size());
    std::iota(rows.begin(), rows.end(), 0U);
  } else if (!query.event) {
    rows.assign(run.peak.live.begin(), run.peak.live.end());
  } else {
    for (std::size_t i = 0; i < run.allocations.size() && run.allocations[i].begin <= *query.event; ++i)
      if (is_live_after(run.allocations[i], *query.event)) rows.push_back(static_cast<std::uint32_t>(i));
  }
  return rows;
}

// What the columns are made of.
class Cells {
 public:
  explicit Cells(AllocationRowsHandle rows) : rows_(std::move(rows)) {}

  const Allocation& at(std::int64_t row) const {
    return breakdown().allocations[rows_->order[static_cast<std::size_t>(row)]];
  }
  const Breakdown& breakdown() const { return rows_->run->breakdown; }
  const LoadedRun& run() const { return *rows_->run; }

 private:
  AllocationRowsHandle rows_;
};

Column bytes_of(const Cells& cells, const QString& title, const QString& meaning,
                std::int64_t (*bytes)(const Allocation&)) {
  return bytes_column(title, meaning, [cells, bytes](std::int64_t row) { return bytes(cells.at(row)); });
}

Column text_of_id(const Cells& cells, const QString& title, const QString& meaning, StringId Allocation::*id) {
  return text_column(title, meaning,
                     [cells, id](std::int64_t row) { return to_text(text_of(cells.breakdown(), cells.at(row).*id)); });
}

Column category_column(const Cells& cells) {
  Column column = text_column(tr("Category"), tr("What the block was for."),
                              [cells](std::int64_t row) { return title_of(cells.at(row).category); });
  column.swatch = [cells](std::int64_t row) { return theme().category(cells.at(row).category); };
  column.tooltip = [cells](std::int64_t row) { return meaning_of(cells.at(row).category); };
  return column;
}

Column freed_column(const Cells& cells) {
  Column column = text_column(tr("Freed in"), tr("Phase and step in which it was given back to the allocator."),
                              [cells](std::int64_t row) {
                                const Allocation& a = cells.at(row);
                                return a.end == kNeverFreed ? tr("never") : moment_of_event(cells.run(), a.end);
                              });
  return column;
}

Column time_column(const Cells& cells) {
  const auto ns = [cells](std::int64_t row) { return lifetime_ns(cells.run().recording, cells.at(row)); };
  return {.title = tr("Lived"),
          .meaning = tr("Time between its allocation and its free, on the host's clock; to the run's end where it was "
                        "never freed."),
          .text = [ns](std::int64_t row) { return time_text(ns(row)); },
          .value = [ns](std::int64_t row) { return QVariant(static_cast<qlonglong>(ns(row))); },
          .tooltip = [ns](std::int64_t row) { return tr("%1 ns").arg(count_text(ns(row))); }};
}

Column address_column(const Cells& cells) {
  Column column =
      text_column(tr("Address"), tr("Where the block lies in the device's memory."),
                  [cells](std::int64_t r) { return QStringLiteral("0x%1").arg(cells.at(r).address, 0, 16); });
  column.is_number = true;
  return column;
}

template <class Values>
Column event_number_column(const Cells& cells, const QString& title, const QString& meaning, Values Events::*values) {
  return count_column(title, meaning, [cells, values](std::int64_t row) -> std::int64_t {
    const Values& column = cells.run().recording.events.*values;
    return column.empty() ? 0 : static_cast<std::int64_t>(column[static_cast<std::size_t>(cells.at(row).begin)]);
  });
}

std::vector<AllocationColumn> place_columns(const Cells& cells) {
  const auto layer = [cells](std::int64_t row) { return to_text(layer_path(cells.breakdown(), cells.at(row).layer)); };
  const auto tensor = [cells](std::int64_t row) { return tensor_text(cells.breakdown(), cells.at(row)); };
  const auto born = [cells](std::int64_t row) { return to_text(moment(cells.at(row).phase, cells.at(row).step)); };
  return {
      {AllocationKey::tensor, text_column(tr("Tensor"), tr("Shape and dtype of the first tensor in it."), tensor)},
      {AllocationKey::category, category_column(cells)},
      {AllocationKey::layer, text_column(tr("Layer"),
                                         tr("The innermost layer that ran when it was allocated; sorted in "
                                            "the order of the model."),
                                         layer)},
      {AllocationKey::op, text_of_id(cells, tr("Operator"), tr("The operator that asked for it."), &Allocation::op)},
      {AllocationKey::begin, text_column(tr("Allocated in"),
                                         tr("Phase and step in which it was allocated; sorted by "
                                            "the instant."),
                                         born)},
      {AllocationKey::end, freed_column(cells)}};
}

std::vector<AllocationColumn> detail_columns(const Cells& cells) {
  const auto events = [cells](std::int64_t row) { return lifetime_events(cells.run().recording, cells.at(row)); };
  return {{AllocationKey::events,
           count_column(tr("Lifetime"), tr("Events of the allocator between its allocation and its free."), events)},
          {AllocationKey::time, time_column(cells), false},
          {AllocationKey::requested,
           bytes_of(cells, tr("Requested"), tr("Bytes that were asked for."),
                    [](const Allocation& a) { return a.requested_bytes; }),
           false},
          {AllocationKey::rounding,
           bytes_of(cells, tr("Rounding"), tr("What the block holds beyond what was asked for."),
                    [](const Allocation& a) { return a.block_bytes - a.requested_bytes; }),
           false},
          {AllocationKey::source,
           text_of_id(cells, tr("Line"),
                      tr("The program's line that asked for it; empty where lines "
                         "were not recorded."),
                      &Allocation::source),
           false},
          {AllocationKey::address, address_column(cells), false},
          {AllocationKey::stream,
           event_number_column(cells, tr("Stream"),
                               tr("The device's stream, in order of first use; 0 is "
                                  "the default one."),
                               &Events::stream),
           false},
          {AllocationKey::pool,
           event_number_column(cells, tr("Pool"),
                               tr("The allocator's private pool, as of a CUDA graph; 0 "
                                  "is the common one."),
                               &Events::pool),
           false}};
}

}  // namespace

Chosen chosen_within(const LoadedRun& run, Chosen chosen) {
  const auto drop = [](auto& id, std::size_t count) {
    if (id && (static_cast<std::int64_t>(*id) < 0 || static_cast<std::size_t>(*id) >= count)) id.reset();
  };
  drop(chosen.allocation, run.breakdown.allocations.size());
  drop(chosen.layer, run.breakdown.layers.size());
  drop(chosen.event, run.recording.events.size());
  return chosen;
}

QString moment_of_event(const LoadedRun& run, std::int64_t event) {
  const auto at = static_cast<std::size_t>(event);
  return moment_text(run.recording.events.phase[at], run.recording.events.step[at]);
}

QString tensor_text(const Breakdown& run, const Allocation& allocation) {
  const std::string text = text_of(run, allocation.tensor);
  return text.empty() ? tr("(scratch)") : to_text(text);
}

AllocationRowsHandle find_rows(const AllocationQuery& query, const std::atomic<bool>& cancelled) {
  const Breakdown& run = query.run->breakdown;
  auto found = std::make_shared<AllocationRows>();
  found->run = query.run;
  found->order = rows_in_scope(query);
  found->all_count = static_cast<std::int64_t>(found->order.size());
  for (const std::uint32_t row : found->order) found->all_bytes += run.allocations[row].block_bytes;
  if (!query.filter.shows_everything()) {
    const AllocationFilter filter(run, query.filter);
    std::erase_if(found->order, [&](std::uint32_t row) { return !filter.shows(run.allocations[row]); });
  }
  for (const std::uint32_t row : found->order) found->shown_bytes += run.allocations[row].block_bytes;
  order_allocations(query.run->recording, run.allocations, query.key, query.descending, found->order, cancelled);
  return found;
}

std::vector<AllocationColumn> allocation_columns(AllocationRowsHandle rows) {
  const Cells cells(std::move(rows));
  std::vector<AllocationColumn> columns{
      {AllocationKey::block, bytes_of(cells, tr("Size"), tr("Bytes of the allocator's block, rounding included."),
                                      [](const Allocation& a) { return a.block_bytes; })}};
  for (auto& column : place_columns(cells)) columns.push_back(std::move(column));
  for (auto& column : detail_columns(cells)) columns.push_back(std::move(column));
  return columns;
}

}  // namespace headroom::gui
