// CounterPlan: which of a chip's counters tell what went between it and its memory, in one pass. Asks CUPTI's Host API,
// which needs no GPU.
//
// Names differ between chips: dram__bytes_read and _write, or dram__bytes_op_read and _op_write, or dram__bytes alone.
// A layer runs once, so what needs more than one pass cannot be counted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tracing/profiler_api.h"

namespace headroom::tracing {

struct DramTraffic {
  std::int64_t read_bytes = 0, written_bytes = 0;

  bool operator==(const DramTraffic&) const = default;
};

class CounterPlan {
 public:
  // `chip` as cuptiDeviceGetChipName says; `availability`: the device's image of what can be counted now, empty without
  // a device. Throws could_not_measure where no set of counters does.
  CounterPlan(const ProfilerApi& api, std::string chip, std::span<const std::uint8_t> availability = {});
  ~CounterPlan();
  CounterPlan(const CounterPlan&) = delete;
  CounterPlan& operator=(const CounterPlan&) = delete;

  const std::vector<const char*>& metrics() const { return metrics_; }
  std::span<const std::uint8_t> config() const { return config_; }
  // Reads and writes are one number, which traffic() gives as read.
  bool is_total() const { return metrics_.size() == 1; }

  // Of a range in an image that has been decoded. Throws could_not_measure.
  DramTraffic traffic(std::span<const std::uint8_t> image, std::size_t range) const;

 private:
  void open(std::span<const std::uint8_t> availability);
  void close();
  bool fits();  // the metrics exist and need one pass

  const ProfilerApi& api_;
  const std::string chip_;
  CUpti_Profiler_Host_Object* host_ = nullptr;
  std::vector<const char*> metrics_;
  std::vector<std::uint8_t> config_;
};

}  // namespace headroom::tracing
