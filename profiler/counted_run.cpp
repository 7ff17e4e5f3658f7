#include "profiler/counted_run.h"

#include <cuda.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/error.h"
#include "base/json.h"
#include "profiler/cuda.h"
#include "profiler/tracer.h"
#include "recording/activity_document.h"
#include "tracing/driver.h"

namespace headroom::profiler {
namespace {

constexpr std::string_view kNotCounted = "DRAM traffic is not counted";
constexpr std::size_t kLayerLimit = 1 << 24;  // tracing/context.h

CUcontext current_context() {
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  const auto current =
      driver ? reinterpret_cast<decltype(&::cuCtxGetCurrent)>(dlsym(driver, "cuCtxGetCurrent")) : nullptr;
  CUcontext context = nullptr;
  if (current == nullptr || current(&context) != CUDA_SUCCESS || context == nullptr)
    throw could_not_measure(fmt::format("{}: the device has no context.", kNotCounted));
  return context;
}

std::string text_of(const CountedTraffic& counted) {
  Json json{{"dram", Json::array()}, {"problems", counted.problems}};
  for (const DramBytes& dram : counted.dram) json["dram"].push_back(to_json(dram));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

CountedTraffic parse(const std::string& text) {
  const std::string where = "what the run that counts DRAM traffic says";
  const Json json = parse_json(text, where);
  CountedTraffic counted{{}, json.at("problems").get<std::vector<std::string>>()};
  for (const Json& dram : json.at("dram")) counted.dram.push_back(parse_dram(dram, kLayerLimit, where));
  return counted;
}

[[noreturn]] void be_child(int out, const std::function<CountedTraffic()>& count) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  CountedTraffic counted;
  try {
    counted = count();
  } catch (const std::exception& error) {
    counted = {{}, {fmt::format("{}: {}", kNotCounted, error.what())}};
  }
  const std::string text = text_of(counted);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = write(out, text.data() + done, text.size() - done);
    if (written <= 0) _exit(1);
    done += static_cast<std::size_t>(written);
  }
  _exit(0);
}

std::string read_all(int in) {
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t count = 0; (count = read(in, part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(count));
  return text;
}

CountedTraffic result_of(int status, const std::string& text) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return parse(text);
  const std::string end = WIFSIGNALED(status)
                              ? fmt::format("by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)))
                              : fmt::format("with status {}", WEXITSTATUS(status));
  return {{}, {fmt::format("{}: the run that counts it ended {}.", kNotCounted, end)}};
}

}  // namespace

void CountedTraffic::join(Recording& recording) const {
  auto& activity = recording.activity;
  activity.problems.insert(activity.problems.end(), problems.begin(), problems.end());
  for (const DramBytes& place : dram)
    if (static_cast<std::size_t>(place.layer) < recording.layers.size()) activity.dram.push_back(place);
}

TrafficCounter::TrafficCounter(c10::DeviceIndex device) {
  guarded([&] { start(device); });
}

void TrafficCounter::start(c10::DeviceIndex device) {
  library_ = tracing::load_library(named_cupti());
  if (!library_.handle) throw could_not_measure(library_.problem);
  if (const auto problem = tracing::Driver(library_.handle).missing(library_.version); !problem.empty())
    throw could_not_measure(problem);
  if (const auto missing = tracing::find_profiler(library_.handle, api_); !missing.empty())
    throw could_not_measure(fmt::format("{}: {} lacks {}; install nvidia-cuda-cupti {}.x.", kNotCounted, library_.path,
                                        fmt::join(missing, ", "), CUDA_VERSION / 1000));
  counters_ = std::make_unique<tracing::RangeCounters>(
      api_, tracing::RangeOptions{.context = current_context(),
                                  .device = static_cast<std::size_t>(device),
                                  .wait = [device] { cuda::synchronize(device); }});
}

void TrafficCounter::guarded(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    counters_.reset();
    result_ = {{}, {error.what()}};
  }
}

void TrafficCounter::set_place(LayerId layer, Phase phase) {
  const std::lock_guard lock(mutex_);
  guarded([&] {
    if (counters_) counters_->set_place(layer, phase);
  });
}

CountedTraffic TrafficCounter::finish() {
  const std::lock_guard lock(mutex_);
  guarded([&] {
    if (!counters_) return;
    result_.dram = counters_->finish();
    if (counters_->is_total())
      result_.problems.push_back(
          "This chip does not tell DRAM reads from writes: all of its traffic is told as reads.");
  });
  return result_;
}

CountedTraffic in_child(const std::function<CountedTraffic()>& count) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw could_not_measure(fmt::format("{}: no pipe: {}", kNotCounted, strerror(errno)));
  const pid_t child = fork();
  if (child == 0) be_child(ends[1], count);
  close(ends[1]);
  const std::string text = child > 0 ? read_all(ends[0]) : "";
  close(ends[0]);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child)
    throw could_not_measure(fmt::format("{}: no process: {}", kNotCounted, strerror(errno)));
  return result_of(status, text);
}

}  // namespace headroom::profiler
