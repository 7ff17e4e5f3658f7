#include "tests/tracing/range_double.h"

#include <algorithm>

namespace headroom::tracing::testing {
namespace {

RangeDouble* current = nullptr;
auto* const kProfiler = reinterpret_cast<CUpti_RangeProfiler_Object*>(0x1000);
auto* const kHost = reinterpret_cast<CUpti_Profiler_Host_Object*>(0x2000);

void require(bool holds, const std::string& what) {
  if (!holds) current->violations.push_back(what);
}

// Notes the call and what is wrong with its parameters; what the function is told to answer.
template <class Parameters>
CUptiResult enter(const char* function, const Parameters* parameters, std::size_t size) {
  current->calls.push_back(function);
  require(parameters->structSize == size, std::string(function) + ": structSize");
  require(parameters->pPriv == nullptr, std::string(function) + ": pPriv");
  const auto answer = current->answers.find(function);
  return answer == current->answers.end() ? CUPTI_SUCCESS : answer->second;
}

#define ENTER(name, type) \
  if (const auto result = enter(#name, p, type##_STRUCT_SIZE); result != CUPTI_SUCCESS) return result

#define ENTER_WITH_PROFILER(name, type)                                          \
  require(p->pRangeProfilerObject == kProfiler, #name ": without the profiler"); \
  require(current->enabled, #name ": not enabled");                              \
  ENTER(name, type)

CUptiResult host_initialize(CUpti_Profiler_Host_Initialize_Params* p) {
  ENTER(cuptiProfilerHostInitialize, CUpti_Profiler_Host_Initialize_Params);
  require(p->profilerType == CUPTI_PROFILER_TYPE_RANGE_PROFILER, "another profiler's plan");
  if (p->pChipName != current->chip) return CUPTI_ERROR_INVALID_CHIP_NAME;
  ++current->hosts;
  current->chosen.clear();
  p->pHostObject = kHost;
  return CUPTI_SUCCESS;
}

CUptiResult host_deinitialize(CUpti_Profiler_Host_Deinitialize_Params* p) {
  --current->hosts;
  ENTER(cuptiProfilerHostDeinitialize, CUpti_Profiler_Host_Deinitialize_Params);
  return CUPTI_SUCCESS;
}

CUptiResult add_metrics(CUpti_Profiler_Host_ConfigAddMetrics_Params* p) {
  ENTER(cuptiProfilerHostConfigAddMetrics, CUpti_Profiler_Host_ConfigAddMetrics_Params);
  const std::vector<std::string> names(p->ppMetricNames, p->ppMetricNames + p->numMetrics);
  if (!std::all_of(names.begin(), names.end(), [](const auto& name) { return current->metrics.contains(name); }))
    return CUPTI_ERROR_INVALID_METRIC_NAME;
  current->chosen = names;
  return CUPTI_SUCCESS;
}

CUptiResult config_size(CUpti_Profiler_Host_GetConfigImageSize_Params* p) {
  ENTER(cuptiProfilerHostGetConfigImageSize, CUpti_Profiler_Host_GetConfigImageSize_Params);
  p->configImageSize = 16;
  return CUPTI_SUCCESS;
}

CUptiResult config_image(CUpti_Profiler_Host_GetConfigImage_Params* p) {
  ENTER(cuptiProfilerHostGetConfigImage, CUpti_Profiler_Host_GetConfigImage_Params);
  std::fill_n(p->pConfigImage, p->configImageSize, std::uint8_t{7});
  return CUPTI_SUCCESS;
}

CUptiResult passes(CUpti_Profiler_Host_GetNumOfPasses_Params* p) {
  ENTER(cuptiProfilerHostGetNumOfPasses, CUpti_Profiler_Host_GetNumOfPasses_Params);
  p->numOfPasses = 0;
  for (const auto& name : current->chosen) p->numOfPasses = std::max(p->numOfPasses, current->metrics.at(name));
  return CUPTI_SUCCESS;
}

CUptiResult evaluate(CUpti_Profiler_Host_EvaluateToGpuValues_Params* p) {
  ENTER(cuptiProfilerHostEvaluateToGpuValues, CUpti_Profiler_Host_EvaluateToGpuValues_Params);
  const auto& range = current->decoded.at(p->rangeIndex);
  for (std::size_t i = 0; i < p->numMetrics; ++i) {
    const std::string name = p->ppMetricNames[i];
    const double value = name.find("read") != name.npos    ? range.read
                         : name.find("write") != name.npos ? range.written
                                                           : range.read + range.written;
    p->pMetricValues[i] = value * current->scale;
  }
  return CUPTI_SUCCESS;
}

CUptiResult initialize(CUpti_Profiler_Initialize_Params* p) {
  ENTER(cuptiProfilerInitialize, CUpti_Profiler_Initialize_Params);
  current->initialized = true;
  return CUPTI_SUCCESS;
}

CUptiResult deinitialize(CUpti_Profiler_DeInitialize_Params* p) {
  require(!current->enabled, "deinitialised while enabled");
  current->initialized = false;
  ENTER(cuptiProfilerDeInitialize, CUpti_Profiler_DeInitialize_Params);
  return CUPTI_SUCCESS;
}

CUptiResult chip_name(CUpti_Device_GetChipName_Params* p) {
  ENTER(cuptiDeviceGetChipName, CUpti_Device_GetChipName_Params);
  require(current->initialized, "the chip is asked for before the profiler is initialised");
  p->pChipName = current->chip.c_str();
  return CUPTI_SUCCESS;
}

CUptiResult availability(CUpti_Profiler_GetCounterAvailability_Params* p) {
  ENTER(cuptiProfilerGetCounterAvailability, CUpti_Profiler_GetCounterAvailability_Params);
  if (p->pCounterAvailabilityImage)
    std::fill_n(p->pCounterAvailabilityImage, p->counterAvailabilityImageSize, std::uint8_t{1});
  else
    p->counterAvailabilityImageSize = 32;
  return CUPTI_SUCCESS;
}

CUptiResult enable(CUpti_RangeProfiler_Enable_Params* p) {
  ENTER(cuptiRangeProfilerEnable, CUpti_RangeProfiler_Enable_Params);
  require(current->initialized, "enabled before it is initialised");
  require(p->ctx != nullptr, "enabled without a context");
  current->enabled = true;
  p->pRangeProfilerObject = kProfiler;
  return CUPTI_SUCCESS;
}

CUptiResult disable(CUpti_RangeProfiler_Disable_Params* p) {
  require(current->enabled && p->pRangeProfilerObject == kProfiler, "disabled without being enabled");
  current->enabled = current->started = current->open = false;
  ENTER(cuptiRangeProfilerDisable, CUpti_RangeProfiler_Disable_Params);
  return CUPTI_SUCCESS;
}

CUptiResult data_size(CUpti_RangeProfiler_GetCounterDataSize_Params* p) {
  ENTER_WITH_PROFILER(cuptiRangeProfilerGetCounterDataSize, CUpti_RangeProfiler_GetCounterDataSize_Params);
  require(p->maxNumRangeTreeNodes >= p->maxNumOfRanges, "fewer nodes than ranges");
  p->counterDataSize = 64 * p->maxNumOfRanges;
  return CUPTI_SUCCESS;
}

CUptiResult image_initialize(CUpti_RangeProfiler_CounterDataImage_Initialize_Params* p) {
  ENTER_WITH_PROFILER(cuptiRangeProfilerCounterDataImageInitialize,
                      CUpti_RangeProfiler_CounterDataImage_Initialize_Params);
  require(!current->started, "the image is initialised while counting");
  std::fill_n(p->pCounterData, p->counterDataSize, std::uint8_t{9});
  return CUPTI_SUCCESS;
}

CUptiResult set_config(CUpti_RangeProfiler_SetConfig_Params* p) {
  ENTER_WITH_PROFILER(cuptiRangeProfilerSetConfig, CUpti_RangeProfiler_SetConfig_Params);
  require(p->configSize == 16 && p->pConfig[15] == 7, "not the plan's configuration");
  require(p->pCounterDataImage[p->counterDataImageSize - 1] == 9, "the image is not initialised");
  require(p->range == CUPTI_UserRange && p->replayMode == CUPTI_UserReplay, "not user ranges and user replay");
  require(p->numNestingLevels == 1 && p->minNestingLevel == 1 && p->targetNestingLevel == 1 && p->passIndex == 0,
          "not one level and one pass");
  current->max_ranges = p->maxRangesPerPass;
  current->configured = true;
  return CUPTI_SUCCESS;
}

CUptiResult start(CUpti_RangeProfiler_Start_Params* p) {
  ENTER_WITH_PROFILER(cuptiRangeProfilerStart, CUpti_RangeProfiler_Start_Params);
  require(current->configured && !current->started, "started without a configuration, or twice");
  current->started = true;
  current->ranges.clear();
  return CUPTI_SUCCESS;
}

CUptiResult stop(CUpti_RangeProfiler_Stop_Params* p) {
  ENTER_WITH_PROFILER(cuptiRangeProfilerStop, CUpti_RangeProfiler_Stop_Params);
  require(current->started && !current->open, "stopped inside a range, or without a start");
  current->started = false;
  p->isAllPassSubmitted = current->all_passes_submitted;
  return CUPTI_SUCCESS;
}

CUptiResult push(CUpti_RangeProfiler_PushRange_Params* p) {
  ENTER_WITH_PROFILER(cuptiRangeProfilerPushRange, CUpti_RangeProfiler_PushRange_Params);
  require(current->started && !current->open, "a second level of ranges");
  require(current->idle, "a range begins on a device at work");
  require(current->ranges.size() < current->max_ranges, "more ranges than there is room for");
  current->open = true;
  current->ranges.push_back({.name = p->pRangeName});
  return CUPTI_SUCCESS;
}

CUptiResult pop(CUpti_RangeProfiler_PopRange_Params* p) {
  ENTER_WITH_PROFILER(cuptiRangeProfilerPopRange, CUpti_RangeProfiler_PopRange_Params);
  require(current->open, "no range to end");
  require(current->idle, "a range ends on a device at work");
  current->open = false;
  return CUPTI_SUCCESS;
}

CUptiResult decode(CUpti_RangeProfiler_DecodeData_Params* p) {
  ENTER_WITH_PROFILER(cuptiRangeProfilerDecodeData, CUpti_RangeProfiler_DecodeData_Params);
  require(!current->started, "decoded while counting");
  current->decoded = current->ranges;
  if (current->leaves_out_idle_ranges)
    std::erase_if(current->decoded, [](const auto& range) { return !range.launched; });
  if (current->newest_first) std::reverse(current->decoded.begin(), current->decoded.end());
  for (auto& range : current->decoded)
    if (const auto name = current->renamed.find(range.name); name != current->renamed.end()) range.name = name->second;
  p->numOfRangeDropped = current->dropped;
  return CUPTI_SUCCESS;
}

CUptiResult data_info(CUpti_RangeProfiler_GetCounterDataInfo_Params* p) {
  ENTER(cuptiRangeProfilerGetCounterDataInfo, CUpti_RangeProfiler_GetCounterDataInfo_Params);
  p->numTotalRanges = current->decoded.size();
  return CUPTI_SUCCESS;
}

CUptiResult range_info(CUpti_RangeProfiler_CounterData_GetRangeInfo_Params* p) {
  ENTER(cuptiRangeProfilerCounterDataGetRangeInfo, CUpti_RangeProfiler_CounterData_GetRangeInfo_Params);
  p->rangeName = current->decoded.at(p->rangeIndex).name.c_str();
  return CUPTI_SUCCESS;
}

}  // namespace

RangeDouble::RangeDouble() { current = this; }
RangeDouble::~RangeDouble() { current = nullptr; }
RangeDouble& RangeDouble::now() { return *current; }

void RangeDouble::launch(double read, double written) {
  idle = false;
  if (!open) return;
  ranges.back().read += read;
  ranges.back().written += written;
  ranges.back().launched = true;
}

int RangeDouble::count(const std::string& function) const {
  return static_cast<int>(std::count(calls.begin(), calls.end(), function));
}

ProfilerApi RangeDouble::api() {
  return {.cuptiProfilerHostInitialize = host_initialize,
          .cuptiProfilerHostDeinitialize = host_deinitialize,
          .cuptiProfilerHostConfigAddMetrics = add_metrics,
          .cuptiProfilerHostGetConfigImageSize = config_size,
          .cuptiProfilerHostGetConfigImage = config_image,
          .cuptiProfilerHostGetNumOfPasses = passes,
          .cuptiProfilerHostEvaluateToGpuValues = evaluate,
          .cuptiProfilerInitialize = initialize,
          .cuptiProfilerDeInitialize = deinitialize,
          .cuptiDeviceGetChipName = chip_name,
          .cuptiProfilerGetCounterAvailability = availability,
          .cuptiRangeProfilerEnable = enable,
          .cuptiRangeProfilerDisable = disable,
          .cuptiRangeProfilerGetCounterDataSize = data_size,
          .cuptiRangeProfilerCounterDataImageInitialize = image_initialize,
          .cuptiRangeProfilerSetConfig = set_config,
          .cuptiRangeProfilerStart = start,
          .cuptiRangeProfilerStop = stop,
          .cuptiRangeProfilerPushRange = push,
          .cuptiRangeProfilerPopRange = pop,
          .cuptiRangeProfilerDecodeData = decode,
          .cuptiRangeProfilerGetCounterDataInfo = data_info,
          .cuptiRangeProfilerCounterDataGetRangeInfo = range_info};
}

}  // namespace headroom::tracing::testing
