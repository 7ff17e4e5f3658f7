#include "cli/budget_init.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "cli/device.h"
#include "cli/run_table.h"
#include "cli/terminal.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

// A run, and how the file calls it.
struct Subject {
  BudgetSource source = BudgetSource::model;
  std::string given;  // as typed; of a command its program
  std::string value;  // of its key, as TOML
};

const char* key_of(BudgetSource source) {
  return source == BudgetSource::model ? "model" : source == BudgetSource::recording ? "recording" : "command";
}

bool is_path(const std::string& model) { return model.find('/') != std::string::npos || model.ends_with(".json"); }

// A path of the budget file counts from its folder.
std::string from_folder_of(const fs::path& file, const std::string& given) {
  const fs::path path = given;
  if (path.is_absolute()) return given;
  const fs::path folder = fs::absolute(file).parent_path().lexically_normal();
  const std::string relative = fs::absolute(path).lexically_normal().lexically_relative(folder).string();
  return is_path(relative) ? relative : "./" + relative;
}

std::vector<Subject> subjects_of(const InitRequest& request) {
  std::vector<Subject> out;
  for (const std::string& run : request.runs) {
    if (std::ranges::find(out, run, &Subject::given) != out.end())
      throw bad_input(fmt::format("'{}' is named twice", run));
    const bool recorded = is_recorded_run(run);
    out.push_back({recorded ? BudgetSource::recording : BudgetSource::model, run,
                   toml_text(recorded || is_path(run) ? from_folder_of(request.file, run) : run)});
  }
  if (!request.command.empty())
    out.push_back({BudgetSource::command, request.command.front(), toml_list(request.command)});
  if (out.empty())
    throw bad_input(
        "expected what the budgets are of: a model (headroom check --init bert-base --batch 8), recordings, or -- and "
        "a command");
  return out;
}

void require_settings(const std::vector<Subject>& subjects, const std::vector<TomlLine>& settings) {
  static const char* const kKinds[] = {"a model", "a recording, which is made already", "a program"};
  for (const auto& [key, value] : settings)
    for (const Subject& subject : subjects)
      if (!is_key_of(subject.source, key))
        throw bad_input(
            fmt::format("--{} says nothing of {}: {}", key, kKinds[static_cast<int>(subject.source)], subject.given));
}

void require_absent(const fs::path& file) {
  std::error_code ignored;
  if (fs::symlink_status(file, ignored).type() != fs::file_type::not_found)
    throw bad_input(
        fmt::format("'{}' is there already, and --init overwrites nothing; name another file, as in headroom check "
                    "--init other.toml",
                    file.string()));
}

// Where two would have one name, each is called as it was given.
std::map<std::string, int> usual_names(const std::vector<Subject>& subjects, const std::vector<std::string>& command) {
  std::map<std::string, int> count;
  for (const Subject& subject : subjects) ++count[usual_name(subject.source, subject.given, command)];
  return count;
}

NewBudgetFile draft_of(const InitRequest& request, const std::vector<Subject>& subjects) {
  NewBudgetFile draft{request.file.string(), "", {}};
  const auto count = usual_names(subjects, request.command);
  for (const Subject& subject : subjects) {
    NewBudget budget;
    if (count.at(usual_name(subject.source, subject.given, request.command)) > 1)
      budget.lines.emplace_back("name", toml_text(subject.given));
    budget.lines.emplace_back(key_of(subject.source), subject.value);
    for (const TomlLine& setting : request.settings) budget.lines.push_back(setting);
    const bool has_device = std::ranges::find(request.settings, "device", &TomlLine::first) != request.settings.end();
    if (!has_device && subject.source != BudgetSource::recording)
      budget.lines.emplace_back("device", toml_text(RunSpec().device));
    draft.budgets.push_back(std::move(budget));
  }
  return draft;
}

// What is "'batch' is 0" of a file is "--batch is 0" of a command.
std::string as_flag(const std::string& text) {
  const std::size_t end = text.starts_with('\'') ? text.find('\'', 1) : std::string::npos;
  if (end == std::string::npos) return text;
  const std::string key = text.substr(1, end - 1);
  return std::ranges::find(run_table_keys(), key) == run_table_keys().end() ? text : "--" + key + text.substr(end + 1);
}

// What is wrong is wrong with what was typed: the file, whose line a message names, is not there yet.
Error without_place(const Error& error, const std::string& file) {
  const std::string text = error.what();
  const std::size_t end = text.starts_with(file + ":") ? text.find(": ", file.size()) : std::string::npos;
  return {error.code(), as_flag(end == std::string::npos ? text : text.substr(end + 2))};
}

BudgetFile parse_draft(const NewBudgetFile& draft) {
  try {
    return parse_budget_file(write_budget_file(draft), draft.file);
  } catch (const Error& error) {
    throw without_place(error, draft.file);
  }
}

std::vector<BudgetResult> measure_draft(const BudgetFile& draft, const BudgetRunOptions& options) {
  try {
    return run_budgets(draft, std::vector<std::optional<Baseline>>(draft.entries.size()), options);
  } catch (const Error& error) {
    throw without_place(error, draft.where);
  }
}

void require_measured(const std::vector<BudgetResult>& results) {
  std::vector<const CheckedBudget*> failed;
  for (const BudgetResult& result : results)
    if (!result.now) failed.push_back(&result.checked);
  if (failed.empty()) return;
  ExitCode code = ExitCode::done;
  for (const CheckedBudget* one : failed) {
    code = std::max(code, one->code);
    complain(fmt::format("{}: {}", one->name, one->message));
  }
  throw Error(code,
              fmt::format("nothing is written: {} of {} runs could not be measured", failed.size(), results.size()));
}

// All or none.
void write_new_files(const std::vector<std::pair<fs::path, std::string>>& files) {
  std::vector<fs::path> written;
  try {
    for (const auto& [path, text] : files) {
      write_new_file(path, text);
      written.push_back(path);
    }
  } catch (...) {
    std::error_code ignored;
    for (const fs::path& path : written) fs::remove(path, ignored);
    throw;
  }
}

}  // namespace

bool is_recorded_run(const std::string& run) {
  return run.ends_with(".headroom") || run.ends_with(".pickle") || run.ends_with(".pkl");
}

NewBudgetFile init_budgets(const InitRequest& request, const BudgetRunOptions& options) {
  const std::vector<Subject> subjects = subjects_of(request);
  require_settings(subjects, request.settings);
  require_absent(request.file);
  NewBudgetFile draft = draft_of(request, subjects);
  const BudgetFile parsed = parse_draft(draft);
  draft.baselines = parsed.baselines.string();
  for (const BudgetEntry& entry : parsed.entries) require_absent(baseline_file(parsed, entry));
  require_writable_folder(request.file.parent_path());

  const auto results = measure_draft(parsed, options);
  require_measured(results);
  std::vector<std::pair<fs::path, std::string>> files;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const BudgetEntry& entry = parsed.entries[i];
    draft.budgets[i].name = entry.name;
    draft.budgets[i].limits = propose(results[i].now->figures, request.margin);
    draft.budgets[i].is_virtual = entry.source == BudgetSource::recording || is_virtual(entry.spec.device);
    files.emplace_back(baseline_file(parsed, entry), write_baseline(*results[i].now));
  }
  files.emplace_back(request.file, write_budget_file(draft));
  require_writable_folder(parsed.baselines);
  write_new_files(files);
  return draft;
}

}  // namespace headroom::cli
