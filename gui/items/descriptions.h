// What is chosen, described in rich text: headings, tables of names and values, links "layer:7", "category:3",
// "allocation:42", "event:17" and "peak:" to choose something else.
#pragma once

#include <QString>

#include "gui/session/loaded_run.h"
#include "gui/session/selection.h"

namespace headroom::gui {

QString describe_allocation(const LoadedRun& run, std::int64_t allocation);
QString describe_layer(const LoadedRun& run, LayerId layer);
QString describe_category(const LoadedRun& run, Category category);
QString describe_instant(const LoadedRun& run, const PeakView& instant, bool is_peak);

// Why an allocation has its category, in one sentence.
QString why_category(const LoadedRun& run, const Allocation& allocation);

// Applies a link; false where it is none, or speaks of nothing in this run.
bool follow_link(const LoadedRun& run, Selection& selection, const QString& link);

}  // namespace headroom::gui
