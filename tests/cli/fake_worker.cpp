// A worker for tests: speaks the protocol of headroom-worker and does as HEADROOM_FAKE says.
//
// HEADROOM_FAKE is "ACTION" or "MECHANISM=ACTION,MECHANISM=ACTION,…" (others: ok). HEADROOM_FAKE_PIDS names a folder
// where it leaves a file named by its process id once it runs.
#include <dlfcn.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "recording/file.h"
#include "recording/recording.h"
#include "recording/training.h"

using namespace headroom;

namespace {

struct Request {
  std::string out;
  int progress = -1;
  RunSpec spec;
};

std::string action_for(const std::string& attention) {
  const char* given = std::getenv("HEADROOM_FAKE");
  const std::string script = given ? given : "ok";
  if (script.find('=') == std::string::npos) return script;
  const std::string list = "," + script + ",", key = "," + attention + "=";
  const auto found = list.find(key);
  if (found == std::string::npos) return "ok";
  const auto begin = found + key.size();
  return list.substr(begin, list.find(',', begin) - begin);
}

void note_process() {
  if (const char* folder = std::getenv("HEADROOM_FAKE_PIDS"))
    std::ofstream(fmt::format("{}/{}", folder, getpid())) << getpid();
}

void say(const Request& request, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count = write(request.progress, bytes.data() + at, bytes.size() - at);
    if (count < 0) return;
    at += static_cast<std::size_t>(count);
  }
}

void add_event(Recording& recording, Action action, std::uint64_t address, std::int64_t bytes, Category category) {
  Events& events = recording.events;
  const bool segment = action == Action::segment_alloc;
  events.time_ns.push_back(static_cast<std::int64_t>(events.size()));
  events.address.push_back(address);
  events.requested_bytes.push_back(segment ? 0 : bytes);
  events.block_bytes.push_back(bytes);
  events.layer.push_back(segment ? LayerId::root : LayerId{1});
  events.phase.push_back(Phase::build);
  events.step.push_back(0);
  events.category.push_back(category);
  events.op.push_back(StringId::none);
  events.tensor.push_back(StringId::none);
  events.action.push_back(action);
}

// One parameter of 1024 fp32 elements per letter of the mechanism's name, in a segment of 1 MiB.
Recording recording_of(const RunSpec& spec) {
  Recording recording;
  recording.spec = spec;
  recording.environment.headroom_version = "0.1.0";
  recording.environment.device_kind = spec.device == "cpu" ? DeviceKind::cpu : DeviceKind::virtual_cuda;
  recording.environment.device_name = "Stand-in";
  recording.model.name = spec.model;
  recording.model.attention = spec.attention;
  recording.layers = {{LayerId{0}, LayerId{0}, "model", LayerKind::model},
                      {LayerId{1}, LayerId{0}, "layer.0.attention", LayerKind::attention}};
  recording.marks = {{0, 0, Phase::build, 0}};
  add_event(recording, Action::segment_alloc, 0x100000, 1 << 20, Category::unresolved);
  recording.stats.peak_reserved_bytes = recording.stats.final_reserved_bytes = 1 << 20;
  for (std::size_t i = 0; i < spec.attention.size(); ++i) {
    recording.parameters.push_back(
        {fmt::format("layer.0.attention.{}", i), {1024}, "float32", 4096, LayerId{1}, true, ""});
    add_event(recording, Action::alloc, 0x100000 + 4096 * i, 4096, Category::parameter);
    recording.model.parameter_count += 1024;
    recording.stats.peak_allocated_bytes += 4096;
  }
  recording.model.attention_parameter_count = recording.model.parameter_count;
  recording.stats.peak_requested_bytes = recording.stats.final_allocated_bytes = recording.stats.peak_allocated_bytes;
  return recording;
}

