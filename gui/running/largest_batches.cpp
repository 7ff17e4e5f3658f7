#include "gui/running/largest_batches.h"

#include <algorithm>

#include "gui/running/program.h"
#include "gui/views/text.h"

namespace headroom::gui {
namespace {

constexpr std::int64_t kMostBatch = 1 << 16;

std::string spec_device(const virtual_gpu::DeviceModel& device) { return "virtual:" + device.name; }

}  // namespace

LargestBatches::LargestBatches(QObject* parent) : RowsModel(parent) {
  for (const virtual_gpu::DeviceModel& device : virtual_gpu::device_catalog()) {
    rows_.emplace_back();
    rows_.back().device = &device;
  }
  std::stable_sort(rows_.begin(), rows_.end(),
                   [](const Row& a, const Row& b) { return a.device->total_bytes < b.device->total_bytes; });
  connect(&estimate_, &Estimate::finished, this, &LargestBatches::take);
  fill();
}

int LargestBatches::row_of(const std::string& device) const {
  const auto found =
      std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return spec_device(*row.device) == device; });
  return found == rows_.end() ? -1 : static_cast<int>(found - rows_.begin());
}

void LargestBatches::set_spec(const RunSpec& spec) {
  RunSpec same = estimated_spec(spec);
  same.batch = spec_.batch;
  same.device = spec_.device;
  if (same == spec_) return;
  stop();
  spec_ = estimated_spec(spec);
  for (Row& row : rows_) row = {row.device, {}, {}, false};
  Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
  Q_EMIT changed();
}

QString LargestBatches::text_of(const Row& row) const {
  if (row.is_searched) return tr("…");
  if (!row.problem.isEmpty()) return tr("failed");
  if (!row.largest) return {};
  if (!row.largest->value) return tr("✕ not even 1");
  return row.largest->is_high ? tr("%1 or more").arg(count_text(*row.largest->value)) : count_text(*row.largest->value);
}

void LargestBatches::fill() {
  const auto at = [this](std::int64_t row) -> const Row& { return rows_[static_cast<std::size_t>(row)]; };
  Column largest{tr("Largest batch"),
                 tr("Runs were made with it, and with one sequence more, which was out of memory."),
                 [this, at](std::int64_t row) { return text_of(at(row)); }};
  largest.value = [at](std::int64_t row) {
    return at(row).largest ? QVariant(qlonglong(at(row).largest->value.value_or(0))) : QVariant(QString());
  };
  largest.tooltip = [this, at](std::int64_t row) {
    if (!at(row).problem.isEmpty()) return at(row).problem;
    return at(row).largest ? tr("%1 virtual runs were made to find it").arg(at(row).largest->probe_count) : QString();
  };
  // All are of one maker, whose name takes room that the rest of theirs needs.
  Column gpu = text_column(tr("GPU"), tr("A virtual GPU of the catalogue."), [at](std::int64_t row) {
    return to_text(at(row).device->product).remove(QLatin1String("NVIDIA "));
  });
  gpu.value = [at](std::int64_t row) { return QVariant(to_text(at(row).device->product)); };
  gpu.tooltip = [at](std::int64_t row) {
    return QStringLiteral("%1\n%2").arg(to_text(at(row).device->product), to_text(spec_device(*at(row).device)));
  };
  std::vector<Column> columns{std::move(gpu),
                              bytes_column(tr("Memory"), tr("As the driver reports it."),
                                           [at](std::int64_t row) { return at(row).device->total_bytes; }),
                              std::move(largest)};
  set(std::move(columns), static_cast<std::int64_t>(rows_.size()));
}

void LargestBatches::find(int row) {
  if (running_ < 0) forget_other_program();
  if (spec_.model.empty() || row < 0 || rows_[static_cast<std::size_t>(row)].largest) return;
  if (row == running_ || std::find(waiting_.begin(), waiting_.end(), row) != waiting_.end()) return;
  waiting_.push_back(row);
  if (running_ < 0) start_next();
}

void LargestBatches::find_all() {
  for (int row = 0; row < rowCount(); ++row) find(row);
}

void LargestBatches::stop() {
  waiting_.clear();
  estimate_.cancel();
  search_.reset();
  if (running_ >= 0) rows_[static_cast<std::size_t>(std::exchange(running_, -1))].is_searched = false;
  Q_EMIT changed();
}

void LargestBatches::start_next() {
  running_ = -1;
  if (!waiting_.empty()) {
    running_ = waiting_.front();
    waiting_.erase(waiting_.begin());
    rows_[static_cast<std::size_t>(running_)].is_searched = true;
    begin_search();
  }
  Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
  Q_EMIT changed();
}

void LargestBatches::begin_search() {
  const std::int64_t most = std::min(kMostBatch, kMaxTokensPerStep / spec_.seq);
  search_.emplace(1, most, rows_[static_cast<std::size_t>(running_)].device->total_bytes);
  ask();
}

void LargestBatches::ask() {
  RunSpec spec = spec_;
  spec.device = spec_device(*rows_[static_cast<std::size_t>(running_)].device);
  spec.batch = *search_->next();
  estimate_.ask(spec);
}

// True where something was.
bool LargestBatches::forget_other_program() {
  const QString now = program_fingerprint(find_program().path);
  if (std::exchange(made_by_, now) == now) return false;
  for (Row& row : rows_) row = {row.device, {}, {}, row.is_searched};
  return true;
}

void LargestBatches::take() {
  if (forget_other_program()) return begin_search();
  const RunResult& result = estimate_.result();
  if (result.kind == RunResult::Kind::failed) return conclude(to_text(result.message));
  // Of a run that was out of memory it is known how far it got, and that it was not enough.
  search_->tell({result.fits(), result.fits() ? result.reserved_bytes : 0});
  search_->next() ? ask() : conclude();
}

void LargestBatches::conclude(const QString& problem) {
  Row& row = rows_[static_cast<std::size_t>(running_)];
  row.is_searched = false;
  row.problem = problem;
  if (problem.isEmpty()) row.largest = search_->result();
  start_next();
}

}  // namespace headroom::gui
