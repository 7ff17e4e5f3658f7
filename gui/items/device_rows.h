// What the driver saw, as columns of tables: kernels, the work of places, and memory asked of the driver.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "gui/items/rows_model.h"
#include "gui/session/loaded_run.h"
#include "gui/session/selection.h"

namespace headroom::gui {

// Columns, and what each row belongs to; none: to no one layer.
struct DeviceRows {
  std::vector<Column> columns;
  std::vector<std::optional<LayerId>> layers;
  std::int64_t count = 0;  // kernels launched, of those shown
};

// Kernels launched within the filter's layer, whose name or layer has its text.
DeviceRows kernel_rows(const RunHandle& run, const Filter& filter);

// One row for each layer and phase with any work.
DeviceRows place_rows(const RunHandle& run, const Filter& filter);

// One row for each caller and place; the text may be in the caller's path.
DeviceRows driver_memory_rows(const RunHandle& run, const Filter& filter);

}  // namespace headroom::gui