Recording out_of_memory(const RunSpec& spec) {
  Recording recording = recording_of(spec);
  recording.outcome.kind = OutcomeKind::oom;
  recording.outcome.message = "CUDA out of memory";
  recording.outcome.failed_request_bytes = 3 << 20;
  recording.outcome.free_bytes = 1 << 20;
  recording.outcome.phase = "forward";
  recording.outcome.layer = "layer.0.attention";
  return recording;
}

void die_of(int number) {
  signal(number, SIG_DFL);
  raise(number);
}

[[noreturn]] void hang() {
  for (;;) pause();
}

void turn_deaf() {
  for (int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_IGN);
}

int fail(int code, const std::string& text) {
  std::cerr << text << std::flush;
  return code;
}

int measure_well(const Request& request) {
  say(request, "{\"phase\":\"forward\",\"step\":1,\"steps\":2,\"allocated_bytes\":1048576}\n");
  write_recording(request.out, recording_of(request.spec));
  return 0;
}

// Goes through the protocol and at its POINT does what EFFECT says, for "at-POINT-EFFECT":
//   points    0 the job is not read yet   1 it is   2 a message is sent   3 half of the next one   4 all of it
//             5 one more   6 half a recording is there   7 the whole one
//   effects   kill, segv; stop: SIGSTOP; exit: with 0; garbage, flood: on the pipes, and it goes on; torrent: the same
//             with gigabytes and no end of a line; hang; stubborn: deaf to all but SIGKILL; spew: without end
class Course {
 public:
  explicit Course(const std::string& action) : point_(action.at(3) - '0'), effect_(action.substr(5)) {}

  void reach(int point, const Request& request) const {
    if (point != point_) return;
    if (effect_ == "kill") die_of(SIGKILL);
    if (effect_ == "segv") die_of(SIGSEGV);
    if (effect_ == "stop") raise(SIGSTOP);
    if (effect_ == "exit") _exit(0);
    if (effect_ == "garbage") say(request, std::string("\xff\0{]\n\n{\"phase\":", 15));
    if (effect_ == "flood")
      for (int i = 0; i < 64; ++i) std::cerr << std::string(1 << 14, 'y') << std::flush;
    if (effect_ == "torrent") pour(request, 1 << 10);
    if (effect_ == "spew") pour(request, -1);
    if (effect_ == "hang") hang();
    if (effect_ == "stubborn") turn_deaf(), hang();
  }

  // So many mebibytes on each pipe; below 0: without end.
  static void pour(const Request& request, int mebibytes) {
    const std::string much(1 << 20, 'y');
    for (int i = 0; i != mebibytes; ++i) {
      if (write(STDERR_FILENO, much.data(), much.size()) < 0) return;
      if (request.progress >= 0) say(request, much);
    }
    say(request, "\n");
  }

  int run(const Request& request) const {
    const std::string message = "{\"phase\":\"forward\",\"step\":1,\"steps\":2,\"allocated_bytes\":4096}\n";
    const std::string bytes = encode_recording(recording_of(request.spec));
    reach(1, request);
    say(request, message);
    reach(2, request);
    say(request, message.substr(0, 20));
    reach(3, request);
    say(request, message.substr(20));
    reach(4, request);
    say(request, "{\"phase\":\"backward\",\"step\":1,\"steps\":2,\"allocated_bytes\":8192}\n");
    reach(5, request);
    std::ofstream(request.out) << bytes.substr(0, bytes.size() / 2);
    reach(6, request);
    std::ofstream(request.out) << bytes;
    reach(7, request);
    return 0;
  }

 private:
  int point_;
  std::string effect_;
};

// A megabyte of everything, with lines of all lengths, before the result.
int flood(const Request& request) {
  for (int i = 0; i < 16; ++i) {
    say(request, std::string(1 << 16, 'x'));
    std::cerr << std::string(1 << 16, 'y') << std::flush;
    say(request, "\n\n{\"phase\":7}\n[[[[\n{\"phase\":\"\\u001b[31m\",\"step\":99999999999999999999}\n");
  }
  return measure_well(request);
}

