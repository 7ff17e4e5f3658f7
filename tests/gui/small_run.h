// A session with small_recording(), open.
#pragma once

#include <gtest/gtest.h>

#include "tests/gui/support.h"

namespace headroom::gui {

class WithSmallRun : public testing::Test {
 protected:
  WithSmallRun() { session.add(run_of(small_recording(), "small")); }
  const Breakdown& run() const { return session.current_loaded()->breakdown; }
  Selection& selection() { return session.selection(); }
  Session session;
};

}  // namespace headroom::gui
