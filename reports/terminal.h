// The parts of write_terminal, each a block of whole lines.
#pragma once

#include <cstddef>
#include <string>

#include "reports/report.h"
#include "reports/table.h"
#include "reports/text.h"

namespace headroom::terminal {

struct Page {
  std::size_t width = 100;
  bool color = false;
};

// What was run, on what, and whether the numbers are virtual or measured.
std::string header(const Report& report, const Page& page);

std::string compare_body(const Report& report, const Page& page);  // one row for each run
std::string profile_body(const ReportRun& run, const Page& page);  // one run in depth

// What a run that generates kept of earlier tokens, how that grew, and what the device holds at most; else empty.
std::string kv_cache(const ReportRun& run, const Page& page);

// What the order of addresses moves, where the runs were made under several; else empty.
std::string order_bands(const Report& report, const Page& page);

// What each line of the program held at the peak; empty where no lines were recorded.
std::string source_lines(const Breakdown& run, const Page& page);

// What the driver saw of the run, and where the whole GPU's memory was; empty where nothing was traced or asked.
std::string device_activity(const Breakdown& run, const Page& page);
std::string whole_gpu(const Breakdown& run, const Page& page);

// What tracing could not do and what of it was lost, of every run.
std::string trace_notes(const Report& report, const Page& page);

// Failed runs, dropped events, closed forms against what was recorded, assumptions.
std::string notes(const Report& report, const Page& page);

// `text` wrapped, in `style`, every line after the first indented by two.
std::string paragraph(std::string_view text, Style style, const Page& page);

// Phrases joined by " · ", lines broken only between phrases.
std::string joined(const std::vector<std::string>& list, Style style, const Page& page);

// "Not shown at this width: a, b."; a mere count where they are many; empty where every column is shown.
std::string not_shown(const Table& table, const Page& page);

// "1.25 GiB (1,342,177,280)"; the exact count only where it says more.
std::string exact(std::int64_t bytes);

// "Peak requested  1.25 GiB"
std::string figure(std::string_view name, const std::string& value, Style style, const Page& page);

// "12.3 %", "−4.0 %", "0.0 %".
std::string percent(double value);

}  // namespace headroom::terminal
