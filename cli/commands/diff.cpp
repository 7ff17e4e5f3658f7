#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/names.h"
#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "recording/snapshot/open.h"
#include "recording/verify.h"
#include "reports/diff_report.h"
#include "reports/diff_words.h"

namespace headroom::cli {
namespace {

enum class DiffForm : std::uint8_t { terminal, json, markdown, csv };
constexpr std::array kFormNames{Named<DiffForm>{DiffForm::terminal, "terminal"},
                                Named<DiffForm>{DiffForm::json, "json"},
                                Named<DiffForm>{DiffForm::markdown, "markdown"}, Named<DiffForm>{DiffForm::csv, "csv"}};
constexpr std::uint64_t kReportLimitBytes = 256u << 20;
constexpr std::int64_t kShownRows = 12;

struct DiffOptions {
  std::string before, after, run, top;
  std::vector<std::string> thresholds;
  OutputFlags output;
};

// How much the peak, or one category of it, may grow.
struct Threshold {
  std::optional<Category> category;
  std::optional<std::int64_t> bytes;  // else `percent`
  double percent = 0;

  bool is_exceeded(const Change& change) const {
    if (bytes) return change.delta() > *bytes;
    return static_cast<double>(change.delta()) * 100 > percent * static_cast<double>(change.before);
  }
};

Category category_named(const std::string& name) {
  std::vector<std::string_view> known;
  for (std::size_t c = 0; c < kCategoryCount; ++c) {
    known.push_back(to_name(kCategoryNames, static_cast<Category>(c)));
    if (known.back() == name) return static_cast<Category>(c);
  }
  throw bad_input("--threshold: " + unknown_name_message("category", name, known));
}

Threshold parse_threshold(const std::string& text) {
  Threshold out;
  const auto equals = text.find('=');
  if (equals != std::string::npos) out.category = category_named(text.substr(0, equals));
  std::string limit = equals == std::string::npos ? text : text.substr(equals + 1);
  if (!limit.ends_with('%')) {
    out.bytes = parse_size("--threshold", limit);
    return out;
  }
  limit.pop_back();
  out.percent = parse_number("--threshold", limit);
  if (out.percent < 0)
    throw bad_input(fmt::format("--threshold is '{}', expected a size or a percentage from 0 up", text));
  return out;
}

struct Side {
  Breakdown run;
  bool has_tensors = true;
};

Side read_side(const std::string& path, const std::string& label) {
  if (const std::string beginning = read_file(path, kReportLimitBytes); looks_like_json(beginning))
    return {read_report_run(beginning, path, label), false};
  const Recording recording = open_recording(path);
  if (const auto broken = verify(recording); !broken.empty())
    throw bad_input(fmt::format("{}: the recording contradicts itself: {}", path, broken.front()));
  return {make_breakdown(recording, std::filesystem::path(path).stem().string()), true};
}

void require_sound(const DiffReport& report) {
  if (!report.has_tensors) return;
  if (const auto broken = verify(report.diff, report.before, report.after); !broken.empty())
    throw bad_input("the diff contradicts itself: " + broken.front());
}

// Without a threshold: whether the peaks are made of anything else.
ExitCode judge(const DiffReport& report, const std::vector<Threshold>& thresholds) {
  const Diff& d = report.diff;
  if (thresholds.empty()) return d.is_empty() ? ExitCode::done : ExitCode::over_budget;
  ExitCode code = ExitCode::done;
  for (const Threshold& threshold : thresholds) {
    const Change& change = threshold.category ? d.categories[static_cast<std::size_t>(*threshold.category)] : d.peak;
    if (!threshold.is_exceeded(change)) continue;
    code = ExitCode::over_budget;
    const std::string what =
        threshold.category ? std::string(to_name(kCategoryNames, *threshold.category)) : "the peak";
    const std::string limit =
        threshold.bytes ? signed_bytes(*threshold.bytes) : fmt::format("+{} %", threshold.percent);
    complain(fmt::format("{} changed by {}, more than {}", what, signed_bytes(change.delta()), limit));
  }
  return code;
}

std::string render(const DiffReport& report, DiffForm form, const OutputPlan& look, std::size_t top) {
  if (form == DiffForm::json) return write_diff_json(report);
  if (form == DiffForm::csv) return write_diff_csv(report);
  if (form == DiffForm::markdown) return write_diff_markdown(report, top);
  return write_diff_terminal(
      report, {look.width.value_or(terminal_width(STDOUT_FILENO)), wants_color(look.color, STDOUT_FILENO)}, top);
}

int run_diff(const DiffOptions& options) {
  if (options.before.empty() || options.after.empty())
    throw bad_input("expected two runs, BEFORE and AFTER: recordings, PyTorch snapshots or report.json documents");
  OutputFlags look = options.output;
  look.format.clear();
  const OutputPlan plan = plan_formats(look);
  const DiffForm form =
      options.output.format.empty() ? DiffForm::terminal : from_name(kFormNames, "format", options.output.format);
  std::vector<Threshold> thresholds;
  for (const std::string& text : options.thresholds) thresholds.push_back(parse_threshold(text));
  const auto top =
      static_cast<std::size_t>(options.top.empty() ? kShownRows : parse_integer("--top", options.top, 0, INT32_MAX));
  Side before = read_side(options.before, options.run), after = read_side(options.after, options.run);
  if (!options.run.empty() && before.has_tensors && after.has_tensors)
    throw bad_input("--run chooses among the runs of a report.json, and neither file is one");
  const DiffReport report = make_diff_report(std::move(before.run), options.before, std::move(after.run), options.after,
                                             before.has_tensors && after.has_tensors);
  require_sound(report);
  write_stdout(render(report, form, plan, top));
  return static_cast<int>(judge(report, thresholds));
}

void add_diff_outputs(CLI::App& command, DiffOptions& options) {
  const char* group = "What comes out";
  command
      .add_option("--threshold", options.thresholds,
                  "Exit with 1 only where the peak grew by more than this: 100MiB,\n"
                  "5%; or a category: activation=50MiB. May be given several times\n"
                  "(default: exit with 1 where anything at the peaks differs)")
      ->type_name("LIMIT")
      ->take_all()
      ->group(group);
  command.add_option("--top", options.top, "Layers and tensors that are listed (default: 12)")
      ->type_name("N")
      ->group(group);
  command.add_option("--format", options.output.format, "terminal, json, markdown or csv (default: terminal)")
      ->type_name("NAME")
      ->group(group);
  add_look_flags(command, options.output);
}

}  // namespace

void add_diff(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App* command = app.add_subcommand("diff", "What two runs have at their peaks that the other has not");
  command
      ->add_option("BEFORE", options->before,
                   "A recording that --out of another command wrote, a PyTorch\nsnapshot (.pickle), or a report.json")
      ->type_name("");
  command->add_option("AFTER", options->after, "The other")->type_name("");
  command->add_option("--run", options->run, "The run of a report.json that has several")
      ->type_name("LABEL")
      ->group("What is compared");
  add_diff_outputs(*command, *options);
  command->footer(R"(
Layer by layer, category by category and tensor by tensor, and the settings in which the runs differ. Exit codes are
those of diff(1): 0 the same, 1 different, 2 trouble.

Examples:
  headroom diff results/mha.headroom results/mqa.headroom
  headroom diff main.headroom branch.headroom --threshold 2% --threshold activation=50MiB
  headroom diff main/report.json branch/report.json --run mha --format markdown)");
  command->callback([options, &chosen] { chosen = [options] { return run_diff(*options); }; });
}

}  // namespace headroom::cli