// One more block, of 512 bytes for each letter of the order of addresses.
int measure_by_order(const Request& request) {
  Recording recording = recording_of(request.spec);
  const auto more = 512 * static_cast<std::int64_t>(request.spec.virtual_options.address_order.size());
  add_event(recording, Action::alloc, 0x180000, more, Category::other);
  for (std::int64_t AllocatorStats::*bytes :
       {&AllocatorStats::peak_allocated_bytes, &AllocatorStats::peak_requested_bytes,
        &AllocatorStats::final_allocated_bytes})
    recording.stats.*bytes += more;
  write_recording(request.out, recording);
  return 0;
}

// A prefill whose cache takes 1024 bytes a token, on a device that has room for so many tokens.
int generate(const Request& request, std::int64_t room) {
  const RunSpec& spec = request.spec;
  const std::int64_t tokens = spec.batch * spec.generation.beams * (spec.seq + spec.generation.new_tokens);
  Recording recording = tokens <= room ? recording_of(spec) : out_of_memory(spec);
  recording.environment.device_total_bytes = recording.stats.peak_allocated_bytes + 1024 * room;
  if (tokens > room) {
    recording.outcome.failed_request_bytes = 1024 * tokens;
    recording.outcome.free_bytes = 1024 * room;
    return write_recording(request.out, recording), 0;
  }
  recording.marks.push_back({static_cast<std::int64_t>(recording.events.size()),
                             static_cast<std::int64_t>(recording.events.size()), Phase::prefill, 1});
  add_event(recording, Action::alloc, 0x40000000, 1024 * tokens, Category::kv_cache);
  recording.events.phase.back() = Phase::prefill;
  recording.events.step.back() = 1;
  for (std::int64_t AllocatorStats::*bytes :
       {&AllocatorStats::peak_allocated_bytes, &AllocatorStats::peak_requested_bytes,
        &AllocatorStats::final_allocated_bytes})
    recording.stats.*bytes += 1024 * tokens;
  return write_recording(request.out, recording), 0;
}

// What a training holds for each of its tokens: 1 KiB for each layer and head of a model that is a file, less of it
// with the means that save memory.
std::int64_t held_bytes(const RunSpec& spec) {
  std::int64_t bytes = 1024 * spec.batch * spec.seq;
  if (spec.model.ends_with(".json")) {
    const Json config = parse_json_file(spec.model);
    bytes *= config.at("n_layer").get<std::int64_t>() * config.at("n_head").get<std::int64_t>();
  }
  if (spec.checkpoint == Checkpoint::block) bytes /= 4;
  if (spec.sdpa != Sdpa::eager) bytes /= 2;
  return bytes;
}

// On a device that has room for so many tokens, twice as many where it is called large; `never`: a batch that does not
// fit all the same.
int train(const Request& request, std::int64_t room, std::int64_t never) {
  const RunSpec& spec = request.spec;
  if (spec.optimizer == Optimizer::adafactor) return fail(3, "no such optimizer\n");
  if (spec.device.ends_with("80gb")) room *= 2;
  const std::int64_t bytes = held_bytes(spec);
  Recording recording = recording_of(spec);
  if (bytes > 1024 * room || spec.batch == never) {
    recording = out_of_memory(spec);
    recording.outcome.failed_request_bytes = bytes;
    recording.outcome.free_bytes = std::min(bytes - 1, 1024 * room);
  }
  recording.environment.device_total_bytes = recording.stats.peak_allocated_bytes + 1024 * room;
  if (recording.outcome.kind == OutcomeKind::ok) {
    recording.marks.push_back({static_cast<std::int64_t>(recording.events.size()),
                               static_cast<std::int64_t>(recording.events.size()), Phase::forward, 1});
    add_event(recording, Action::alloc, 0x40000000, bytes, Category::activation);
    recording.events.phase.back() = Phase::forward;
    recording.events.step.back() = 1;
    for (std::int64_t AllocatorStats::*peak :
         {&AllocatorStats::peak_allocated_bytes, &AllocatorStats::peak_requested_bytes,
          &AllocatorStats::final_allocated_bytes})
      recording.stats.*peak += bytes;
  }
  return write_recording(request.out, recording), 0;
}

