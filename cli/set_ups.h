// The three set-ups of the MHE paper, built and run on a device with each mechanism.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/reproduction/reproduction.h"
#include "cli/interrupts.h"
#include "cli/time_limit.h"

namespace headroom::cli {

// SHA with both sizes of its W^O, EL, MQA, SKV, MHE-ADD, MHE-MUL, their forms of least memory, and MHA, as the
// catalogue calls them.
const std::vector<std::string>& reproduced_mechanisms();

// All but the forms of least memory, which have the parameters and the function of MHE as published.
bool is_of_the_paper(const std::string& mechanism);

// The closed forms for each mechanism of the paper and number of heads.
std::vector<reproduction::FigurePoint> parameter_figure();

struct SetUpOptions {
  std::string device;
  std::vector<std::string> mechanisms;
  bool memory = false;  // train and infer, else only build
  bool quiet = false;
  TimeLimit limit = kNoLimit;  // of each run
};

// Fills in the set-ups, the device and what failed. `folder`: where the configuration of a model that is no preset is
// left. Throws could_not_measure where a model that was built has other parameters than its closed form.
void run_set_ups(const SetUpOptions& options, const std::filesystem::path& folder, reproduction::Reproduction& found,
                 Interrupts& interrupts);

}  // namespace headroom::cli
