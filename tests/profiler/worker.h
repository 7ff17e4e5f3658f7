// Runs headroom-worker the way the command line does, for tests.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "recording/recording.h"

namespace headroom::testing_support {

struct WorkerResult {
  int exit_code = -1;
  std::string messages;  // stderr
  std::string progress;
  std::optional<Recording> recording;
};

// The worker's environment for `device`, on top of this process's own: the virtual GPU is preloaded for virtual:NAME,
// its stand-ins without a device for the CPU, and nothing for cuda.
std::map<std::string, std::string> worker_environment(const std::string& device);

// `address_space_bytes` limits the worker's memory; 0: no limit.
WorkerResult run_worker(const RunSpec& spec, std::map<std::string, std::string> extra_environment = {},
                        std::uint64_t address_space_bytes = 0);
WorkerResult run_worker_with(const std::vector<std::string>& arguments, const std::string& input,
                             const std::map<std::string, std::string>& environment,
                             std::uint64_t address_space_bytes = 0);

// run_worker's recording; a test failure (and an empty recording) when there is none or its promises do not hold. The
// same spec is run once in this process.
const Recording& record(const RunSpec& spec);
Recording record_again(const RunSpec& spec);

// Runs `program` to its end with its output on this process's.
int run_program(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment);

// The path of a Hugging Face config.json of a tiny model, written for this process: "bert", "gpt2", "llama", "narrow"
// (heads of 12), "mixtral" or "deepseek_v3"; another name is a preset's and comes back as it is.
std::string tiny_model(const std::string& type);

}  // namespace headroom::testing_support