int measure_untraced(const Request& request) {
  Recording recording = recording_of(request.spec);
  recording.activity.problems = {"CUPTI off: \x1b[31mno such library."};
  write_recording(request.out, recording);
  return 0;
}

int leave_half_a_recording(const Request& request) {
  const std::string whole = encode_recording(recording_of(request.spec));
  std::ofstream(request.out) << whole.substr(0, whole.size() / 2);
  return 0;
}

int contradict_itself(const Request& request) {
  Recording recording = recording_of(request.spec);
  recording.stats.peak_allocated_bytes += 1;
  write_recording(request.out, recording);
  return 0;
}

// The recorded peaks; what changes something reserves half a MiB less.
int replay(const Json& job, const std::string& out, bool faithful) {
  const JsonReader reader(job, "job");
  const Recording recording = read_recording(reader.string("recording"));
  const char* settings = std::getenv("PYTORCH_CUDA_ALLOC_CONF");
  AllocatorReplay replay{.label = reader.string("label"), .device = std::getenv("HEADROOM_VIRTUAL_GPU")};
  replay.settings = settings ? settings : "";
  if (replay.settings != reader.string("settings"))
    return fail(3, "other settings in the environment than in the job\n");
  const std::string change = reader.string("change");
  for (const auto& known : kReplayChangeNames)
    if (known.name == change) replay.change = known.value;
  replay.peak_allocated_bytes = recording.stats.peak_allocated_bytes;
  replay.peak_requested_bytes = recording.stats.peak_requested_bytes;
  replay.peak_reserved_bytes =
      recording.stats.peak_reserved_bytes - (replay.change == ReplayChange::none ? 0 : 1 << 19);
  replay.segment_count = replay.driver_call_count = 1;
  replay.faithful = faithful && replay.change == ReplayChange::none;
  if (!faithful && replay.change == ReplayChange::none) replay.difference = "at event 0 the recording differs";
  std::ofstream(out) << replay_document(replay).dump();
  return 0;
}

// A loss that falls, whatever is trained.
int train_well(const TrainingJob& job, const std::string& out) {
  TrainingResult result{.job = job, .parameter_count = 1024, .attention_weight_count = 512};
  result.losses = {{1, 5.5}, {job.steps, 2.0}};
  result.held_out_loss = 2.0;
  result.held_out_bytes = 1000;
  result.held_out_words = 200;
  result.seconds = 1;
  try {
    write_file(out, training_document(result).dump());
  } catch (const Error& error) {
    return fail(3, std::string(error.what()) + "\n");
  }
  return 0;
}

std::string environment_text() {
  const auto value = [](const char* name) {
    const char* text = std::getenv(name);
    return std::string(text ? text : "(unset)");
  };
  const bool loaded = dlsym(RTLD_DEFAULT, "headroom_fake_virtual_gpu") != nullptr;
  return fmt::format("HEADROOM_VIRTUAL_GPU={} loaded={}\n", value("HEADROOM_VIRTUAL_GPU"), loaded);
}

