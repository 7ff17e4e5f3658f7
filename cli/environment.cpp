#include "cli/environment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/error.h"
#include "base/json.h"
#include "cli/device.h"
#include "cli/installed.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDevice = "HEADROOM_VIRTUAL_GPU", kReserve = "HEADROOM_VIRTUAL_GPU_RESERVE",
                           kOrder = "HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER", kEvents = "HEADROOM_VIRTUAL_GPU_EVENTS",
                           kBacked = "HEADROOM_VIRTUAL_GPU_BACKED";

bool names(const std::string& entry, std::string_view name) {
  return entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=';
}

// Without what describes a virtual device: that is in the spec.
Environment inherited() {
  Environment out;
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    if (std::ranges::none_of(std::array{kDevice, kReserve, kOrder, kEvents, kBacked},
                             [&](std::string_view name) { return names(text, name); }))
      out.push_back(text);
  }
  return out;
}

// "lib/headroom/…" beside the worker or this executable.
fs::path find_installed(const fs::path& part, std::string_view what) {
  const char* worker = std::getenv("HEADROOM_WORKER");
  const fs::path own = own_folder();
  std::error_code error;
  for (const fs::path& bin : {worker && *worker ? fs::absolute(worker).parent_path() : own, own})
    if (const fs::path found = fs::canonical(bin / ".." / part, error); !error) return found;
  throw could_not_measure(fmt::format("{} {} is missing: it is built with Torch beside the worker", what,
                                      (own_folder() / ".." / part).lexically_normal().string()));
}

fs::path find_virtual_gpu() {
  return find_installed("lib/headroom/virtual-gpu/headroom-virtual-gpu.so", "the virtual GPU's library");
}

Json run_options(const RunSpec& spec) {
  Json options{{"device", spec.device},
               {"source_lines", spec.source_lines},
               {"ranks", spec.ranks},
               {"rank", spec.rank},
               {"values", Json::array()}};
  if (trace_level(spec) != TraceLevel::none) options["trace"] = to_name(kTraceLevelNames, trace_level(spec));
  if (spec.require_cupti) options["require_cupti"] = true;
  for (const StatedValue& stated : spec.values)
    options["values"].push_back({{"place", stated.place}, {"value", stated.value}});
  return options;
}

void describe_device(Environment& environment, const RunSpec& spec) {
  const VirtualOptions& options = spec.virtual_options;
  set_variable(environment, kDevice, virtual_name(spec.device));
  if (options.reserve_bytes > 0) set_variable(environment, kReserve, std::to_string(options.reserve_bytes));
  if (!options.address_order.empty()) set_variable(environment, kOrder, options.address_order);
  if (options.events != VirtualEvents::immediate)
    set_variable(environment, kEvents, to_name(kVirtualEventsNames, options.events));
  if (options.backed) set_variable(environment, kBacked, "1");
}

}  // namespace

fs::path own_folder() { return own_program().parent_path(); }

void set_variable(Environment& environment, std::string_view name, std::string_view value) {
  std::erase_if(environment, [&](const std::string& entry) { return names(entry, name); });
  environment.push_back(fmt::format("{}={}", name, value));
}

void put_in_front(Environment& environment, std::string_view name, std::string_view value) {
  std::string held;
  for (const auto& entry : environment)
    if (names(entry, name)) held = entry.substr(name.size() + 1);
  set_variable(environment, name, held.empty() ? std::string(value) : fmt::format("{}:{}", value, held));
}

Environment device_environment(const RunSpec& spec) {
  Environment environment = inherited();
  if (is_virtual(spec.device)) describe_device(environment, spec);
  // Triton links its launchers against libcuda.so.1, and looks for it where drivers are installed.
  if (is_virtual(spec.device) && std::getenv("TRITON_LIBCUDA_PATH") == nullptr)
    set_variable(environment, "TRITON_LIBCUDA_PATH", find_virtual_gpu().parent_path().string());
  if (is_virtual(spec.device) || spec.device == "cpu")
    put_in_front(environment, "LD_PRELOAD", find_virtual_gpu().string());
  return environment;
}

Environment program_environment(const RunSpec& spec, const fs::path& run_folder) {
  Environment environment = device_environment(spec);
  put_in_front(environment, "PYTHONPATH",
               find_installed("lib/headroom/python/site", "what attaches to Python,").string());
  set_variable(environment, "HEADROOM_RUN_FOLDER", run_folder.string());
  set_variable(environment, "HEADROOM_RUN_OPTIONS",
               run_options(spec).dump(-1, ' ', true, Json::error_handler_t::replace));
  return environment;
}

}  // namespace headroom::cli
