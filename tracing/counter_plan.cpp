#include "tracing/counter_plan.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/error.h"
#include "tracing/failures.h"

namespace headroom::tracing {
namespace {

const std::array<std::vector<const char*>, 3> kCandidates{
    std::vector{"dram__bytes_read.sum", "dram__bytes_write.sum"},
    std::vector{"dram__bytes_op_read.sum", "dram__bytes_op_write.sum"}, std::vector{"dram__bytes.sum"}};

}  // namespace

CounterPlan::CounterPlan(const ProfilerApi& api, std::string chip, std::span<const std::uint8_t> availability)
    : api_(api), chip_(std::move(chip)) {
  for (const auto& candidate : kCandidates) {
    metrics_ = candidate;
    open(availability);
    if (fits()) return;
    close();
  }
  throw could_not_measure(
      fmt::format("DRAM traffic is not counted: the chip {} has no counters of it that one pass can read.", chip_));
}

CounterPlan::~CounterPlan() { close(); }

void CounterPlan::open(std::span<const std::uint8_t> availability) {
  HEADROOM_CUPTI_PARAMETERS(CUpti_Profiler_Host_Initialize_Params, parameters);
  parameters.profilerType = CUPTI_PROFILER_TYPE_RANGE_PROFILER;
  parameters.pChipName = chip_.c_str();
  parameters.pCounterAvailabilityImage = availability.empty() ? nullptr : availability.data();
  if (const auto result = api_.cuptiProfilerHostInitialize(&parameters); result != CUPTI_SUCCESS)
    throw could_not_measure(failure_text(fmt::format("DRAM traffic of {} is not counted", chip_), result));
  host_ = parameters.pHostObject;
}

void CounterPlan::close() {
  if (!host_) return;
  HEADROOM_CUPTI_PARAMETERS(CUpti_Profiler_Host_Deinitialize_Params, parameters);
  parameters.pHostObject = host_;
  api_.cuptiProfilerHostDeinitialize(&parameters);
  host_ = nullptr;
}

bool CounterPlan::fits() {
  HEADROOM_CUPTI_PARAMETERS(CUpti_Profiler_Host_ConfigAddMetrics_Params, metrics);
  metrics.pHostObject = host_;
  metrics.ppMetricNames = metrics_.data();
  metrics.numMetrics = metrics_.size();
  if (api_.cuptiProfilerHostConfigAddMetrics(&metrics) != CUPTI_SUCCESS) return false;
  HEADROOM_CUPTI_PARAMETERS(CUpti_Profiler_Host_GetConfigImageSize_Params, size);
  size.pHostObject = host_;
  if (api_.cuptiProfilerHostGetConfigImageSize(&size) != CUPTI_SUCCESS) return false;
  config_.assign(size.configImageSize, 0);
  HEADROOM_CUPTI_PARAMETERS(CUpti_Profiler_Host_GetConfigImage_Params, image);
  image.pHostObject = host_;
  image.configImageSize = config_.size();
  image.pConfigImage = config_.data();
  if (api_.cuptiProfilerHostGetConfigImage(&image) != CUPTI_SUCCESS) return false;
  HEADROOM_CUPTI_PARAMETERS(CUpti_Profiler_Host_GetNumOfPasses_Params, passes);
  passes.configImageSize = config_.size();
  passes.pConfigImage = config_.data();
  return api_.cuptiProfilerHostGetNumOfPasses(&passes) == CUPTI_SUCCESS && passes.numOfPasses == 1;
}

DramTraffic CounterPlan::traffic(std::span<const std::uint8_t> image, std::size_t range) const {
  std::array<double, 2> values{};
  auto names = metrics_;
  HEADROOM_CUPTI_PARAMETERS(CUpti_Profiler_Host_EvaluateToGpuValues_Params, parameters);
  parameters.pHostObject = host_;
  parameters.pCounterDataImage = image.data();
  parameters.counterDataImageSize = image.size();
  parameters.rangeIndex = range;
  parameters.ppMetricNames = names.data();
  parameters.numMetrics = names.size();
  parameters.pMetricValues = values.data();
  if (const auto result = api_.cuptiProfilerHostEvaluateToGpuValues(&parameters); result != CUPTI_SUCCESS)
    throw could_not_measure(failure_text("DRAM traffic cannot be read from the counters", result));
  for (const double value : values)
    if (!std::isfinite(value) || value < 0 || value > 1e18)
      throw could_not_measure(fmt::format("DRAM traffic is not counted: CUPTI gives {} as bytes of a range.", value));
  return {std::llround(values[0]), std::llround(values[1])};
}

}  // namespace headroom::tracing
