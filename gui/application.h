// headroom-viewer from its arguments to its exit code.
#pragma once

namespace headroom::gui {

// 0 done, 2 bad usage or bad input, 3 could not write; what was wrong goes to stderr in one line.
int run_viewer(int argc, char** argv);

}  // namespace headroom::gui
