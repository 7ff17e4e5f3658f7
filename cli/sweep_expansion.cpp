#include "cli/sweep_expansion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/bytes.h"
#include "base/error.h"
#include "base/names.h"
#include "base/shortened.h"
#include "cli/run_table.h"
#include "cli/sweep_file.h"

namespace headroom::cli {
namespace {

constexpr std::size_t kMostValues = 10'000;  // of one key

struct KeyValues {
  std::string key;
  std::vector<Json> values;
};

std::vector<std::string_view> views(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

std::string below(const std::string& pointer, const std::string& name) {
  return (Json::json_pointer(pointer) / name).to_string();
}

class Expansion {
 public:
  explicit Expansion(const TomlDocument& document) : document_(document) {}

  SweepCombinations all() {
    const Json& root = document_.root;
    for (const auto& [key, value] : root.items())
      require_known("table", key, {"base", "grid", "run", "exclude", "timeout"}, "");
    if (root.contains("base")) base_ = table(root["base"], "/base", "[base] with a run's values");
    for (const auto& [key, value] : base_.items()) take(key, value, below("/base", key));
    read_excludes();
    each("grid", "a table, [grid], or several, [[grid]]",
         [&](const Json& one, const std::string& at) { add_grid(one, at); });
    each("run", "tables, [[run]]", [&](const Json& one, const std::string& at) { add_run(one, at); });
    for (const Exclude& exclude : excludes_)
      if (!exclude.used)
        refuse(exclude.pointer, "this [[exclude]] excludes nothing: no combination has all of its values");
    if (out_.tables.empty())
      refuse("", root.contains("grid") || root.contains("run") ? "nothing is left to run: all is excluded"
                                                               : "expected a [grid] of values, or [[run]] tables");
    return std::move(out_);
  }

 private:
  struct Exclude {
    std::string pointer;
    std::vector<KeyValues> values;
    bool used = false;
  };

  [[noreturn]] void refuse(const std::string& pointer, const std::string& what) const {
    throw bad_input(document_.place(pointer) + ": " + what);
  }

  void require_known(std::string_view what, const std::string& key, const std::vector<std::string_view>& known,
                     const std::string& pointer) const {
    if (std::ranges::find(known, key) == known.end())
      refuse(below(pointer, key), unknown_name_message(what, key, known));
  }

  // An object whose keys are those of a run.
  Json table(const Json& value, const std::string& pointer, const char* expected) const {
    if (!value.is_object()) refuse(pointer, fmt::format("expected {}", expected));
    for (const auto& [key, member] : value.items()) require_known("key", key, views(run_table_keys()), pointer);
    return value;
  }

  template <class Do>
  void each(const std::string& name, const char* expected, Do action) {
    if (!document_.root.contains(name)) return;
    const Json& value = document_.root[name];
    const std::string pointer = "/" + name;
    if (value.is_object() && name != "exclude") return action(table(value, pointer, expected), pointer);
    if (!value.is_array() || value.empty()) refuse(pointer, fmt::format("'{}' should be {}", name, expected));
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string at = fmt::format("{}/{}", pointer, i);
      action(table(value[i], at, expected), at);
    }
  }

  void take(const std::string& key, const Json& value, const std::string& pointer) {
    if (value.is_structured())
      refuse(pointer, fmt::format("'{}' has several values here; those belong in [grid]", key));
    out_.origins.emplace(std::pair(key, value.dump()), pointer);
  }

  std::vector<Json> list(const std::string& key, const Json& value, const std::string& pointer) {
    std::vector<Json> values;
    if (value.is_object()) {
      values = range(value, pointer);
    } else if (value.is_array()) {
      values.assign(value.begin(), value.end());
    } else {
      refuse(pointer, fmt::format("'{}' is one value, expected a list; one for all runs belongs in [base]", key));
    }
    if (values.empty() || values.size() > kMostValues)
      refuse(pointer,
             fmt::format("'{}' has {} values, expected 1 to {}", key, values.size(), format_count(kMostValues)));
    std::set<std::string> seen;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string at = value.is_array() ? fmt::format("{}/{}", pointer, i) : pointer;
      if (values[i].is_structured()) refuse(at, fmt::format("'{}' has a list within its list", key));
      if (!seen.insert(values[i].dump()).second)
        refuse(at, fmt::format("'{}' has {} twice", key, shortened(values[i].dump())));
      out_.origins.emplace(std::pair(key, values[i].dump()), at);
    }
    return values;
  }

