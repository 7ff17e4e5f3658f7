#include "reports/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "reports/folding.h"
#include "reports/summary.h"
#include "reports/text.h"

namespace headroom {
namespace {

constexpr std::string_view kSchema = "headroom.baseline/1";
constexpr JsonLimits kLimits{.members = 1 << 14};

LayerCells cells_of(const Breakdown& run) {
  LayerCells cells;
  for (const FoldedLayer& row : fold_layers(run.layers))
    for (const LayerId member : row.members) {
      if (static_cast<std::size_t>(member) >= run.peak.layers.size()) continue;
      const CategoryBytes& bytes = run.peak.layers[static_cast<std::size_t>(member)].categories;
      for (std::size_t c = 0; c < kCategoryCount; ++c)
        if (bytes[c] != 0) cells[printable(row.path)][static_cast<Category>(c)] += bytes[c];
    }
  return cells;
}

std::int64_t whole(const Json& value, const std::string& where, const std::string& key) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= INT64_MAX) return value.get<std::int64_t>();
  throw bad_input(fmt::format("{}: '{}' is {}, expected a whole number of bytes", where, key, value.dump()));
}

Figures read_figures(const Json& json, const std::string& where) {
  Figures out;
  if (!json.is_object()) throw bad_input(where + ": 'figures' is no object");
  for (const auto& [key, value] : json.items()) out[key] = whole(value, where, key);
  return out;
}

LayerCells read_cells(const Json& json, const std::string& where) {
  LayerCells out;
  if (!json.is_object()) throw bad_input(where + ": 'layers' is no object");
  for (const auto& [layer, cells] : json.items()) {
    if (!cells.is_object()) throw bad_input(fmt::format("{}: layer '{}' is no object", where, layer));
    for (const auto& [name, value] : cells.items())
      out[layer][from_name(kCategoryNames, where + ": category", name)] = whole(value, where, name);
  }
  return out;
}

std::string change_of(std::string_view what, const std::string& then, const std::string& now) {
  const auto named = [](const std::string& text) { return text.empty() ? std::string("none") : text; };
  return then == now ? "" : fmt::format("{} {} then, {} now", what, named(then), named(now));
}

}  // namespace

Baseline make_baseline(const Breakdown& run, const Budget& budget, const std::string& name,
                       const std::string& command) {
  Baseline out{.name = name, .command = command};
  out.device = fmt::format("{} {}", truth_word(run.environment), printable(run.environment.device_name));
  out.torch_version = printable(run.environment.torch_version);
  out.allocator_settings = printable(run.environment.allocator_settings);
  out.figures = figures_of(run, budget);
  out.layers = cells_of(run);
  return out;
}

std::string write_baseline(const Baseline& baseline) {
  nlohmann::json layers = nlohmann::json::object();  // sorts its keys
  for (const auto& [layer, cells] : baseline.layers)
    for (const auto& [category, bytes] : cells) layers[layer][std::string(to_name(kCategoryNames, category))] = bytes;
  const nlohmann::json document{{"schema", kSchema},
                                {"budget", baseline.name},
                                {"command", baseline.command},
                                {"made_under",
                                 {{"device", baseline.device},
                                  {"torch", baseline.torch_version},
                                  {"allocator_settings", baseline.allocator_settings}}},
                                {"figures", baseline.figures},
                                {"layers", layers}};
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Baseline read_baseline(const std::filesystem::path& path) {
  return parse_baseline(read_file(path, kLimits.size_bytes), path.string());
}

Baseline parse_baseline(std::string_view text, const std::string& where) {
  const Json json = parse_json(text, where, kLimits);
  const JsonReader reader(json, where);
  if (const std::string schema = reader.string("schema"); schema != kSchema)
    throw bad_input(
        fmt::format("{}: the schema is '{}', and this Headroom compares with {}; make it anew with "
                    "--update-baseline",
                    where, schema, kSchema));
  const JsonReader under(reader.member("made_under"), where);
  return {reader.string("budget"),
          reader.string("command"),
          under.string("device"),
          under.string("torch"),
          under.string("allocator_settings"),
          read_figures(reader.member("figures"), where),
          read_cells(reader.member("layers"), where)};
}

std::string incomparable(const Baseline& before, const Baseline& now) {
  std::string out;
  for (const std::string& change :
       {change_of("device", before.device, now.device), change_of("Torch", before.torch_version, now.torch_version),
        change_of("allocator settings", before.allocator_settings, now.allocator_settings),
        change_of("the run", before.command, now.command)})
    if (!change.empty()) out += (out.empty() ? "" : "; ") + change;
  return out;
}

std::vector<CellChange> changed_cells(const LayerCells& before, const LayerCells& now) {
  std::map<std::pair<std::string, Category>, Change> all;
  for (const auto& [layer, cells] : before)
    for (const auto& [category, bytes] : cells) all[{layer, category}].before = bytes;
  for (const auto& [layer, cells] : now)
    for (const auto& [category, bytes] : cells) all[{layer, category}].after = bytes;
  std::vector<CellChange> out;
  for (const auto& [cell, bytes] : all)
    if (bytes.any()) out.push_back({cell.first, cell.second, bytes});
  std::ranges::stable_sort(out, std::ranges::greater{}, [](const CellChange& cell) { return cell.bytes.delta(); });
  return out;
}

}  // namespace headroom
