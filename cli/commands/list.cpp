#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/names.h"
#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/commands/list_attention.h"
#include "cli/commands/list_compression.h"
#include "cli/commands/list_devices.h"
#include "cli/output.h"
#include "models/catalog/attention.h"
#include "models/catalog/config.h"

namespace headroom::cli {
namespace {

struct ListOptions {
  std::string what, name, format;
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
                   {{"name", preset.name},
                    {"description", preset.description},
                    {"parameters", parameter_count(preset.config)},
                    {"config", to_json(preset.config)}}});
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

Json as_json(const Entries& entries) {
  Json array = Json::array();
  for (const auto& entry : entries) array.push_back(entry.json);
  return array;
}

std::string models_table() { return as_table(list_models()); }
Json models_json() { return as_json(list_models()); }
std::string formats_table() { return as_table(list_formats()); }
Json formats_json() { return as_json(list_formats()); }

struct Listing {
  std::string_view name;
  std::string (*table)();
  Json (*json)();
  std::string (*text_of_one)(const std::string& name) = nullptr;
  Json (*json_of_one)(const std::string& name) = nullptr;
};
constexpr Listing kListings[] = {{"models", models_table, models_json},
                                 {"attention", attention_table, attention_json, mechanism_text, mechanism_json},
                                 {"compression", compression_table, compression_json, method_text, method_json},
                                 {"devices", devices_table, devices_json, device_text, device_json},
                                 {"formats", formats_table, formats_json}};

std::vector<std::string_view> listing_names() {
  std::vector<std::string_view> names;
  for (const auto& listing : kListings) names.push_back(listing.name);
  return names;
}

const Listing& listing_of(const std::string& what) {
  if (what.empty()) throw bad_input("expected what to list: " + alternatives(listing_names()));
  for (const auto& listing : kListings)
    if (listing.name == what) return listing;
  throw bad_input(unknown_name_message("list", what, listing_names()));
}

bool wants_json(const std::string& format) {
  if (format.empty() || format == "terminal") return false;
  if (format == "json") return true;
  throw bad_input(unknown_name_message("format", format, {"terminal", "json"}));
}

int run_list(const ListOptions& options) {
  const Listing& listing = listing_of(options.what);
  const bool json = wants_json(options.format);
  if (options.name.empty()) {
    write_stdout(json ? listing.json().dump(2) + "\n" : listing.table());
    return 0;
  }
  if (listing.text_of_one == nullptr)
    throw bad_input(
        fmt::format("list {} takes no NAME, but got '{}'; list attention, list compression and list devices do",
                    options.what, options.name));
  write_stdout(json ? listing.json_of_one(options.name).dump(2) + "\n" : listing.text_of_one(options.name));
  return 0;
}

}  // namespace

void add_list(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* command = app.add_subcommand("list", "What can be named: models, attention, compression, devices, formats");
  command->add_option("WHAT", options->what, "models, attention, compression, devices or formats")->type_name("");
  command
      ->add_option("NAME", options->name,
                   "An attention mechanism, a way to compress or a virtual device, to see\nall its figures "
                   "and where they are from")
      ->type_name("");
  command->add_option("--format", options->format, "terminal or json (default: terminal)")->type_name("NAME");
  command->footer(R"(
Examples:
  headroom list models
  headroom list attention mhe-mul
  headroom list compression int4
  headroom list devices a100-80gb
  headroom list devices --format json)");
  command->callback([options, &chosen] { chosen = [options] { return run_list(*options); }; });
}

}  // namespace headroom::cli
