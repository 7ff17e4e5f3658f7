#include <fmt/format.h>

#include "reports/markup.h"
#include "reports/summary.h"
#include "reports/sweep.h"

namespace headroom {
namespace {

class Line {
 public:
  void add(const std::string& text) { text_ += (empty_ ? "" : ",") + csv_field(text), empty_ = false; }
  void add(std::int64_t number) { add(std::to_string(number)); }
  void skip(std::size_t fields) {
    for (std::size_t i = 0; i < fields; ++i) add("");
  }
  std::string end() const { return text_ + "\n"; }

 private:
  std::string text_;
  bool empty_ = true;
};

std::string header(const Sweep& sweep) {
  Line line;
  line.add("run");
  for (const std::string& key : sweep.varied) line.add(key);
  for (const char* name : {"outcome", "reason", "parameters", "parameter_bytes", "peak_allocated_bytes",
                           "peak_requested_bytes", "peak_reserved_bytes"})
    line.add(name);
  for (std::size_t i = 0; i < kCategoryCount; ++i)
    line.add(fmt::format("peak_{}_bytes", to_name(kCategoryNames, static_cast<Category>(i))));
  for (const char* name : {"peak_phase", "peak_step", "peak_layer", "kv_cache_bytes_per_token", "failed_request_bytes",
                           "free_bytes", "numbers", "device_name", "torch_version", "key"})
    line.add(name);
  return line.end();
}

void add_peak(Line& line, const std::optional<SweepPeak>& peak) {
  if (!peak) return line.skip(6 + kCategoryCount);
  line.add(peak->allocated_bytes);
  line.add(peak->requested_bytes);
  line.add(peak->reserved_bytes);
  for (const std::int64_t bytes : peak->categories) line.add(bytes);
  line.add(std::string(to_name(kPhaseNames, peak->phase)));
  line.add(peak->step);
  line.add(peak->layer);
}

std::string line_of(const SweepRow& row) {
  const SweepResult& r = row.result;
  Line line;
  line.add(row.number);
  for (const Json& value : row.settings) line.add(setting_text(value));
  line.add(std::string(to_name(kSweepOutcomeNames, r.outcome)));
  line.add(r.reason);
  r.parameter_count > 0 ? line.add(r.parameter_count) : line.skip(1);
  r.parameter_count > 0 ? line.add(r.parameter_bytes) : line.skip(1);
  add_peak(line, r.peak);
  r.peak ? line.add(r.kv_cache_bytes_per_token) : line.skip(1);
  r.failure ? line.add(r.failure->failed_request_bytes) : line.skip(1);
  r.failure ? line.add(r.failure->free_bytes) : line.skip(1);
  Environment ran_on;
  ran_on.device_kind = r.device_kind;
  r.device_name.empty() ? line.skip(1) : line.add(std::string(truth_word(ran_on)));
  line.add(r.device_name);
  line.add(r.torch_version);
  line.add(r.key);
  return line.end();
}

}  // namespace

std::string write_sweep_csv(const Sweep& sweep) {
  std::string out = header(sweep);
  for (const SweepRow& row : sweep.rows) out += line_of(row);
  return out;
}

}  // namespace headroom
