#include "gui/application.h"

int main(int argc, char** argv) { return headroom::gui::run_viewer(argc, argv); }
