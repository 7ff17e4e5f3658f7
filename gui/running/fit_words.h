// What is said of the map of what fits: its title, its cells, and the table of them.
#pragma once

#include <QString>
#include <vector>

#include "gui/items/rows_model.h"
#include "gui/running/fit_search.h"

namespace headroom::gui {

// "bert-base · mha · train · fp32 · adamw"
QString fit_title(const RunSpec& spec);

QString title_of(FitState state);

// A row for each cell, the shortest sequences first. They look into `search`.
std::vector<Column> fit_columns(const FitSearch& search);

}  // namespace headroom::gui
