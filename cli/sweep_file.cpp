#include "cli/sweep_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "cli/run_table.h"
#include "cli/sweep_expansion.h"
#include "models/catalog/config.h"
#include "recording/training.h"

namespace headroom::cli {
namespace {

using Value = std::pair<std::string, std::string>;  // a key and its value as JSON

struct Checked {
  std::optional<RunSpec> spec;
  std::string refusal;
};

// Combinations have no line of their own: they come from several.
class Checker {
 public:
  explicit Checker(const TomlDocument& document) { unplaced_.where = document.where; }

  Checked check(const Json& table) const {
    try {
      return {check_run_table(table, unplaced_, "").spec, ""};
    } catch (const Error& error) {
      if (error.code() != ExitCode::bad_input) throw;
      const std::string text = error.what(), place = unplaced_.where + ": ";
      return {{}, text.starts_with(place) ? text.substr(place.size()) : text};
    }
  }

 private:
  TomlDocument unplaced_;
};

// What might have to be said beside a value for it to make sense.
std::vector<Json> companions() {
  return {Json::object(),
          {{"mode", "forward"}},
          {{"mode", "generate"}, {"cache", "paged"}},
          {{"dtype", "bf16"}},
          {{"optimizer", "sgd"}}};
}

// Whether some run of some model could have the value; else why not.
class Possible {
 public:
  explicit Possible(const Checker& checker) : checker_(checker) {}

  std::optional<std::string> problem(const std::string& key, const Json& value, const Json& own_model) {
    const auto [at, is_new] = known_.emplace(Value(key, value.dump()), std::nullopt);
    if (is_new) at->second = find(key, value, own_model);
    return at->second;
  }

 private:
  std::optional<std::string> find(const std::string& key, const Json& value, const Json& own_model) {
    if (const auto well = went_well_.find(key); well != went_well_.end() && !refusal_of(well->second, key, value))
      return {};
    std::vector<Json> models{own_model};
    if (key == "model") models = {value};
    if (key != "model")
      for (const models::Preset& preset : models::presets()) models.push_back(std::string(preset.name));
    std::optional<std::string> first;
    for (const Json& model : models)
      for (Json table : companions()) {
        table["model"] = model;
        const auto refusal = refusal_of(table, key, value);
        if (!refusal) return went_well_[key] = table, std::nullopt;
        if (!first) first = refusal;
      }
    return first;
  }

  std::optional<std::string> refusal_of(Json table, const std::string& key, const Json& value) const {
    table[key] = value;
    Checked checked = checker_.check(table);
    return checked.spec ? std::nullopt : std::optional(std::move(checked.refusal));
  }

  const Checker& checker_;
  std::map<Value, std::optional<std::string>> known_;
  std::map<std::string, Json> went_well_;  // the last companions of a key: most of its values go with them, too
};

// The value of a key that the combination leaves to its default, where the spec says it.
Json default_of(const std::string& key, const RunSpec& spec) {
  if (key == "batch") return spec.batch;
  if (key == "seq") return spec.seq;
  if (key == "steps") return spec.steps;
  if (key == "accumulate") return spec.accumulate;
  if (key == "new-tokens") return spec.generation.new_tokens;
  if (key == "beams") return spec.generation.beams;
  if (key == "device") return spec.device;
  if (key == "mode") return std::string(to_name(kModeNames, spec.mode));
  if (key == "dtype") return std::string(to_name(kDtypeNames, spec.dtype));
  if (key == "optimizer") return std::string(to_name(kOptimizerNames, spec.optimizer));
  if (key == "checkpoint") return std::string(to_name(kCheckpointNames, spec.checkpoint));
  if (key == "sdpa") return std::string(to_name(kSdpaNames, spec.sdpa));
  return nullptr;
}

Json setting(const Json& table, const std::string& key, const std::optional<RunSpec>& spec) {
  const auto found = table.find(key);
  if (found != table.end()) return *found;
  return default_of(key, spec.value_or(RunSpec()));
}

std::vector<std::string> varied_keys(const std::vector<Json>& tables) {
  std::vector<std::string> varied;
  for (const std::string& key : run_table_keys()) {
    std::set<std::string> values;
    for (const Json& table : tables)
      if (values.size() < 2) values.insert(table.contains(key) ? table.find(key)->dump() : "");
    if (values.size() > 1) varied.push_back(key);
  }
  if (varied.empty()) varied.emplace_back("model");
  return varied;
}

// A refusal that is a value's own fault is a mistake in its line, not a run that cannot be.
void require_possible(const TomlDocument& document, const SweepCombinations& found, const std::vector<Checked>& checked,
                      const Checker& checker) {
  std::set<Value> seen;
  for (std::size_t i = 0; i < checked.size(); ++i)
    if (checked[i].spec)
      for (const auto& [key, value] : found.tables[i].items()) seen.emplace(key, value.dump());
  Possible possible(checker);
  for (std::size_t i = 0; i < checked.size(); ++i) {
    if (checked[i].spec) continue;
    const Json& table = found.tables[i];
    if (!table.contains("model")) throw bad_input(fmt::format("{}: {}", document.where, checked[i].refusal));
    const auto require = [&](const std::string& key, const Json& value) {
      if (seen.contains({key, value.dump()})) return;
      if (const auto problem = possible.problem(key, value, table["model"]))
        throw bad_input(document.place(found.origins.at({key, value.dump()})) + ": " + *problem);
    };
    require("model", table["model"]);
    for (const auto& [key, value] : table.items()) require(key, value);
  }
}

std::optional<TimeLimit> limit_in(const TomlDocument& document) {
  const auto found = document.root.find("timeout");
  if (found == document.root.end()) return {};
  return time_limit_of(document.place("/timeout") + ": 'timeout'", *found);
}

}  // namespace

SweepPlan read_sweep_plan(const TomlDocument& document) {
  const SweepCombinations found = expand_sweep(document);
  const Checker checker(document);
  std::vector<Checked> checked;
  for (const Json& table : found.tables) checked.push_back(checker.check(table));
  require_possible(document, found, checked, checker);

  SweepPlan plan{varied_keys(found.tables), {}, "", limit_in(document)};
  std::unordered_set<std::string> seen;
  std::string list;
  for (std::size_t i = 0; i < checked.size(); ++i) {
    const std::string what = checked[i].spec ? to_json(*checked[i].spec).dump() : found.tables[i].dump();
    if (!seen.insert(what).second) continue;
    PlannedSweepRun run{{}, std::move(checked[i].spec), std::move(checked[i].refusal)};
    for (const std::string& key : plan.varied) run.settings.push_back(setting(found.tables[i], key, run.spec));
    list += Json(run.settings).dump() + what + "\n";
    plan.runs.push_back(std::move(run));
  }
  plan.id = text_hash(list);
  return plan;
}

}  // namespace headroom::cli
