#include "cli/budget_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "base/bytes.h"
#include "base/error.h"
#include "base/names.h"
#include "base/toml.h"
#include "cli/arguments.h"
#include "cli/budget_limits.h"
#include "cli/device.h"
#include "cli/program_file.h"
#include "cli/program_flags.h"
#include "cli/run_table.h"
#include "cli/terminal.h"

namespace headroom::cli {
namespace {

constexpr std::size_t kLongestName = 100, kLongestStem = 200;
constexpr const char* kTimeout = "timeout";

const std::vector<std::string> kProgramKeys{"device",       "reserve", "events",        "address-order",
                                            "backed",       "trace",   "require-cupti", "value",
                                            "source-lines", "ranks",   "rank"};

bool is_in(const std::vector<std::string>& keys, const std::string& key) {
  return std::ranges::find(keys, key) != keys.end();
}

bool is_run_key(const std::string& key) { return is_in(run_table_keys(), key); }
bool is_program_key(const std::string& key) { return is_in(kProgramKeys, key); }
bool is_table_of_limits(const std::string& key) { return key == "category" || key == "layer"; }

std::string below(const std::string& pointer, const std::string& key) {
  return (Json::json_pointer(pointer) / key).to_string();
}

// One [[budget]] with what it takes from [defaults], each key with its place.
struct Merged {
  const TomlDocument& document;
  std::string pointer;  // of the [[budget]]
  Json table = Json::object();
  std::map<std::string, std::string> pointers;  // of keys; of what is below category and layer: "layer\nencoder.*"

  std::string place() const { return document.place(pointer); }
  std::string place(const std::string& key) const {
    const auto found = pointers.find(key);
    return found == pointers.end() ? place() : document.place(found->second);
  }
  std::string place_of(const std::vector<std::string>& way) const {
    const bool nested = way.size() > 1 && pointers.contains(way[0] + "\n" + way[1]);
    const auto found = pointers.find(nested ? way[0] + "\n" + way[1] : way[0]);
    std::string at = found == pointers.end() ? pointer : found->second;
    for (std::size_t i = nested ? 2 : 1; i < way.size(); ++i) at = below(at, way[i]);
    return document.place(at);
  }

  void add(const std::string& key, const Json& value, const std::string& at) {
    if (is_table_of_limits(key) && value.is_object() && table.contains(key) && table[key].is_object()) {
      for (const auto& [name, limit] : value.items()) add_below(key, name, limit, below(at, name));
    } else if (!table.contains(key)) {
      table[key] = value;
      pointers[key] = at;
      if (is_table_of_limits(key) && value.is_object())
        for (const auto& [name, limit] : value.items()) pointers[key + "\n" + name] = below(at, name);
    }
  }

