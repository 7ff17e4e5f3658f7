// The promises of device_activity.h, as a part of verify().
#pragma once

#include "recording/problems.h"
#include "recording/recording.h"

namespace headroom {

void check_activity_columns(const Activities& activities, Problems& problems);

// For columns of equal length.
void check_activity(const Recording& recording, Problems& problems);

}  // namespace headroom
