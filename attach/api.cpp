#include "attach/api.h"

#include <torch/headeronly/version.h>

#include <exception>
#include <memory>
#include <string>

#include "attach/agent.h"
#include "base/json.h"

namespace {

using namespace headroom;
using attach::Agent;

c10::Device device_of(int number) {
  return number < 0 ? c10::Device(c10::kCPU) : c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(number));
}

// What went wrong, for the caller; nullptr: nothing.
template <class Function>
const char* guarded(Function function) {
  static std::string message;
  try {
    function();
    return nullptr;
  } catch (const std::exception& error) {
    message = error.what();
    message = message.substr(0, message.find('\n'));
    return message.c_str();
  }
}

attach::Settings parse_settings(const char* text) {
  const Json json = parse_json(text, "the agent's settings");
  attach::Settings settings;
  settings.folder = json.at("folder").get<std::string>();
  settings.device = json.at("device").get<std::string>();
  settings.program = json.at("program").get<std::string>();
  settings.torch_version = json.at("torch_version").get<std::string>();
  settings.source_lines = json.value("source_lines", false);
  settings.trace = from_name(kTraceLevelNames, "trace level", json.value("trace", "none"));
  settings.require_cupti = json.value("require_cupti", false);
  settings.hidden_folders = json.value("hidden_folders", std::vector<std::string>{});
  for (const Json& value : json.value("values", Json::array()))
    settings.values.push_back({value.at("place").get<std::string>(), value.at("value").get<double>()});
  return settings;
}

}  // namespace

extern "C" {

const char* headroom_attach_built_for(void) { return TORCH_VERSION; }

const char* headroom_attach_start(const char* settings) {
  return guarded([&] {
    new Agent(parse_settings(settings));  // for the rest of the process
  });
}

const char* headroom_before_cuda(void) {
  return guarded([] {
    if (Agent* agent = Agent::current()) agent->start_tracing();
  });
}

const char* headroom_attach_cuda(void) {
  return guarded([] {
    if (Agent* agent = Agent::current()) agent->attach_cuda();
  });
}

void headroom_attach_cpu(void) {
  if (Agent* agent = Agent::current()) agent->attach_cpu();
}

void headroom_finish(void) {
  guarded([] {
    if (Agent* agent = Agent::current()) agent->finish();
  });
}

void headroom_note(const char* json) {
  guarded([&] {
    if (Agent* agent = Agent::current()) agent->journals().note(parse_json(json, "a note"));
  });
}

void headroom_note_for(int device, const char* json) {
  guarded([&] {
    if (Agent* agent = Agent::current()) agent->journals().note(device_of(device), parse_json(json, "a note"));
  });
}

void headroom_enter(uint32_t layer) {
  if (Agent* agent = Agent::current()) agent->recorder().attribution().enter(static_cast<LayerId>(layer));
}

void headroom_leave(void) {
  if (Agent* agent = Agent::current()) agent->recorder().attribution().leave();
}

void headroom_phase(int phase, int step) {
  if (Agent* agent = Agent::current()) agent->begin_phase(static_cast<Phase>(phase), step);
}

void headroom_begin_backward(void) {
  if (Agent* agent = Agent::current()) agent->recorder().attribution().begin_backward(LayerId::root);
}

void headroom_end_backward(void) {
  if (Agent* agent = Agent::current()) agent->recorder().attribution().end_backward();
}

void headroom_tag(int device, uint64_t address, int category, int64_t layer, const char* text) {
  Agent* agent = Agent::current();
  if (!agent) return;
  const auto owner = layer < 0 ? std::nullopt : std::optional(static_cast<LayerId>(layer));
  agent->recorder().tag(device_of(device), address, static_cast<Category>(category), owner, text ? text : "");
}

void headroom_variable(uint64_t variable, uint32_t layer) {
  if (Agent* agent = Agent::current())
    agent->recorder().attribution().set_layer_of(reinterpret_cast<const at::TensorImpl*>(variable),
                                                 static_cast<LayerId>(layer));
}

void headroom_make_way_for_profiler(void) {
  Agent* agent = Agent::current();
  if (agent == nullptr) return;
  agent->recorder().leave_thread();
  agent->pause_tracing();
}

void headroom_profiler_ended(void) {
  if (Agent* agent = Agent::current()) agent->resume_tracing();
}
}
