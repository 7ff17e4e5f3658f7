// A view of one run as a user sees it: shown, 900 × 600, settled.
#pragma once

#include <gtest/gtest.h>

#include "tests/gui/support.h"

namespace headroom::gui {

template <class V, class Canvas>
struct ShownView {
  explicit ShownView(const Recording& recording) : view(session, nullptr) {
    session.add(run_of(recording, "run"));
    view.resize(900, 600);
    view.show();
    settle();
  }
  void settle() {
    ASSERT_TRUE(wait_until([&] { return view.is_settled(); }));
  }
  Canvas& canvas() { return *view.template findChild<Canvas*>(); }
  const Breakdown& run() { return session.current_loaded()->breakdown; }

  Session session;
  V view;
};

}  // namespace headroom::gui
