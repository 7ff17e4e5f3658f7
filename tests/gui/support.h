// Sessions for tests: small recordings in memory, and waiting for what happens later.
#pragma once

#include <QImage>
#include <functional>

#include "gui/session/session.h"
#include "gui/views/view.h"

namespace headroom::gui {

// Two layers in two blocks, a step of training with every category, a segment that a small block pins; its sums are
// known: see support.cpp.
Recording small_recording();

// The same with another attention: bytes differ in one layer.
Recording other_recording();

RunHandle run_of(Recording recording, const std::string& label);

// Until `condition` holds, the event loop turning; false after five seconds.
bool wait_until(const std::function<bool()>& condition);

// The view's page, 900 × 600 unless it wants more, once it is settled.
QImage picture_of(View& view);

// How many different colours; 1 where nothing was painted.
int colour_count(const QImage& image);

}  // namespace headroom::gui
