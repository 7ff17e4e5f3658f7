#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/json.h"
#include "base/names.h"
#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "models/catalog/attention.h"
#include "models/catalog/config.h"
#include "virtual_gpu/catalog.h"

namespace headroom::cli {
namespace {

struct ListOptions {
  std::string what, format;
};

// One row of a list: its cells for the terminal, the first its name, and the same as JSON.
struct Entry {
  std::vector<std::string> cells;
  Json json;
};
using Entries = std::vector<Entry>;

Entries list_models() {
  Entries out;
  for (const auto& preset : models::presets())
    out.push_back({{std::string(preset.name), std::string(preset.description)},
                   {{"name", preset.name}, {"description", preset.description}, {"config", to_json(preset.config)}}});
  return out;
}

Entries list_attention() {
  Entries out;
  for (const auto& mechanism : models::attention_mechanisms())
    out.push_back({{std::string(mechanism.name), std::string(mechanism.title)},
                   {{"name", mechanism.name},
                    {"title", mechanism.title},
                    {"source", mechanism.source},
                    {"causal", mechanism.causal},
                    {"cross", mechanism.cross}}});
  return out;
}

Entry device_entry(const std::string& name, const std::string& kind, const std::string& description) {
  return {{name, description}, {{"name", name}, {"kind", kind}, {"description", description}}};
}

Entry virtual_device_entry(const virtual_gpu::DeviceModel& model) {
  const std::string capability = fmt::format("{}.{}", model.major, model.minor);
  Entry entry = device_entry("virtual:" + model.name, "virtual",
                             fmt::format("{}, {}, compute capability {}, no GPU needed", model.product,
                                         format_bytes(model.total_bytes), capability));
  entry.json["product"] = model.product;
  entry.json["compute_capability"] = capability;
  entry.json["total_bytes"] = model.total_bytes;
  return entry;
}

Entries list_devices() {
  Entries out{device_entry("cpu", "cpu", "This machine's processor"),
              device_entry("cuda", "cuda", "A real NVIDIA GPU, the first; cuda:N for another")};
  for (const auto& model : virtual_gpu::device_catalog()) out.push_back(virtual_device_entry(model));
  return out;
}

Entries list_formats() {
  Entries out;
  for (const auto& row : formats()) {
    const std::string file = row.file.empty() ? "" : fmt::format("{} with --out", row.file);
    out.push_back({{std::string(row.name), std::string(row.description), file},
                   {{"name", row.name}, {"description", row.description}}});
    if (!row.file.empty()) out.back().json["file"] = row.file;
  }
  return out;
}

struct Listing {
  std::string_view name;
  Entries (*entries)();
};
constexpr Listing kListings[] = {
    {"models", list_models}, {"attention", list_attention}, {"devices", list_devices}, {"formats", list_formats}};

std::vector<std::string_view> listing_names() {
  std::vector<std::string_view> names;
  for (const auto& listing : kListings) names.push_back(listing.name);
  return names;
}

Entries entries_of(const std::string& what) {
  if (what.empty()) throw bad_input("expected what to list: " + alternatives(listing_names()));
  for (const auto& listing : kListings)
    if (listing.name == what) return listing.entries();
  throw bad_input(unknown_name_message("list", what, listing_names()));
}

std::string as_table(const Entries& entries) {
  std::vector<std::size_t> widths(entries.front().cells.size());
  for (const auto& entry : entries)
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], entry.cells[i].size());
  std::string out;
  for (const auto& entry : entries) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) line += fmt::format("{:<{}}  ", entry.cells[i], widths[i]);
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string as_json(const Entries& entries) {
  Json array = Json::array();
  for (const auto& entry : entries) array.push_back(entry.json);
  return array.dump(2) + "\n";
}

int run_list(const ListOptions& options) {
  const Entries entries = entries_of(options.what);
  if (options.format.empty() || options.format == "terminal")
    write_stdout(as_table(entries));
  else if (options.format == "json")
    write_stdout(as_json(entries));
  else
    throw bad_input(unknown_name_message("format", options.format, {"terminal", "json"}));
  return 0;
}

}  // namespace

void add_list(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* command = app.add_subcommand("list", "What can be named: models, attention, devices, formats");
  command->add_option("WHAT", options->what, "models, attention, devices or formats")->type_name("");
  command->add_option("--format", options->format, "terminal or json (default: terminal)")->type_name("NAME");
  command->footer(R"(
Examples:
  headroom list models
  headroom list devices --format json)");
  command->callback([options, &chosen] { chosen = [options] { return run_list(*options); }; });
}

}  // namespace headroom::cli