int act(const std::string& action, const Request& request) {
  if (action == "ok") return measure_well(request);
  if (action.starts_with("at-")) return Course(action).run(request);
  if (action == "slow") return usleep(300'000), measure_well(request);
  if (action == "untraced") return measure_untraced(request);
  if (action == "by-order") return measure_by_order(request);
  if (action == "oom-unless-descending" && request.spec.virtual_options.address_order == "descending")
    return measure_well(request);
  if (action == "oom-unless-descending") return write_recording(request.out, out_of_memory(request.spec)), 0;
  if (action.starts_with("room-for-")) return generate(request, std::atoll(action.c_str() + 9));
  if (action.starts_with("trains-")) return train(request, std::atoll(action.c_str() + 7), 0);
  if (action.starts_with("never-3-")) return train(request, std::atoll(action.c_str() + 8), 3);
  if (action.starts_with("hang-above-")) {
    if (request.spec.batch > std::atoll(action.c_str() + 11)) hang();
    return train(request, 1'000'000, 0);
  }
  if (action == "hang-in-search" && (request.spec.seq != 100 || request.spec.batch > 1)) hang();
  if (action == "hang-in-search") return generate(request, 100'000);
  if (action == "short-prompts-only")
    return request.spec.seq > 100 ? fail(2, "no such prompt\n") : generate(request, 100'000);
  if (action == "oom") return write_recording(request.out, out_of_memory(request.spec)), 0;
  if (action == "hang") hang();
  if (action == "stubborn") turn_deaf(), hang();
  if (action == "brood") {  // with a child that would outlive it
    if (fork() == 0) note_process();
    hang();
  }
  if (action == "orphan") {  // whose child keeps the pipes open after it
    if (fork() == 0) {
      note_process();
      hang();
    }
    return measure_well(request);
  }
  if (action == "segv") return std::cerr << "first\nlast words\n" << std::flush, die_of(SIGSEGV), 0;
  if (action == "abort") return die_of(SIGABRT), 0;
  if (action == "killed") return die_of(SIGKILL), 0;
  if (action == "refuse") return fail(2, "a warning\n--sdpa flash needs fp16 or bf16\n");
  if (action == "unable") return fail(3, "no usable device\n");
  if (action == "babble") return fail(3, "\xff\x1b[31m\n");
  if (action == "mute") return 3;
  if (action == "seven") return fail(7, "some\nlines\n");
  if (action == "no-library")
    return fail(127,
                "headroom-worker: error while loading shared libraries: libtorch_cpu.so: cannot open shared object "
                "file: No such file or directory\n");
  if (action == "wrong-library")
    return fail(127, "headroom-worker: symbol lookup error: headroom-worker: undefined symbol: _ZN2at4_ops5emptyE\n");
  if (action == "nothing") return 0;
  if (action == "garbage") return std::ofstream(request.out) << std::string(5000, '\xfe'), 0;
  if (action == "half") return leave_half_a_recording(request);
  if (action == "contradiction") return contradict_itself(request);
  if (action == "flood") return flood(request);
  if (action == "environment") return fail(3, environment_text());
  if (action == "addresses")
    return fail(3, (personality(0xffffffff) & ADDR_NO_RANDOMIZE) != 0 ? "always the same\n" : "at random\n");
  if (action == "spec") return fail(3, to_json(request.spec).dump() + "\n");
  return fail(70, "no such action: " + action);
}

}  // namespace

int main(int count, char** values) {
  Request request;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::string(values[i]) == "--out") request.out = values[i + 1];
    if (std::string(values[i]) == "--progress-fd") request.progress = std::atoi(values[i + 1]);
  }
  if (const std::string before = action_for("*"); before.starts_with("at-0-")) Course(before).reach(0, request);
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const Json job = parse_json(text, "stdin");
  note_process();
  if (job.contains("replay")) {
    const std::string action = action_for("replay");
    const bool replays = action == "ok" || action == "unfaithful";
    const int code = replays ? replay(job["replay"], request.out, action == "ok") : act(action, request);
    std::cerr.flush();
    _exit(code);
  }
  if (job.contains("training")) {
    const std::string action = action_for("training");
    _exit(action == "ok" ? train_well(parse_training_job(job, "stdin"), request.out) : act(action, request));
  }
  request.spec = run_spec_from_json(job, "stdin");
  const int code = act(action_for(request.spec.attention), request);
  std::cerr.flush();
  _exit(code);
}
