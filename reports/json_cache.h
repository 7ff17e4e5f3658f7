// The members `kv_cache` and `fit` of a run in headroom.report/1.
#pragma once

#include <optional>

#include "base/json.h"
#include "reports/report.h"

namespace headroom {

Json kv_cache_json(const Breakdown& run);
Json fit_json(const std::optional<Fit>& fit);

}  // namespace headroom