  // { from = 128, to = 4096, factor = 2 } or { from = 1, to = 9, step = 2 }: whole numbers, `to` included.
  std::vector<Json> range(const Json& value, const std::string& pointer) const {
    for (const auto& [key, member] : value.items())
      require_known("key of a range", key, {"from", "to", "factor", "step"}, pointer);
    const JsonReader reader(value, document_.place(pointer));
    if (reader.has("factor") == reader.has("step")) refuse(pointer, "a range has a factor or a step, one of the two");
    constexpr std::int64_t kMost = std::int64_t{1} << 53;
    const std::int64_t from = reader.integer("from", 1, kMost), to = reader.integer("to", from, kMost);
    const std::int64_t step = reader.integer_or("step", 0, 1, kMost), factor = reader.integer_or("factor", 0, 2, kMost);
    std::vector<Json> values;
    for (std::int64_t at = from; at <= to && values.size() <= kMostValues;) {
      values.push_back(at);
      if (step > 0)
        at += step;
      else if (__builtin_mul_overflow(at, factor, &at))
        break;
    }
    return values;
  }

  void read_excludes() {
    if (!document_.root.contains("exclude")) return;
    each("exclude", "tables, [[exclude]]", [&](const Json& one, const std::string& pointer) {
      if (one.empty()) refuse(pointer, "this [[exclude]] names nothing");
      Exclude exclude{pointer, {}};
      for (const auto& [key, value] : one.items()) {
        KeyValues& row = exclude.values.emplace_back(KeyValues{key, {}});
        row.values = value.is_array() ? std::vector<Json>(value.begin(), value.end()) : std::vector<Json>{value};
      }
      excludes_.push_back(std::move(exclude));
    });
  }

  bool is_excluded(const Json& combination) {
    bool excluded = false;
    for (Exclude& exclude : excludes_) {
      const bool matches = std::ranges::all_of(exclude.values, [&](const KeyValues& row) {
        const auto found = combination.find(row.key);
        return found != combination.end() && std::ranges::find(row.values, *found) != row.values.end();
      });
      exclude.used |= matches;
      excluded |= matches;
    }
    return excluded;
  }

  void add(Json combination, const std::string& pointer) {
    if (out_.tables.size() >= kMostSweepRuns)
      refuse(pointer, fmt::format("more than {} runs", format_count(kMostSweepRuns)));
    out_.tables.push_back(std::move(combination));
  }

  void add_grid(const Json& grid, const std::string& pointer) {
    std::vector<KeyValues> rows;
    double count = 1;
    for (const auto& [key, value] : grid.items()) {
      rows.push_back({key, list(key, value, below(pointer, key))});
      count *= static_cast<double>(rows.back().values.size());
    }
    if (rows.empty()) refuse(pointer, "an empty grid: expected a key with a list of values");
    if (count > static_cast<double>(kMostSweepRuns))
      refuse(pointer, fmt::format("{:.0f} combinations, at most {} are run", count, format_count(kMostSweepRuns)));
    std::vector<std::size_t> at(rows.size(), 0);
    for (;;) {
      Json combination = base_;
      for (std::size_t i = 0; i < rows.size(); ++i) combination[rows[i].key] = rows[i].values[at[i]];
      if (!is_excluded(combination)) add(std::move(combination), pointer);
      std::size_t turn = rows.size();
      while (turn > 0 && ++at[turn - 1] == rows[turn - 1].values.size()) at[--turn] = 0;
      if (turn == 0) return;
    }
  }

  void add_run(const Json& run, const std::string& pointer) {
    Json combination = base_;
    for (const auto& [key, value] : run.items()) {
      take(key, value, below(pointer, key));
      combination[key] = value;
    }
    add(std::move(combination), pointer);
  }

  const TomlDocument& document_;
  Json base_ = Json::object();
  std::vector<Exclude> excludes_;
  SweepCombinations out_;
};

}  // namespace

SweepCombinations expand_sweep(const TomlDocument& document) { return Expansion(document).all(); }

}  // namespace headroom::cli
