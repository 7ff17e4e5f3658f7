// What `headroom fit` looks for: the size, its bounds, the devices, and the run to make for each value.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/fit.h"
#include "cli/run_flags.h"
#include "cli/scratch_folder.h"
#include "models/catalog/derived.h"

namespace headroom::cli {

struct FitFlags {
  RunFlags run;
  std::string solve, keep;
};

struct FitPlan {
  RunSpec spec;                     // what all runs have in common; its device is the first one
  models::ModelConfig model;        // with the mechanism and positions of `spec`
  models::ModelConfig given_model;  // as the catalogue or the file has it
  FitSize size = FitSize::batch;
  models::HeadsKeep keep = models::HeadsKeep::head_size;
  std::vector<std::string> devices;  // "virtual:h100-80gb", each once, in the order asked for
};

// Throws bad_input: what is solved for is unknown or does not go with the mode, a device is not virtual or unknown, and
// whatever check_run refuses.
FitPlan plan_fit(const FitFlags& flags);

// The search on one device, without what other runs tell. Models of other sizes are described in files of `folder`,
// which must outlive it. Throws bad_input where the model cannot be changed so.
FitSearch search_on(const FitPlan& plan, const std::string& device, const std::filesystem::path& folder);

// What the model of so many layers or heads is called, and its file.
std::string derived_name(const FitPlan& plan, std::int64_t value);  // "llama-7b-40-layers"

// Whether a run of this spec makes sense, as far as the catalogue knows: mechanism, positions, compression, shape.
// Throws bad_input with the reason.
void require_sound(const RunSpec& spec, const models::ModelConfig& given_model);

}  // namespace headroom::cli
