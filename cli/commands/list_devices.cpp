#include "cli/commands/list_devices.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "cli/commands/list_text.h"
#include "reports/table.h"
#include "virtual_gpu/catalog.h"

namespace headroom::cli {
namespace {

using virtual_gpu::DeviceModel;

std::string exact_size(std::int64_t bytes) { return fmt::format("{} ({})", format_bytes(bytes), format_count(bytes)); }
std::string capability(const DeviceModel& model) { return fmt::format("{}.{}", model.major, model.minor); }
std::string megahertz(int khz) { return fmt::format("{:g} MHz", khz / 1000.0); }

// One figure of a device: its name in JSON, in words, and its values.
struct Figure {
  const char* key;
  const char* title;
  Json (*json)(const DeviceModel&);
  std::string (*text)(const DeviceModel&);
};

const Figure kFigures[] = {
    {"product", "product", [](const DeviceModel& m) { return Json(m.product); },
     [](const DeviceModel& m) { return m.product; }},
    {"compute_capability", "compute capability", [](const DeviceModel& m) { return Json(capability(m)); }, capability},
    {"total_bytes", "memory, as cudaMemGetInfo has it", [](const DeviceModel& m) { return Json(m.total_bytes); },
     [](const DeviceModel& m) { return exact_size(m.total_bytes); }},
    {"framebuffer_mib", "memory, as nvidia-smi has it", [](const DeviceModel& m) { return Json(m.framebuffer_mib); },
     [](const DeviceModel& m) { return format_count(m.framebuffer_mib) + " MiB"; }},
    {"multiprocessor_count", "multiprocessors", [](const DeviceModel& m) { return Json(m.multiprocessor_count); },
     [](const DeviceModel& m) { return format_count(m.multiprocessor_count); }},
    {"max_threads_per_multiprocessor", "threads a multiprocessor",
     [](const DeviceModel& m) { return Json(m.max_threads_per_multiprocessor); },
     [](const DeviceModel& m) { return format_count(m.max_threads_per_multiprocessor); }},
    {"max_blocks_per_multiprocessor", "blocks a multiprocessor",
     [](const DeviceModel& m) { return Json(m.max_blocks_per_multiprocessor); },
     [](const DeviceModel& m) { return format_count(m.max_blocks_per_multiprocessor); }},
    {"shared_bytes_per_block", "shared memory a block",
     [](const DeviceModel& m) { return Json(m.shared_bytes_per_block); },
     [](const DeviceModel& m) { return exact_size(m.shared_bytes_per_block); }},
    {"shared_bytes_per_block_optin", "shared memory a block, opted in",
     [](const DeviceModel& m) { return Json(m.shared_bytes_per_block_optin); },
     [](const DeviceModel& m) { return exact_size(m.shared_bytes_per_block_optin); }},
    {"shared_bytes_per_multiprocessor", "shared memory a multiprocessor",
     [](const DeviceModel& m) { return Json(m.shared_bytes_per_multiprocessor); },
     [](const DeviceModel& m) { return exact_size(m.shared_bytes_per_multiprocessor); }},
    {"reserved_shared_bytes_per_block", "of it reserved a block",
     [](const DeviceModel& m) { return Json(m.reserved_shared_bytes_per_block); },
     [](const DeviceModel& m) { return exact_size(m.reserved_shared_bytes_per_block); }},
    {"registers_per_block", "registers a block", [](const DeviceModel& m) { return Json(m.registers_per_block); },
     [](const DeviceModel& m) { return format_count(m.registers_per_block); }},
    {"registers_per_multiprocessor", "registers a multiprocessor",
     [](const DeviceModel& m) { return Json(m.registers_per_multiprocessor); },
     [](const DeviceModel& m) { return format_count(m.registers_per_multiprocessor); }},
    {"l2_bytes", "L2 cache", [](const DeviceModel& m) { return Json(m.l2_bytes); },
     [](const DeviceModel& m) { return exact_size(m.l2_bytes); }},
    {"clock_khz", "clock", [](const DeviceModel& m) { return Json(m.clock_khz); },
     [](const DeviceModel& m) { return megahertz(m.clock_khz); }},
    {"memory_clock_khz", "memory clock", [](const DeviceModel& m) { return Json(m.memory_clock_khz); },
     [](const DeviceModel& m) { return megahertz(m.memory_clock_khz); }},
    {"memory_bus_bits", "memory bus", [](const DeviceModel& m) { return Json(m.memory_bus_bits); },
     [](const DeviceModel& m) { return fmt::format("{} bits", m.memory_bus_bits); }},
    {"ecc", "error correction", [](const DeviceModel& m) { return Json(m.ecc); },
     [](const DeviceModel& m) { return std::string(m.ecc ? "on" : "off"); }},
    {"address_order", "order of addresses", [](const DeviceModel& m) { return Json(m.address_order); },
     [](const DeviceModel& m) { return m.address_order; }},
    {"source", "where the figures are from", [](const DeviceModel& m) { return Json(m.source); },
     [](const DeviceModel& m) { return m.source; }}};

Json entry(const std::string& name, const char* kind, const std::string& description) {
  return {{"name", name}, {"kind", kind}, {"description", description}};
}

Json virtual_entry(const DeviceModel& model) {
  Json out = entry("virtual:" + model.name, "virtual",
                   fmt::format("{}, {}, compute capability {}, no GPU needed", model.product,
                               format_bytes(model.total_bytes), capability(model)));
  for (const Figure& figure : kFigures) out[figure.key] = figure.json(model);
  return out;
}

constexpr const char *kCpu = "This machine's processor", *kCuda = "A real NVIDIA GPU, the first; cuda:N for another";

std::vector<Cell> cells_of(const DeviceModel& m) {
  return {{"virtual:" + m.name},
          {m.product},
          {format_bytes(m.total_bytes)},
          {format_count(m.total_bytes)},
          {capability(m)},
          {format_count(m.multiprocessor_count)},
          {format_bytes(m.shared_bytes_per_block_optin)},
          {megahertz(m.clock_khz)},
          {megahertz(m.memory_clock_khz)},
          {fmt::format("{} bits", m.memory_bus_bits)},
          {format_bytes(m.l2_bytes)}};
}

}  // namespace

std::string devices_table() {
  Table table({{"name", 0, true},
               {"product", 1, true},
               {"memory", 0},
               {"exact bytes", 3},
               {"compute\ncapability", 2, false, "compute capability"},
               {"multi-\nprocessors", 4, false, "multiprocessors"},
               {"shared memory\na block", 5, false, "shared memory"},
               {"clock", 6},
               {"memory\nclock", 7, false, "memory clock"},
               {"memory\nbus", 8, false, "memory bus"},
               {"L2 cache", 9}});
  const auto real = [&](const char* name, const char* what) {
    std::vector<Cell> cells(11);
    cells[0].text = name;
    cells[1].text = what;
    table.add_row(cells);
  };
  real("cpu", kCpu);
  real("cuda", "A real NVIDIA GPU");
  for (const DeviceModel& model : virtual_gpu::device_catalog()) table.add_row(cells_of(model));
  std::string out = table.render(listing_width(), false);
  out += "\nMemory is what cudaMemGetInfo gives as total on the real card. A virtual device needs no GPU.\n";
  out += "headroom list devices NAME shows every figure of one and where it is from.\n";
  return out;
}

Json devices_json() {
  Json array{entry("cpu", "cpu", kCpu), entry("cuda", "cuda", kCuda)};
  for (const DeviceModel& model : virtual_gpu::device_catalog()) array.push_back(virtual_entry(model));
  return array;
}

std::string device_text(const std::string& name) {
  const DeviceModel& model = virtual_gpu::device_model(name);
  std::string out = "virtual:" + model.name + "\n";
  for (const Figure& figure : kFigures) add_titled_text(out, figure.title, figure.text(model));
  return out;
}

Json device_json(const std::string& name) { return Json::array({virtual_entry(virtual_gpu::device_model(name))}); }

}  // namespace headroom::cli
