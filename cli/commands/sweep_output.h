// What headroom sweep and headroom merge print: one table, in a form that --format chooses. Their folder has all forms.
#pragma once

#include <string>

#include "analysis/scaling.h"
#include "cli/output.h"

namespace CLI {
class App;
}  // namespace CLI

namespace headroom::cli {

enum class SweepForm : std::uint8_t { terminal, csv, json, markdown };

struct SweepLook {
  OutputPlan plan;  // its formats and folder are not used
  SweepForm form = SweepForm::terminal;
  bool shown = true;  // on stdout
};

void add_sweep_output_flags(CLI::App& command, OutputFlags& flags, const char* files);
SweepLook plan_sweep_look(const OutputFlags& flags);  // throws bad_input
void show_sweep(const Sweep& sweep, const SweepLook& look);

}  // namespace headroom::cli
