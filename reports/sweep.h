// What a sweep found, for people and for programs: one table in several forms, and pictures of how peaks grow.
//
// All are functions of the rows alone, so that a sweep that was made in parts gives the same bytes as one that was not.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analysis/scaling.h"
#include "reports/report.h"

namespace headroom {

// headroom.sweep/1, ending in a newline; reports/schema/sweep.schema.json describes it. read_sweep_json() gives the
// same sweep back; it throws bad_input, opening with `where`, for anything else.
std::string write_sweep_json(const Sweep& sweep);
Sweep read_sweep_json(std::string_view text, const std::string& where);

// One finished run, whatever sweep it is of: headroom.sweep-run/1.
std::string write_sweep_run(const SweepResult& result);
SweepResult read_sweep_run(std::string_view text, const std::string& where);

// RFC 4180 but for the line's end, which is \n: a header, and a line for each run. Nothing stands where there is none.
std::string write_sweep_csv(const Sweep& sweep);

std::string write_sweep_terminal(const Sweep& sweep, const TerminalOptions& options);

struct SweepPicture {
  std::string file;   // "peak-seq.svg"
  std::string title;  // "Peak memory by seq"
  std::string svg;
};

// Of each number that was varied: the peak, a line for each combination of the rest, at most 8 of them in a picture;
// and the categories at the peak of each line where there are no more than 8 lines.
std::vector<SweepPicture> sweep_pictures(const Sweep& sweep);

// Tables and, where they are (beside it), the pictures.
std::string write_sweep_markdown(const Sweep& sweep, const std::vector<SweepPicture>& pictures);

// "12 runs: 10 ok, 1 out of memory, 1 refused", and how many are missing.
std::string sweep_counts(const Sweep& sweep);

// What all runs that were made have in common, in short: "bert-base", "batch 8", "train", "fp32"; not what was varied.
std::vector<std::string> sweep_conditions(const Sweep& sweep);

// What the numbers are of: "virtual NVIDIA H100 80GB HBM3", in order of first use.
std::vector<std::string> sweep_devices(const Sweep& sweep);

// "1–3, 7": runs that follow each other taken together.
std::string number_ranges(const std::vector<std::int64_t>& numbers);

// "1.98": a slope for people; "–" for none.
std::string slope_text(const std::optional<double>& slope);

// The line of a series in words: "mha, batch 8"; "all runs" where nothing else was varied.
std::string series_words(const Sweep& sweep, const ScalingSeries& series);

}  // namespace headroom
