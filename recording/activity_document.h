// The part of a recording's document that speaks of device activity, and its pieces as a journal's notes have them.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "recording/device_activity.h"

namespace headroom {

// null when nothing was traced and there is nothing to say. "row_count" is activities.size().
Json activity_document(const DeviceActivity& activity);

// Gives "row_count". Throws bad_input, opening with `where`, on what is ill-typed, unknown or outside its table.
std::int64_t parse_activity(const Json& json, std::int64_t event_count, std::size_t layer_count,
                            const std::string& where, DeviceActivity& activity);

// Level, tracer, problems and counts.
Json activity_summary(const DeviceActivity& activity);
void parse_activity_summary(const Json& json, const std::string& where, DeviceActivity& activity);

Json to_json(const LaunchShape& shape);
Json to_json(const DriverMemorySample& sample);
Json to_json(const DramBytes& dram);
LaunchShape parse_shape(const Json& json, const std::string& where);
DriverMemorySample parse_sample(const Json& json, std::int64_t event_count, const std::string& where);
DramBytes parse_dram(const Json& json, std::size_t layer_count, const std::string& where);

}  // namespace headroom
