// Runs made by hand: a script of allocations becomes a Breakdown and a timeline whose sums are known, so that the
// writers are tested without a recording.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/report.h"

namespace headroom::synthetic {

class Run {
 public:
  explicit Run(std::string label);

  LayerId layer(const std::string& path, LayerKind kind, LayerId parent = LayerId::root);
  void phase(Phase phase, std::int32_t step);
  // Returns the allocation's number, for free(). Blocks are `bytes` rounded up to 512.
  std::size_t alloc(LayerId layer, Category category, std::int64_t bytes, const std::string& op = "",
                    const std::string& tensor = "", const std::string& source = "");
  void free(std::size_t allocation);
  void closed_form(const std::string& quantity, const std::string& layer, const std::string& formula,
                   std::int64_t bytes, std::int64_t recorded);

  ReportRun finish();

  Breakdown run;  // what the script does not decide may be set here

 private:
  StringId intern(const std::string& text);
  void event();
  void note_peak(PeakView& peak, LayerId layer) const;
  void fill(PeakView& peak) const;
  void fill_layer_rows();

  std::vector<TimelinePoint> timeline_;
  CategoryBytes live_{};
  std::int64_t requested_ = 0, reserved_ = 0, time_ns_ = 0;
  Phase phase_ = Phase::build;
  std::int32_t step_ = 0;
};

// What a variant of attention costs, in bytes for each layer.
struct Variant {
  std::string name;
  std::int64_t attention_parameters = 0;   // of one layer
  std::int64_t attention_activations = 0;  // of one layer
  std::int64_t kv_bytes_per_token = 0;
};

// An encoder of `layers` blocks, two training steps with AdamW, on a virtual H100.
ReportRun encoder(const Variant& variant, int layers = 12);

// Savings of all rows against `baseline`, by their definition in analysis/comparison.h.
Report report_of(std::vector<ReportRun> runs, std::size_t baseline = 0);

// Seven variants as in the main comparison.
Report seven_variants();

// A run of two layers and a handful of blocks, small enough to add up by hand.
ReportRun tiny(const std::string& label = "tiny");

ReportRun out_of_memory();  // stopped in the forward pass of step 1
ReportRun failed();         // never started; nothing was recorded
// Of `headroom run`, with source lines, a device that was told much, orders of addresses, and a sudden end.
ReportRun program(const std::string& label = "train");
ReportRun hostile();        // markup, escape sequences, bad UTF-8 and wide letters in every text

// An encoder whose driver was listened to: kernels, driver memory, the whole GPU, fragmentation. `real`: of a real device, with
// times, lost records and a problem.
ReportRun traced(bool real);
ReportRun untraceable();  // tracing was asked for and could not be

// Of --mode generate on a virtual H100, from a recording, so that analysis/ made its breakdown.
struct GenerationSample {
  std::string label = "mha";
  CacheKind cache = CacheKind::dynamic;
  int layers = 12;
  std::int64_t batch = 4, prompt = 512, new_tokens = 24, key_width = 768;
};
ReportRun generation(const GenerationSample& sample);
ReportRun generation_with_fit();
Report generations();  // three mechanisms

// Named reports of every kind above and of their mixtures.
struct Named {
  std::string name;
  Report report;
};
std::vector<Named> all_reports();

}  // namespace headroom::synthetic
