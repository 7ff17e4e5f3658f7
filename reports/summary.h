// Numbers and words that every writer takes from a Breakdown the same way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reports/report.h"

namespace headroom {

// "virtual" or "measured": what may be said of the run's numbers; "reported" of a snapshot that does not say which.
std::string_view truth_word(const Environment& environment);

// The layer's path; empty where the recording has no such layer.
std::string layer_path(const Breakdown& run, LayerId id);

// The string; empty where the recording has no such string.
std::string text_of(const Breakdown& run, StringId id);

bool has_peak(const Breakdown& run);  // something was allocated

std::int64_t sum(const CategoryBytes& bytes);
std::int64_t bytes_of(const CategoryBytes& bytes, Category category);

std::int64_t kept_activation_bytes(const Breakdown& run);  // for backward in the last step, requested, over all layers
std::int64_t kv_cache_bytes(const Breakdown& run);  // generating: at the end, requested; else most in the last step

// True unless both were there to compare and differ.
bool agrees(const ClosedFormCheck& check);
bool was_recorded(const ClosedFormCheck& check);

// Why the categories of a run that ran out of memory in its build look as they do; empty for any other run.
std::string_view unfinished_build(const Breakdown& run);

// How to state what a read of the device gives, where the run rests on such a read; else empty.
std::string_view value_hint(const Breakdown& run);

// "backward of step 2"; "prefill", "decode of token 5": step 5 makes the fifth new token.
std::string moment(Phase phase, std::int32_t step);

// It may have gradients, optimizer state and what backward needs: of training, or a program.
bool trains(const Breakdown& run);

// "backward of step 2 at encoder.layer.3.attention"
std::string place(const Breakdown& run, const PeakView& peak);

// Its numbers may be shown as those of a whole run: it went well, or it is a program, whose end is its own business.
bool has_figures(const Breakdown& run);

// What decides the run, one phrase each: model, "batch 8 × seq 128" or "batch 8 × prompt 128 + 16 new tokens", mode,
// dtype, optimizer, kernels, device, and what a virtual device was told. Of a program there are the model, which is its
// name, its command, device and conditions.
struct RunPhrases {
  std::string model, command, shape, mode, dtype, optimizer, attention_kernel, device, conditions;
};
RunPhrases phrases(const Breakdown& run);

// What " · " separates within a phrase.
std::vector<std::string> parts_of(std::string_view phrase);

// What the runs differ in besides their attention mechanism: "model", "batch × seq", …
std::vector<std::string_view> other_differences(const Report& report);

// What all runs have in common, for a title: "bert-base: 7 attention variants", the device, the other settings.
struct Headline {
  std::string title, device;
  std::vector<std::string> settings;
};
Headline headline_of(const Report& report);

}  // namespace headroom
