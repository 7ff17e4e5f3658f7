// The words of a check that all its writers share.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "reports/check.h"

namespace headroom::check {

std::string title_of(const Metric& metric);  // "peak", "activations at the peak", "layer encoder.layer.* itself"
std::string value_text(const Metric& metric, std::int64_t value);  // "2.51 GiB", "110,106,428"
std::string exact_text(const Metric& metric, std::int64_t value);  // "2.51 GiB (2,690,123,776)"

// "peak is 2.51 GiB (2,690,123,776), 522 MiB above 2.00 GiB, where it fails"
std::string sentence_of(const JudgedLimit& judged);

// "the baseline's 2.00 GiB and 5 % of it": what a level of growth is made of; empty of others.
std::string level_words(const JudgedLimit& judged);

std::string growth_text(const Growth& growth);  // "5 %", "10.0 MiB"

// As TOML has them: a text, the key of a limit, a level of at least `value` in a form that reads well, a level of just
// that, a growth.
std::string quoted_toml(const std::string& text);
std::string key_toml(const Metric& metric);
std::string level_toml(const Metric& metric, std::int64_t value);
std::string exact_toml(const Metric& metric, std::int64_t value);
std::string growth_toml(const Growth& growth);

std::string quoted_shell(const std::string& text);  // one word for a POSIX shell

// Why the limit is what it is, and what became of its exception; empty where nothing is said.
std::vector<std::string> remarks_of(const JudgedLimit& judged);

// "over by 522 MiB", "1.20 GiB left"
std::string room_words(const Metric& metric, const Check& check);

// "and 3 others, +1.20 GiB together": what the first kShownCells leave out; empty where that is nothing.
std::string rest_words(const CheckedBudget& budget);

// `peak = "2566MiB"`: the line of TOML with which the figure is allowed; empty where growth was broken, which takes a
// new baseline.
std::string paste_of(const JudgedLimit& judged);
std::string update_command(const CheckReport& report);

// One thing that is not as it should be.
struct Finding {
  std::size_t budget = 0;
  std::optional<std::size_t> limit;  // absent: the run was not judged
  bool is_error = true;              // else a warning
  std::uint32_t line = 0;
  std::string title, text;  // "bert-base: peak", the sentence; text of one line
  std::string rule;         // "peak"; of a run that was not judged "out_of_memory", …
  std::string fingerprint;  // the same as long as budget and limit are called the same
};

std::vector<Finding> findings_of(const CheckReport& report);  // in the order of the file

// Errors before warnings, runs that were not judged before others, then by how much a limit is broken.
std::vector<Finding> by_relevance(std::vector<Finding> findings, const CheckReport& report);

struct Counts {
  std::size_t within = 0, warned = 0, failed = 0, unjudged = 0;
};
Counts counts_of(const CheckReport& report);
std::string summary_of(const CheckReport& report);  // "1 of 3 budgets is exceeded, 1 warns, 1 is kept"

}  // namespace headroom::check