 private:
  void add_below(const std::string& key, const std::string& name, const Json& value, const std::string& at) {
    if (table[key].contains(name)) return;
    table[key][name] = value;
    pointers[key + "\n" + name] = at;
  }
};

[[noreturn]] void refuse(const std::string& place, const std::string& what) { throw bad_input(place + ": " + what); }

// Errors of the parts, which know flags, become errors of the file, which has lines.
template <class F>
auto at_place(const std::string& place, F action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(error.code(), place + ": " + error.what());
  }
}

std::vector<std::string_view> known_keys() {
  std::vector<std::string_view> known{"name", "recording", "command", kTimeout};
  known.insert(known.end(), limit_keys().begin(), limit_keys().end());
  known.insert(known.end(), run_table_keys().begin(), run_table_keys().end());
  for (const std::string& key : kProgramKeys)
    if (!is_run_key(key)) known.push_back(key);
  return known;
}

void require_known(const Json& table, const std::string& pointer, const TomlDocument& document) {
  static const std::vector<std::string_view> known = known_keys();
  for (const auto& [key, value] : table.items())
    if (std::ranges::find(known, key) == known.end())
      refuse(document.place(below(pointer, key)), unknown_name_message("key", key, known));
}

BudgetSource source_of(const Json& entry, const Json& defaults, const std::string& place) {
  const int given = entry.contains("model") + entry.contains("recording") + entry.contains("command");
  if (given > 1) refuse(place, "a budget is of one run: give it model, recording or command, not several of them");
  if (entry.contains("recording")) return BudgetSource::recording;
  if (entry.contains("command")) return BudgetSource::command;
  if (entry.contains("model") || defaults.contains("model")) return BudgetSource::model;
  refuse(place,
         "a budget is of a run: give it model = \"bert-base\", recording = \"x.headroom\" or command = [\"python\", "
         "\"train.py\"]");
}

Merged merge(const TomlDocument& document, const std::string& pointer, const Json& entry, const Json& defaults) {
  Merged out{document, pointer};
  require_known(entry, pointer, document);
  const BudgetSource source = source_of(entry, defaults, out.place());
  static const char* const kKinds[] = {"a model", "a recording, which is made", "a command"};
  for (const auto& [key, value] : entry.items()) {
    const bool says_what = key == "name" || key == "recording" || key == "command";
    if (!says_what && !is_key_of(source, key))
      refuse(document.place(below(pointer, key)),
             fmt::format("'{}' says nothing of {}", key, kKinds[static_cast<int>(source)]));
    out.add(key, value, below(pointer, key));
  }
  for (const auto& [key, value] : defaults.items())
    if (is_key_of(source, key)) out.add(key, value, below("/defaults", key));
  return out;
}

std::string text_of(const Merged& merged, const std::string& key) {
  const Json& value = merged.table.at(key);
  if (!value.is_string() || value.get<std::string>().empty())
    refuse(merged.place(key), fmt::format("'{}' is no text", key));
  std::string text = value.get<std::string>();
  if (printable(text) != text) refuse(merged.place(key), fmt::format("'{}' has control characters", key));
  return text;
}

// What a list of values stands for: each of its values once, with those of the other lists.
struct Combination {
  Json table;
  std::string name;  // "attention=mha,batch=8"
};

std::string word(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

std::vector<Combination> combinations(const Merged& merged) {
  std::vector<Combination> out{{Json::object(), ""}};
  for (const auto& [key, value] : merged.table.items()) {
    if (!is_run_key(key)) continue;
    if (!value.is_array()) {
      for (Combination& one : out) one.table[key] = value;
      continue;
    }
    if (value.empty()) refuse(merged.place(key), fmt::format("'{}' is an empty list", key));
    if (value.size() > kMostBudgets / out.size())
      refuse(merged.place(key), fmt::format("the lists stand for more than {} runs", format_count(kMostBudgets)));
    std::vector<Combination> longer;
    for (const Combination& one : out)
      for (const Json& choice : value) {
        longer.push_back(one);
        longer.back().table[key] = choice;
        longer.back().name += fmt::format("{}{}={}", one.name.empty() ? "" : ",", key, word(choice));
      }
    out = std::move(longer);
  }
  return out;
}

// A document of one table, so that what is wrong in it is told with the line where it came from.
RunSpec model_spec(const Merged& merged, const Json& table) {
  TomlDocument own;
  own.where = merged.document.where;
  own.lines[""] = merged.document.lines.at(merged.pointer);
  for (const auto& [key, value] : table.items())
    if (const auto line = merged.document.lines.find(merged.pointers.at(key)); line != merged.document.lines.end())
      own.lines[below("", key)] = line->second;
  return check_run_table(table, own, "").spec;
}

std::vector<std::string> words_of(const Merged& merged, const std::string& key) {
  const Json& value = merged.table.at(key);
  std::vector<std::string> words;
  const bool all_texts =
      value.is_array() && std::ranges::all_of(value, [](const Json& one) { return one.is_string(); });
  if (!all_texts || value.empty())
    refuse(merged.place(key), fmt::format("'{0}' is no list of texts, such as {0} = [\"python\", \"train.py\"]", key));
  for (const Json& one : value) words.push_back(one.get<std::string>());
  return words;
}

// The flags of headroom run, as words and as what they mean.
class ProgramReader {
 public:
  explicit ProgramReader(const Merged& merged) : merged_(merged) {}

  void read(BudgetEntry& entry) {
    RunSpec& spec = entry.spec;
    spec.command = words_of(merged_, "command");
    spec.model = program_name(spec.command);
    for (const std::string& key : kProgramKeys)
      if (merged_.table.contains(key)) at_place(merged_.place(key), [&] { read_flag(entry, key, merged_.table[key]); });
    at_place(merged_.place("device"), [&] { require_program_device(spec.device); });
    if (!merged_.table.contains("device")) entry.flags.push_back("--device=" + spec.device);
    at_place(merged_.place(), [&] {
      spec.virtual_options = read_virtual_options(virtual_, spec.device);
      read_trace_flags(trace_, spec);
      if (spec.ranks > 0 && is_virtual(spec.device)) spec.virtual_options.backed = true;
      validate(spec);
    });
  }

 private:
  void read_flag(BudgetEntry& entry, const std::string& key, const Json& value) {
    if (key == "value" && value.is_array()) {
      for (const Json& one : value) read_flag(entry, key, one);
      return;
    }
    const bool is_switch = key == "backed" || key == "require-cupti" || key == "source-lines";
    if (is_switch && !value.is_boolean()) throw bad_input(fmt::format("'{}' is no true or false", key));
    if (!is_switch && !value.is_string() && !value.is_number())
      throw bad_input(fmt::format("'{}' is no text or number", key));
    if (is_switch && !value.get<bool>()) return;
    entry.flags.push_back(is_switch ? "--" + key : fmt::format("--{}={}", key, word(value)));
    if (!is_switch) set_text(entry.spec, key, word(value));
    if (key == "backed") virtual_.backed = true;
    if (key == "require-cupti") trace_.require_cupti = true;
    if (key == "source-lines") entry.spec.source_lines = true;
  }

  void set_text(RunSpec& spec, const std::string& key, const std::string& text) {
    if (key == "device") spec.device = text;
    if (key == "reserve") virtual_.reserve = text;
    if (key == "events") virtual_.events = text;
    if (key == "address-order") virtual_.address_order = text;
    if (key == "trace") trace_.level = text;
    if (key == "ranks") spec.ranks = parse_integer("'ranks'", text, 1, kMaxRanks);
    if (key == "rank") spec.rank = parse_integer("'rank'", text, 0, kMaxRanks);
    if (key == "value") spec.values.push_back(parse_stated_value("'value'", text));
  }

  const Merged& merged_;
  VirtualFlags virtual_;
  TraceFlags trace_;
};

std::filesystem::path beside(const std::string& file, const std::filesystem::path& path) {
  return path.is_absolute() ? path : (std::filesystem::path(file).parent_path() / path).lexically_normal();
}

class FileReader {
 public:
  explicit FileReader(const TomlDocument& document) : document_(document), root_(document.root) {}

  BudgetFile read() {
    for (const auto& [key, value] : root_.items())
      if (key != "budget" && key != "defaults" && key != "baselines")
        refuse(document_.place(below("", key)), unknown_name_message("key", key, {"budget", "defaults", "baselines"}));
    file_.where = document_.where;
    read_baselines();
    read_defaults();
    if (!root_.contains("budget")) refuse(file_.where, "there is no [[budget]]; docs/check.md has a first one");
    const Json& budgets = root_["budget"];
    const bool tables =
        budgets.is_array() && std::ranges::all_of(budgets, [](const Json& one) { return one.is_object(); });
    if (!tables) refuse(document_.place("/budget"), "'budget' is no list of tables: each begins with [[budget]]");
    for (std::size_t i = 0; i < budgets.size(); ++i) read_budget(budgets[i], fmt::format("/budget/{}", i));
    return std::move(file_);
  }

 private:
  void read_baselines() {
    const std::filesystem::path path = document_.where;
    std::string folder = path.stem().string() + ".baselines";
    if (root_.contains("baselines")) {
      const Json& value = root_["baselines"];
      if (!value.is_string() || value.get<std::string>().empty())
        refuse(document_.place("/baselines"), "'baselines' is no text, expected the path of a folder");
      folder = value.get<std::string>();
    }
    file_.baselines = beside(document_.where, folder);
  }

  void read_defaults() {
    if (!root_.contains("defaults")) return;
    defaults_ = root_["defaults"];
    if (!defaults_.is_object())
      refuse(document_.place("/defaults"), "'defaults' is no table: it begins with [defaults]");
    require_known(defaults_, "/defaults", document_);
    for (const char* key : {"name", "recording", "command"})
      if (defaults_.contains(key))
        refuse(document_.place(below("/defaults", key)), fmt::format("'{}' is of one budget, not of all", key));
  }

  void read_budget(const Json& table, const std::string& pointer) {
    const Merged merged = merge(document_, pointer, table, defaults_);
    BudgetEntry entry;
    entry.line = document_.lines.at(pointer);
    entry.source = source_of(table, defaults_, merged.place());
    if (entry.source != BudgetSource::model)  // what cannot be read or run stands where it is named
      entry.line =
          document_.lines.at(merged.pointers.at(entry.source == BudgetSource::recording ? "recording" : "command"));
    entry.budget.limits = read_limits(merged.table, [&](const auto& way) { return merged.place_of(way); });
    if (entry.budget.limits.empty())
      refuse(merged.place(), "the budget has no limit; give it peak = \"2.5GiB\", reserved, category, layer, …");
    if (merged.table.contains("name")) entry.name = text_of(merged, "name");
    if (merged.table.contains(kTimeout))
      entry.limit =
          at_place(merged.place(kTimeout), [&] { return time_limit_of("'timeout'", merged.table[kTimeout]); });
    if (entry.source == BudgetSource::recording)
      entry.recording = beside(document_.where, text_of(merged, "recording"));
    if (entry.source == BudgetSource::command) ProgramReader(merged).read(entry);
    if (entry.source != BudgetSource::model) return add(entry, "", merged);
    for (const Combination& one : combinations(merged)) {
      entry.spec = model_spec(merged, one.table);
      add(entry, one.name, merged);
    }
  }

  static std::string run_of(const BudgetEntry& entry) {
    return entry.source == BudgetSource::recording ? entry.recording.string() : entry.spec.model;
  }

  void add(BudgetEntry entry, const std::string& combination, const Merged& merged) {
    const std::string place = merged.table.contains("name") ? merged.place("name") : merged.place();
    if (entry.name.empty()) entry.name = usual_name(entry.source, run_of(entry), entry.spec.command);
    if (entry.name.size() > kLongestName) refuse(place, fmt::format("a name has at most {} bytes", kLongestName));
    if (!combination.empty()) entry.name += "[" + combination + "]";
    if (file_stem(entry.name).size() > kLongestStem)
      refuse(place, "the name and what varies are too long to name a file");
    const auto [first, is_new] = names_.emplace(entry.name, place);
    if (!is_new)
      refuse(place, fmt::format("the name '{}' is that of {} already; give one of them another name", entry.name,
                                first->second));
    if (file_.entries.size() == kMostBudgets)
      refuse(place, fmt::format("there are more than {} budgets", format_count(kMostBudgets)));
    file_.entries.push_back(std::move(entry));
  }

  const TomlDocument& document_;
  const Json& root_;
  Json defaults_ = Json::object();
  BudgetFile file_;
  std::map<std::string, std::string> names_;
};

}  // namespace

BudgetFile parse_budget_file(std::string_view text, const std::string& where) {
  const TomlDocument document = parse_toml(text, where);
  return FileReader(document).read();
}

BudgetFile read_budget_file(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_run = path.extension() == ".headroom" || path.extension() == ".pickle";
  if (is_run && std::filesystem::is_regular_file(path, ignored))
    throw bad_input(fmt::format(
        "{0} is a run, expected a budget file; headroom check --init budgets.toml {0} makes one of it", path.string()));
  const TomlDocument document = parse_toml_file(path);
  return FileReader(document).read();
}

bool is_key_of(BudgetSource source, const std::string& key) {
  if (is_limit_key(key)) return true;
  if (key == kTimeout) return source != BudgetSource::recording;
  if (source == BudgetSource::model) return is_run_key(key);
  return source == BudgetSource::command && is_program_key(key);
}

std::string usual_name(BudgetSource source, const std::string& run, const std::vector<std::string>& command) {
  std::filesystem::path path = run;
  if (source == BudgetSource::recording) return path.stem().string();
  if (source == BudgetSource::command) return program_label(command);
  if (!path.has_filename()) path = path.parent_path();  // "gpt2/"
  const std::string folder = path.parent_path().filename().string();
  const bool is_named_by_folder =
      path.filename() == "config.json" && !folder.empty() && folder != "." && folder != "..";
  return is_named_by_folder ? folder : path.filename().string();
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const std::size_t digit : {0, 1, 2, 3, 5, 6, 8, 9})
    if (text[digit] < '0' || text[digit] > '9') return false;
  const auto number = [&](std::size_t from, std::size_t count) {
    return std::stoi(std::string(text.substr(from, count)));
  };
  using namespace std::chrono;
  return year_month_day(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                        day(static_cast<unsigned>(number(8, 2))))
      .ok();
}

std::string file_stem(std::string_view name) {
  constexpr std::string_view kPlain = "._-[]=,";
  std::string out;
  for (const char c : name) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool plain = alphanumeric || (kPlain.find(c) != std::string_view::npos && !(c == '.' && out.empty()));
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace headroom::cli
