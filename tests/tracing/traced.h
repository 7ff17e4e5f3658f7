// What the collector's tests share: the double, a collector over it, and rows as lines of text.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tracing/double/cupti_double.h"
#include "tracing/collector.h"
#include "tracing/context.h"

namespace headroom::tracing {

testing::CuptiDouble& cupti_double();

// "kernel 1000+1000 'kernel(float*)' bytes=0 stream=7 context=5": times as start+duration, or "start" and "none" where
// one is missing.
std::string line(const TraceRow& row, const Trace& trace);
std::vector<std::string> lines(const Trace& trace);
std::vector<TraceRow> rows_of(const Trace& trace, ActivityKind kind);
std::string name_of(const TraceRow& row, const Trace& trace);

// "device allocate 4096 at 0x1000"
std::vector<std::string> memory_lines(const Trace& trace);

// Adds the rows of another drain.
void append(Trace& trace, const Trace& more);

class Tracing : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  Collector& start(TraceLevel level = TraceLevel::full, std::size_t buffer_bytes = std::size_t{1} << 16,
                   std::size_t limit = 16);

  testing::CuptiDouble& cupti = cupti_double();
  Collector* collector = nullptr;
};

}  // namespace headroom::tracing
