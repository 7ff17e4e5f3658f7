#include "tracing/range_counters.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "base/error.h"
#include "tracing/failures.h"

namespace headroom::tracing {
namespace {

void check(CUptiResult result, const char* what) {
  if (result != CUPTI_SUCCESS)
    throw could_not_measure(failure_text(fmt::format("DRAM traffic is not counted ({})", what), result));
}

}  // namespace

RangeCounters::RangeCounters(const ProfilerApi& api, RangeOptions options) : api_(api), options_(std::move(options)) {
  try {
    initialize();
    const std::string name = chip();
    plan_ = std::make_unique<CounterPlan>(api_, name, availability());
    enable();
    begin_round();
  } catch (...) {
    close();
    throw;
  }
}

RangeCounters::~RangeCounters() { close(); }

void RangeCounters::initialize() {
  HEADROOM_CUPTI_PARAMETERS(CUpti_Profiler_Initialize_Params, parameters);
  check(api_.cuptiProfilerInitialize(&parameters), "starting CUPTI's profiler");
  initialized_ = true;
}

void RangeCounters::close() {
  if (profiler_) {
    HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_Disable_Params, parameters);
    parameters.pRangeProfilerObject = profiler_;
    api_.cuptiRangeProfilerDisable(&parameters);
    profiler_ = nullptr;
  }
  if (!initialized_) return;
  HEADROOM_CUPTI_PARAMETERS(CUpti_Profiler_DeInitialize_Params, parameters);
  api_.cuptiProfilerDeInitialize(&parameters);
  initialized_ = false;
}

std::string RangeCounters::chip() {
  HEADROOM_CUPTI_PARAMETERS(CUpti_Device_GetChipName_Params, parameters);
  parameters.deviceIndex = options_.device;
  check(api_.cuptiDeviceGetChipName(&parameters), "asking for the chip");
  return parameters.pChipName ? parameters.pChipName : "";
}

std::vector<std::uint8_t> RangeCounters::availability() {
  HEADROOM_CUPTI_PARAMETERS(CUpti_Profiler_GetCounterAvailability_Params, parameters);
  parameters.ctx = options_.context;
  check(api_.cuptiProfilerGetCounterAvailability(&parameters), "asking what can be counted");
  std::vector<std::uint8_t> image(parameters.counterAvailabilityImageSize);
  parameters.pCounterAvailabilityImage = image.data();
  check(api_.cuptiProfilerGetCounterAvailability(&parameters), "asking what can be counted");
  image.resize(parameters.counterAvailabilityImageSize);
  return image;
}

void RangeCounters::enable() {
  HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_Enable_Params, parameters);
  parameters.ctx = options_.context;
  check(api_.cuptiRangeProfilerEnable(&parameters), "taking the counters");
  profiler_ = parameters.pRangeProfilerObject;
  auto names = plan_->metrics();
  HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_GetCounterDataSize_Params, size);
  size.pRangeProfilerObject = profiler_;
  size.pMetricNames = names.data();
  size.numMetrics = names.size();
  size.maxNumOfRanges = options_.ranges_per_round;
  size.maxNumRangeTreeNodes = static_cast<std::uint32_t>(options_.ranges_per_round);
  check(api_.cuptiRangeProfilerGetCounterDataSize(&size), "asking for the size of the results");
  image_.resize(size.counterDataSize);
}

void RangeCounters::begin_round() {
  HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_CounterDataImage_Initialize_Params, image);
  image.pRangeProfilerObject = profiler_;
  image.counterDataSize = image_.size();
  image.pCounterData = image_.data();
  check(api_.cuptiRangeProfilerCounterDataImageInitialize(&image), "making room for the results");
  HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_SetConfig_Params, config);
  config.pRangeProfilerObject = profiler_;
  config.configSize = plan_->config().size();
  config.pConfig = plan_->config().data();
  config.counterDataImageSize = image_.size();
  config.pCounterDataImage = image_.data();
  config.range = CUPTI_UserRange;
  config.replayMode = CUPTI_UserReplay;
  config.maxRangesPerPass = options_.ranges_per_round;
  config.numNestingLevels = config.minNestingLevel = config.targetNestingLevel = 1;
  check(api_.cuptiRangeProfilerSetConfig(&config), "choosing the counters");
  HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_Start_Params, start);
  start.pRangeProfilerObject = profiler_;
  check(api_.cuptiRangeProfilerStart(&start), "starting to count");
  round_.clear();
}

