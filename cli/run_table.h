// A run as a table of a TOML file: what `headroom profile` takes, a flag a key, without the dashes in front.
//
//   model = "bert-base"
//   attention = "mhe-add"
//   batch = 8
//   padding = true
#pragma once

#include <string>
#include <vector>

#include "base/toml.h"
#include "cli/run_flags.h"

namespace headroom::cli {

// The keys of a run: "model", "attention", "batch", … in the order of --help.
const std::vector<std::string>& run_table_keys();

// The run of `table`, an object of single values whose keys are run_table_keys() alone; `pointer` says where it stands
// in `document`, for messages that name the line. Where no device is named it is virtual:h100-80gb, so that a file says
// the same on every machine; the path of a config.json counts from the folder of the document. Throws bad_input for an
// unknown key (with the nearest), an ill-typed value, or what check_single_run() refuses.
CheckedRun check_run_table(const Json& table, const TomlDocument& document, const std::string& pointer);

}  // namespace headroom::cli
