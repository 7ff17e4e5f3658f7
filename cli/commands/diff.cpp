#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "base/names.h"
#include "base/shortened.h"
#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/output.h"
#include "cli/recorded_runs.h"
#include "reports/diff_report.h"
#include "reports/diff_words.h"

namespace headroom::cli {
namespace {

enum class DiffForm : std::uint8_t { terminal, json, markdown, csv };
constexpr std::array kFormNames{Named<DiffForm>{DiffForm::terminal, "terminal"},
                                Named<DiffForm>{DiffForm::json, "json"},
                                Named<DiffForm>{DiffForm::markdown, "markdown"}, Named<DiffForm>{DiffForm::csv, "csv"}};
constexpr std::uint64_t kReportLimitBytes = 256u << 20;
constexpr std::size_t kBeginningBytes = 4096;
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

Threshold parse_threshold(const std::string& text) {
  Threshold out;
  const auto equals = text.find('=');
  if (equals != std::string::npos) out.category = parse_category("--threshold", text.substr(0, equals));
  const std::string limit = equals == std::string::npos ? text : text.substr(equals + 1);
  const auto refuse = [&] {
    return bad_input(
        fmt::format("--threshold is '{}', expected a percentage from 0 up such as 5%, a size such as 100MiB (units are "
                    "binary: KiB, MiB, GiB, TiB), or either of a category: activation=50MiB",
                    shortened(text)));
  };
  if (limit.ends_with('%')) {
    const std::string number = limit.substr(0, limit.size() - 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out.percent);
    const bool whole = error == std::errc() && end == number.data() + number.size();
    if (!whole || !std::isfinite(out.percent) || out.percent < 0) throw refuse();
  } else {
    out.bytes = parse_bytes(limit);
    if (!out.bytes) throw refuse();
  }
  return out;
}

struct Side {
  Breakdown run;
  bool has_tensors = true;
};

Side read_side(const std::string& path, const std::string& label) {
  if (looks_like_json(read_beginning(path, kBeginningBytes)))
    return {read_report_run(read_file(path, kReportLimitBytes), path, label), false};
  return {make_breakdown(read_sound_recording(path), label_of(path)), true};
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
  return write_diff_terminal(report, look_of(look, STDOUT_FILENO), top);
}

int run_diff(const DiffOptions& options) {
  if (options.before.empty() || options.after.empty())
    throw bad_input("expected two runs, BEFORE and AFTER: recordings, PyTorch snapshots or report.json documents");
  const OutputPlan plan = plan_place(options.output);
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
