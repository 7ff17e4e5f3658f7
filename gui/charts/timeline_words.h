// What is said of one instant of a run.
#pragma once

#include <QString>
#include <cstdint>

#include "gui/session/loaded_run.h"

namespace headroom::gui {

// "Event 1,234 · 12.3 ms · backward of step 2 · encoder.layer.3.attention": the layer at work.
QString instant_text(const LoadedRun& run, std::int64_t event);
// Its two parts: which event it is, and all that follows; empty before the first event.
QString instant_name(const LoadedRun& run, std::int64_t event);
QString instant_place(const LoadedRun& run, std::int64_t event);

// "allocates 12.0 MiB: [8, 128, 768] float32 · aten::mm · encoder.layer.3.attention"
QString event_text(const LoadedRun& run, std::int64_t event);

// "[8, 128, 768] float32 · aten::mm · encoder.layer.3.attention"; "scratch" where no tensor showed it.
QString allocation_text(const LoadedRun& run, const Allocation& allocation);

// "forward of step 2", of the mark that stands before the event.
QString phase_title(Phase phase);

// One of run.detail.groups().
QString group_text(const LoadedRun& run, std::size_t group);

// Of the last allocation at or before the event.
LayerId layer_at(const LoadedRun& run, std::int64_t event);

}  // namespace headroom::gui
