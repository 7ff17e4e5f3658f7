// What lives in an attached process: the recorder, its journals and what the program reads from a virtual device. One for
// each process, never destroyed. Made by headroom_attach_start (api.h).
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "attach/frames.h"
#include "attach/host_reads.h"
#include "attach/journals.h"
#include "profiler/recorder.h"
#include "virtual_gpu/report.h"

namespace headroom::attach {

struct Settings {
  std::filesystem::path folder;   // of the journals
  std::string device;             // as the user asked: "virtual:h100-80gb", "cuda", "cpu"
  std::string program;            // "train.py"
  std::string torch_version;      // "2.11.0+cu130"
  bool source_lines = false;
  std::vector<StatedValue> values;
  std::vector<std::string> hidden_folders;  // whose Python code is not the program's
};

class Agent {
 public:
  explicit Agent(Settings settings);
  static Agent* current();  // nullptr: none, or this is a forked child

  // CUDA is initialised: its devices are recorded from here on. Throws what can be told to the user.
  void attach_cuda();
  void attach_cpu();

  profiler::Recorder& recorder() { return recorder_; }
  Journals& journals() { return journals_; }
  void begin_phase(Phase phase, std::int32_t step);
  void finish();  // the orderly end

 private:
  Json opening(c10::Device device) const;
  void on_out_of_memory(c10::Device device, const profiler::OutOfMemory& failure);
  void on_host_read(const headroom_virtual_gpu_host_read& read);
  void note_virtual_assumptions();

  const Settings settings_;
  Frames frames_;
  Journals journals_;
  profiler::Recorder recorder_;
  HostReads host_reads_;
  std::map<std::string, std::string> virtual_assumptions_;  // noted so far, by what does not change in them
  std::int32_t step_ = 0;
  bool finished_ = false;
};

}  // namespace headroom::attach
