#include "tests/tracing/traced.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <iterator>

#include "base/names.h"

namespace headroom::tracing {

testing::CuptiDouble& cupti_double() {
  static auto* found = [] {
    void* library = dlopen(CUPTI_DOUBLE, RTLD_NOW | RTLD_LOCAL);
    const auto get = reinterpret_cast<testing::GetDouble>(dlsym(library, "headroom_cupti_double"));
    return get();
  }();
  return *found;
}

std::string name_of(const TraceRow& row, const Trace& trace) { return trace.strings.at(row.name); }

std::string line(const TraceRow& row, const Trace& trace) {
  const auto times = row.end_ns == 0 ? "none" : fmt::format("{}+{}", row.start_ns, row.end_ns - row.start_ns);
  const auto stream = row.stream == kNoStream ? "none" : std::to_string(row.stream);
  return fmt::format("{} {} '{}' bytes={} stream={} context={}", to_name(kActivityKindNames, row.kind), times,
                     name_of(row, trace), row.bytes, stream, row.context);
}

std::vector<std::string> lines(const Trace& trace) {
  std::vector<std::string> all;
  for (const auto& row : trace.rows) all.push_back(line(row, trace));
  return all;
}

std::vector<TraceRow> rows_of(const Trace& trace, ActivityKind kind) {
  std::vector<TraceRow> rows;
  for (const auto& row : trace.rows)
    if (row.kind == kind) rows.push_back(row);
  return rows;
}

std::vector<std::string> memory_lines(const Trace& trace) {
  std::vector<std::string> all;
  for (const auto& row : rows_of(trace, ActivityKind::memory))
    all.push_back(fmt::format("{} {} {} at {:#x}", to_name(kMemoryKindNames, static_cast<MemoryKind>(row.detail / 2)),
                              row.detail % 2 == 0 ? "allocate" : "release", row.bytes, row.address));
  return all;
}

void append(Trace& trace, const Trace& more) {
  auto rows = std::move(trace.rows);
  rows.insert(rows.end(), more.rows.begin(), more.rows.end());
  trace = more;
  trace.rows = std::move(rows);
}

void Tracing::SetUp() { cupti.reset(); }

void Tracing::TearDown() {
  if (collector) collector->stop();
}

Collector& Tracing::start(TraceLevel level, std::size_t buffer_bytes, std::size_t limit) {
  collector =
      &Collector::start({.level = level, .library = CUPTI_DOUBLE, .buffer_bytes = buffer_bytes, .buffer_limit = limit});
  collector->set_context(0);
  return *collector;
}

}  // namespace headroom::tracing