void RangeCounters::set_place(LayerId layer, Phase phase) {
  const Place place{layer, phase};
  if (open_ && round_.back() == place) return;
  pop();
  if (round_.size() == options_.ranges_per_round) {
    end_round();
    begin_round();
  }
  push(place);
}

void RangeCounters::push(const Place& place) {
  const std::string name = std::to_string(round_.size());
  HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_PushRange_Params, parameters);
  parameters.pRangeProfilerObject = profiler_;
  parameters.pRangeName = name.c_str();
  options_.wait();
  check(api_.cuptiRangeProfilerPushRange(&parameters), "beginning a layer");
  round_.push_back(place);
  open_ = true;
}

void RangeCounters::pop() {
  if (!open_) return;
  open_ = false;
  options_.wait();
  HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_PopRange_Params, parameters);
  parameters.pRangeProfilerObject = profiler_;
  check(api_.cuptiRangeProfilerPopRange(&parameters), "ending a layer");
}

void RangeCounters::end_round() {
  HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_Stop_Params, stop);
  stop.pRangeProfilerObject = profiler_;
  check(api_.cuptiRangeProfilerStop(&stop), "ending to count");
  if (round_.empty()) return;
  if (!stop.isAllPassSubmitted)
    throw could_not_measure("DRAM traffic is not counted: CUPTI wants another pass over what ran once.");
  HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_DecodeData_Params, decode);
  decode.pRangeProfilerObject = profiler_;
  check(api_.cuptiRangeProfilerDecodeData(&decode), "reading the counters");
  if (decode.numOfRangeDropped > 0)
    throw could_not_measure(fmt::format("DRAM traffic is not counted: CUPTI lost {} of {} ranges.",
                                        decode.numOfRangeDropped, round_.size()));
  read_round();
}

// A range in which nothing was launched may be absent.
void RangeCounters::read_round() {
  HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_GetCounterDataInfo_Params, info);
  info.pCounterDataImage = image_.data();
  info.counterDataImageSize = image_.size();
  check(api_.cuptiRangeProfilerGetCounterDataInfo(&info), "counting the results");
  if (info.numTotalRanges > round_.size())
    throw could_not_measure(fmt::format("DRAM traffic is not counted: CUPTI gives {} results for {} ranges.",
                                        info.numTotalRanges, round_.size()));
  for (std::size_t range = 0; range < info.numTotalRanges; ++range) {
    auto& sum = traffic_[place_of(range)];
    const auto [read, written] = plan_->traffic(image_, range);
    sum.read_bytes += read;
    sum.written_bytes += written;
  }
}

const RangeCounters::Place& RangeCounters::place_of(std::size_t range) {
  HEADROOM_CUPTI_PARAMETERS(CUpti_RangeProfiler_CounterData_GetRangeInfo_Params, parameters);
  parameters.pCounterDataImage = image_.data();
  parameters.counterDataImageSize = image_.size();
  parameters.rangeIndex = range;
  parameters.rangeDelimiter = "/";
  check(api_.cuptiRangeProfilerCounterDataGetRangeInfo(&parameters), "asking for a range's name");
  const std::string_view name = parameters.rangeName ? parameters.rangeName : "";
  std::size_t number = 0;
  const auto end = name.data() + name.size();
  if (const auto [stop, error] = std::from_chars(name.data(), end, number);
      error != std::errc{} || stop != end || number >= round_.size())
    throw could_not_measure(fmt::format("DRAM traffic is not counted: CUPTI names a range '{}', which is none.", name));
  return round_[number];
}

std::vector<DramBytes> RangeCounters::finish() {
  pop();
  end_round();
  close();
  std::vector<DramBytes> all;
  for (const auto& [place, traffic] : traffic_)
    if (traffic != DramTraffic{}) all.push_back({place.first, place.second, traffic.read_bytes, traffic.written_bytes});
  return all;
}

}  // namespace headroom::tracing
