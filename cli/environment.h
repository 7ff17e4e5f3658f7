// The environment of a process that runs on a device: which libraries are put in front of it and what they are told.
//
// What is loaded lies under ../lib/headroom of the worker's folder (HEADROOM_WORKER) or of this executable's.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "recording/run_spec.h"

namespace headroom::cli {

using Environment = std::vector<std::string>;  // "NAME=value", each name once

void set_variable(Environment& environment, std::string_view name, std::string_view value);

// `value` before what the variable holds already, with a colon between.
void put_in_front(Environment& environment, std::string_view name, std::string_view value);

// This process's environment, for a device: a virtual one is preloaded and described; on the CPU it is preloaded
// without a device's name, since Torch does not start without libcudart. Throws could_not_measure when its library is
// missing.
Environment device_environment(const RunSpec& spec);

// The same for a program that leaves its journals in `run_folder`: Headroom is imported when its Python starts.
Environment program_environment(const RunSpec& spec, const std::filesystem::path& run_folder);

std::filesystem::path own_folder();  // of this executable

}  // namespace headroom::cli
