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
#include "profiler/tracer.h"
#include "virtual_gpu/report.h"

namespace headroom::attach {

struct Settings {
  std::filesystem::path folder;   // of the journals
  std::string device;             // as the user asked: "virtual:h100-80gb", "cuda", "cpu"
  std::string program;            // "train.py"
  std::string torch_version;      // "2.11.0+cu130"
  bool source_lines = false;
  TraceLevel trace = TraceLevel::none;
  bool require_cupti = false;
  std::vector<StatedValue> values;
  std::vector<std::string> hidden_folders;  // whose Python code is not the program's
};

class Agent {
 public:
  explicit Agent(Settings settings);
  static Agent* current();  // nullptr: none, or this is a forked child

  // CUDA is about to be initialised: tracing starts, where it was asked for. Throws could_not_measure where it cannot and is
  // required.
  void start_tracing();
  // CUDA is initialised: its devices are recorded from here on. Throws what can be told to the user.
  void attach_cuda();
  void attach_cpu();

  profiler::Recorder& recorder() { return recorder_; }
  Journals& journals() { return journals_; }
  void begin_phase(Phase phase, std::int32_t step);
  void pause_tracing();   // Torch's profiler wants CUPTI
  void resume_tracing();
  void finish();  // the orderly end
  void forget_process();

 private:
  Json opening(c10::Device device) const;
  void on_out_of_memory(c10::Device device, const profiler::OutOfMemory& failure);
  void on_host_read(const headroom_virtual_gpu_host_read& read);
  void note_virtual_assumptions();
  void ask_before_tracing(SampleMoment moment, std::optional<profiler::DeviceMemory> (*ask)(c10::DeviceIndex));
  void sample_traced(int device_count);
  void note_activity();
  void stop_tracing();

  const Settings settings_;
  Frames frames_;
  Journals journals_;
  profiler::Recorder recorder_;
  HostReads host_reads_;
  std::map<std::string, std::string> virtual_assumptions_;  // noted so far, by what does not change in them
  profiler::Tracer* tracer_ = nullptr;  // for the rest of the process
  struct EarlySample {
    c10::Device device;
    SampleMoment moment;
    std::optional<profiler::DeviceMemory> memory;
  };
  std::vector<EarlySample> early_samples_;
  std::map<c10::DeviceIndex, Json> activity_notes_;  // the last of each device
  std::int32_t step_ = 0;
  bool finished_ = false;
};

}  // namespace headroom::attach
