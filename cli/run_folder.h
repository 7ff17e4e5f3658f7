// The folder in which attached processes leave their journals, and what is found there once the program has ended.
//
//   PID-DEVICE.journal   one process and device, recording/journal.h
//   PID.attached         Headroom was loaded into the process; lines: executable, Torch version, rank if it has one
//   PID.refused          it would not be, and one line says why
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "recording/recording.h"

namespace headroom::cli {

struct ProcessRecording {
  long process = 0;
  std::string device;  // "cuda0", "cpu"
  std::string rank;    // that a launcher gave the process; else empty
  Recording recording;
};

struct RunFolder {
  bool attached = false;
  std::vector<std::string> refusals;         // each message once
  std::vector<std::string> damaged;          // what is wrong with a journal or its recording
  std::vector<ProcessRecording> recordings;  // those that allocated, by process and device
};

RunFolder read_run_folder(const std::filesystem::path& folder);

// What to call each: `label` where there is but one, else with what is needed to tell them apart: "train.rank2",
// "train.cuda1", "train.pid4711.cuda0".
std::vector<std::string> labels_of(const std::vector<ProcessRecording>& recordings, const std::string& label);

}  // namespace headroom::cli
