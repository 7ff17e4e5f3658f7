#include "reports/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/markup.h"
#include "reports/summary.h"
#include "reports/text.h"

namespace headroom {
namespace {

// Lines of a fixed number of cells.
class CsvTable {
 public:
  explicit CsvTable(const std::vector<std::string_view>& titles) {
    for (const std::string_view title : titles) add(title);
    end_line();
  }

  void add(std::string_view text) {
    between();
    out_ += csv_field(text);
  }

  void add(std::int64_t value) {
    between();
    out_ += fmt::format_int(value).c_str();
  }

  void add(const std::optional<double>& value) {
    between();
    if (value && std::isfinite(*value)) out_ += fmt::format("{}", *value);
  }

  void add(const CategoryBytes& bytes) {
    for (const std::int64_t of_one : bytes) add(of_one);
  }

  void end_line() {
    out_ += "\r\n";
    at_start_ = true;
  }

  std::string take() { return std::move(out_); }

 private:
  void between() {
    if (!at_start_) out_ += ',';
    at_start_ = false;
  }

  std::string out_;
  bool at_start_ = true;
};

template <class E, std::size_t N>
void add_name(CsvTable& table, const std::array<Named<E>, N>& names, E value) {
  table.add(to_name(names, value));
}

void add_text(CsvTable& table, const std::string& text) { table.add(printable(text)); }

std::vector<std::string_view> with_categories(std::vector<std::string_view> titles) {
  for (std::size_t c = 0; c < kCategoryCount; ++c) titles.push_back(to_name(kCategoryNames, static_cast<Category>(c)));
  return titles;
}

void add_settings(CsvTable& table, const Breakdown& run) {
  const RunSpec& spec = run.spec;
  const bool program = is_program(spec);
  add_text(table, run.label);
  add_text(table, run.model.name.empty() ? spec.model : run.model.name);
  add_text(table, run.model.attention.empty() ? spec.attention : run.model.attention);
  const auto setting = [&](std::string_view text) { table.add(program ? std::string_view() : text); };
  setting(std::to_string(spec.batch));
  setting(std::to_string(spec.seq));
  setting(spec.mode == Mode::generate ? std::to_string(spec.generation.new_tokens) : std::string());
  setting(to_name(kModeNames, spec.mode));
  setting(to_name(kDtypeNames, spec.dtype));
  setting(spec.mode == Mode::train ? to_name(kOptimizerNames, spec.optimizer) : std::string_view());
  add_text(table, run.environment.device_name.empty() ? spec.device : run.environment.device_name);
  add_name(table, kDeviceKindNames, run.environment.device_kind);
  add_name(table, kOutcomeNames, run.outcome.kind);
}

void add_peak(CsvTable& table, const Breakdown& run) {
  table.add(run.parameter_count);
  table.add(run.parameter_bytes);
  table.add(run.peak.allocated_bytes);
  table.add(run.peak_requested_bytes);
  table.add(run.peak_reserved_bytes);
  table.add(has_peak(run) ? to_name(kPhaseNames, run.peak.phase) : std::string_view());
  table.add(has_peak(run) ? std::to_string(run.peak.step) : std::string());
  add_text(table, has_peak(run) ? layer_path(run, run.peak.layer) : "");
  table.add(kept_activation_bytes(run));
  table.add(cache_bytes_per_token(run));
  table.add(kv_cache_bytes(run));
  table.add(run.dropped_event_count);
}

void add_savings(CsvTable& table, const ComparisonRow& row) {
  table.add(row.peak_saving_percent);
  table.add(row.parameter_saving_percent);
  table.add(row.attention_saving_percent);
  table.add(row.activation_saving_percent);
  table.add(row.kv_cache_saving_percent);
}

std::string categories_csv(const Report& report) {
  CsvTable table({"run", "category", "bytes", "last_step_requested_bytes"});
  for (const ReportRun& run : report.runs)
    for (std::size_t c = 0; c < kCategoryCount; ++c) {
      add_text(table, run.breakdown.label);
      add_name(table, kCategoryNames, static_cast<Category>(c));
      table.add(run.breakdown.peak.categories[c]);
      table.add(run.breakdown.last_step_bytes[c]);
      table.end_line();
    }
  return table.take();
}

std::string layers_csv(const Report& report) {
  auto titles = with_categories({"run", "layer", "kind", "bytes"});
  titles.insert(titles.end(), {"kept_for_backward_requested_bytes", "temporary_peak_bytes", "forward_peak_bytes",
                               "backward_peak_bytes"});
  CsvTable table(titles);
  for (const ReportRun& report_run : report.runs) {
    const Breakdown& run = report_run.breakdown;
    for (const LayerBytes& layer : run.peak.layers) {
      const auto index = static_cast<std::size_t>(layer.layer);
      const LayerRow row = index < run.layer_rows.size() ? run.layer_rows[index] : LayerRow{};
      add_text(table, run.label);
      add_text(table, layer_path(run, layer.layer));
      add_name(table, kLayerKindNames, index < run.layers.size() ? run.layers[index].kind : LayerKind::other);
      table.add(layer.bytes);
      table.add(layer.categories);
      for (const std::int64_t bytes :
           {row.activation_requested_bytes, row.temporary_peak_bytes, row.forward_peak_bytes, row.backward_peak_bytes})
        table.add(bytes);
      table.end_line();
    }
  }
  return table.take();
}

void add_block(CsvTable& table, const Breakdown& run, const Allocation& a) {
  add_text(table, layer_path(run, a.layer));
  add_name(table, kCategoryNames, a.category);
  add_text(table, text_of(run, a.op));
  add_text(table, text_of(run, a.tensor));
  add_text(table, text_of(run, a.source));
}

std::string tensors_csv(const Report& report) {
  CsvTable table({"run", "bytes", "requested_bytes", "phase", "step", "event", "layer", "category", "operator",
                  "tensor", "source_line"});
  for (const ReportRun& report_run : report.runs) {
    const Breakdown& run = report_run.breakdown;
    for (const std::int64_t index : run.peak.live) {
      const Allocation& a = run.allocations.at(static_cast<std::size_t>(index));
      add_text(table, run.label);
      table.add(a.block_bytes);
      table.add(a.requested_bytes);
      add_name(table, kPhaseNames, a.phase);
      table.add(std::int64_t{a.step});
      table.add(a.begin);
      add_block(table, run, a);
      table.end_line();
    }
  }
  return table.take();
}

// For each event the block that it allocates or frees; -1: none.
std::vector<std::int64_t> blocks_of(const ExportRun& run) {
  std::vector<std::int64_t> blocks(run.recording->events.size(), -1);
  const std::vector<Allocation>& all = run.breakdown->allocations;
  for (std::size_t i = 0; i < all.size(); ++i) {
    blocks.at(static_cast<std::size_t>(all[i].begin)) = static_cast<std::int64_t>(i);
    if (all[i].end != kNeverFreed) blocks.at(static_cast<std::size_t>(all[i].end)) = static_cast<std::int64_t>(i);
  }
  return blocks;
}

// An address is a number of 64 bits without a sign.
void add_event(CsvTable& table, const Events& e, std::size_t i) {
  table.add(static_cast<std::int64_t>(i));
  table.add(e.time_ns[i]);
  add_name(table, kActionNames, e.action[i]);
  table.add(fmt::format("{:#x}", e.address[i]));
  table.add(e.requested_bytes[i]);
  table.add(e.block_bytes[i]);
  add_name(table, kPhaseNames, e.phase[i]);
  table.add(std::int64_t{e.step[i]});
}

std::int64_t sign_of(Action action) { return action == Action::alloc || action == Action::segment_alloc ? 1 : -1; }

void add_events(CsvTable& table, const ExportRun& run) {
  const Events& events = run.recording->events;
  const std::vector<std::int64_t> blocks = blocks_of(run);
  const bool has_segments = std::ranges::find(events.action, Action::segment_alloc) != events.action.end();
  std::int64_t allocated = 0, reserved = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool is_segment = events.action[i] == Action::segment_alloc || events.action[i] == Action::segment_free;
    (is_segment ? reserved : allocated) += sign_of(events.action[i]) * events.block_bytes[i];
    add_text(table, run.breakdown->label);
    add_event(table, events, i);
    table.add(allocated);
    table.add(has_segments ? reserved : allocated);
    if (blocks[i] >= 0) {
      add_block(table, *run.breakdown, run.breakdown->allocations[static_cast<std::size_t>(blocks[i])]);
    } else {
      for (int cell = 0; cell < 5; ++cell) table.add(std::string_view());
    }
    table.end_line();
  }
}

std::string events_csv(const std::vector<ExportRun>& recorded) {
  CsvTable table({"run", "event", "time_ns", "action", "address", "requested_bytes", "block_bytes", "phase", "step",
                  "allocated_bytes", "reserved_bytes", "layer", "category", "operator", "tensor", "source_line"});
  for (const ExportRun& run : recorded) add_events(table, run);
  return table.take();
}

}  // namespace

std::string write_runs_csv(const Report& report) {
  CsvTable table({"run",
                  "model",
                  "attention",
                  "batch",
                  "seq",
                  "new_tokens",
                  "mode",
                  "dtype",
                  "optimizer",
                  "device",
                  "device_kind",
                  "outcome",
                  "parameter_count",
                  "parameter_bytes",
                  "peak_allocated_bytes",
                  "peak_requested_bytes",
                  "peak_reserved_bytes",
                  "peak_phase",
                  "peak_step",
                  "peak_layer",
                  "kept_for_backward_requested_bytes",
                  "kv_cache_bytes_per_token",
                  "kv_cache_bytes",
                  "dropped_event_count",
                  "peak_saving_percent",
                  "parameter_saving_percent",
                  "attention_saving_percent",
                  "activation_saving_percent",
                  "kv_cache_saving_percent",
                  "reproduce"});
  for (std::size_t i = 0; i < report.runs.size(); ++i) {
    const Breakdown& run = report.runs[i].breakdown;
    add_settings(table, run);
    add_peak(table, run);
    add_savings(table, report.comparison ? report.comparison->rows.at(i) : ComparisonRow{});
    add_text(table, reproduction_command(run.spec));
    table.end_line();
  }
  return table.take();
}

std::vector<Document> write_csv(const Report& report, const std::vector<ExportRun>& recorded) {
  return {{"runs.csv", write_runs_csv(report)},
          {"categories.csv", categories_csv(report)},
          {"layers.csv", layers_csv(report)},
          {"tensors.csv", tensors_csv(report)},
          {"events.csv", events_csv(recorded)}};
}

}  // namespace headroom
