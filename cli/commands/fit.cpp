#include "reports/fit.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "cli/application.h"
#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/documents.h"
#include "cli/fit_advice.h"
#include "cli/output.h"
#include "virtual_gpu/catalog.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

enum class Document { terminal, json, markdown, csv };
constexpr std::array kDocumentNames{
    Named<Document>{Document::terminal, "terminal"}, Named<Document>{Document::json, "json"},
    Named<Document>{Document::markdown, "markdown"}, Named<Document>{Document::csv, "csv"}};

enum class Advised { first, all, none };
constexpr std::array kAdvisedNames{Named<Advised>{Advised::first, "first"}, Named<Advised>{Advised::all, "all"},
                                   Named<Advised>{Advised::none, "none"}};

struct FitOptions {
  FitFlags fit;
  OutputFlags output;
  std::string advice, jobs, timeout;
  bool no_cache = false;
};

struct Request {
  FitPlan plan;
  Advised advised = Advised::first;
  std::size_t jobs = 1;
  TimeLimit limit = kNoLimit;
  std::vector<Document> documents;
  OutputPlan look;
};

Request check(const FitOptions& options) {
  Request request;
  request.documents = documents_of(options.output, kDocumentNames, {Document::json, Document::markdown, Document::csv});
  request.plan = plan_fit(options.fit);
  if (!options.advice.empty()) request.advised = from_name(kAdvisedNames, "choice of advice", options.advice);
  request.jobs = read_jobs(options.jobs, default_jobs(request.plan.spec.device));
  request.limit = read_timeout(options.timeout).value_or(kNoLimit);
  request.look = plan_place(options.output);
  return request;
}

// What repeats the first device's run, with what is asked of all of them.
std::string command_of(const FitPlan& plan) {
  constexpr std::string_view kProfile = "headroom profile", kDevice = " --device ";
  std::string command = reproduction_command(plan.spec);
  const std::size_t device = command.rfind(std::string(kDevice) + plan.spec.device);
  command.replace(device + kDevice.size(), plan.spec.device.size(), fmt::format("{}", fmt::join(plan.devices, ",")));
  command = "headroom fit" + command.substr(kProfile.size());
  command += fmt::format(" --solve {}", to_name(kFitSizeNames, plan.size));
  if (plan.size == FitSize::heads) command += fmt::format(" --keep {}", to_name(models::kHeadsKeepNames, plan.keep));
  return command;
}

FitReport begin_report(const FitPlan& plan) {
  FitReport report{std::string(version()), command_of(plan), plan.model.name, plan.spec, plan.size, "", {}};
  if (plan.size == FitSize::heads) report.heads_keep = to_name(models::kHeadsKeepNames, plan.keep);
  for (const std::string& device : plan.devices) {
    const auto& model = virtual_gpu::device_model(device);
    report.devices.push_back({.device = device,
                              .device_name = model.product,
                              .device_bytes = model.total_bytes - plan.spec.virtual_options.reserve_bytes});
  }
  return report;
}

// The searches on all devices and then what makes more fit. Fills the report as it goes.
class Fitting {
 public:
  Fitting(const Request& request, ResultCache& cache, FitReport& report, const fs::path& folder)
      : request_(request), cache_(cache), report_(report), runs_(cache) {
    for (const std::string& device : request.plan.devices) searches_.push_back(search_on(request.plan, device, folder));
    order_.resize(searches_.size());
    places_.resize(searches_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = i;
    // What a large device shows is of use for all smaller ones.
    std::ranges::stable_sort(order_, std::ranges::greater(),
                             [&](std::size_t i) { return searches_[i].capacity_bytes; });
    for (const std::size_t i : order_) runs_.add(searches_[i]);
  }

  void run(const MeasureOptions& options, Interrupts& interrupts) {
    try {
      measure(runs_, options, interrupts);
    } catch (const Interrupted&) {
      collect();
      throw;
    }
    collect();
    for (std::size_t k = 0; k < order_.size(); ++k) places_[order_[k]] = runs_.place(k);
    if (request_.advised != Advised::none) advise_all(options, interrupts);
  }

  ExitCode code() const { return std::max(code_, runs_.code()); }

 private:
  void collect() {
    for (std::size_t k = 0; k < order_.size(); ++k) report_.devices[order_[k]].result = runs_.search_result(k);
  }

  // Of those that memory limits, the first or all.
  void advise_all(const MeasureOptions& options, Interrupts& interrupts) {
    for (std::size_t i = 0; i < searches_.size(); ++i) {
      DeviceFit& fit = report_.devices[i];
      if (!fit.result.found.problem.empty() || !fit.result.next) continue;
      code_ = std::max(code_, advise(request_.plan, searches_[i], places_[i], cache_, options, interrupts, fit));
      if (request_.advised == Advised::first) return;
    }
  }

  const Request& request_;
  ResultCache& cache_;
  FitReport& report_;
  FitRuns runs_;
  std::vector<FitSearch> searches_;  // in the order of the report
  std::vector<std::size_t> order_;   // in which they are made: indices into the report
  std::vector<std::int64_t> places_;
  ExitCode code_ = ExitCode::done;
};

std::string render(const FitReport& report, const Request& request, Document document) {
  switch (document) {
    case Document::json:
      return write_fit_json(report);
    case Document::markdown:
      return write_fit_markdown(report);
    case Document::csv:
      return write_fit_csv(report);
    case Document::terminal:
      break;
  }
  return write_fit_terminal(report, look_of(request.look, STDOUT_FILENO));
}

const char* file_of(Document document) {
  if (document == Document::json) return "fit.json";
  return document == Document::markdown ? "fit.md" : "fit.csv";
}

void write_files(const FitReport& report, const Request& request, const fs::path& folder, Written& written) {
  for (const Document document : request.documents)
    if (document != Document::terminal)
      written.attempt([&] { write_file(folder / file_of(document), render(report, request, document)); });
}

// The configurations of the models that were found, for profile.
void keep_models(const FitReport& report, const Request& request, const fs::path& scratch, const fs::path& folder,
                 Written& written) {
  if (request.plan.size != FitSize::layers && request.plan.size != FitSize::heads) return;
  for (const DeviceFit& fit : report.devices) {
    if (!fit.result.found.largest.value) continue;
    const std::string name = derived_name(request.plan, *fit.result.found.largest.value) + ".json";
    written.attempt([&] { write_file(folder / name, read_file(scratch / name, 4u << 20)); });
  }
}

int run_fit(const FitOptions& options) {
  const Request request = check(options);
  FitReport report = begin_report(request.plan);
  std::optional<Interrupted> stopped;
  ExitCode code = ExitCode::done;
  Written written;
  {
    Interrupts interrupts;
    const ScratchFolder scratch;
    ResultCache cache(options.no_cache ? fs::path() : results_folder());
    const bool lines = request.look.progress == ProgressKind::lines;
    const MeasureOptions how{request.jobs, !lines && !request.look.quiet && isatty(STDERR_FILENO) == 1, lines,
                             request.limit};
    Fitting fitting(request, cache, report, scratch.path());
    try {
      fitting.run(how, interrupts);
    } catch (const Interrupted& caught) {
      stopped = caught;
    }
    if (const auto& folder = request.look.folder) {
      write_files(report, request, *folder, written);
      keep_models(report, request, scratch.path(), *folder, written);
    }
    code = std::max(fitting.code(), written.code());
  }
  if (const Document* shown = shown_of(request.documents, request.look)) write_stdout(render(report, request, *shown));
  if (stopped) throw *stopped;
  for (const DeviceFit& fit : report.devices)
    if (!fit.result.found.problem.empty()) complain(fmt::format("{}: {}", fit.device, fit.result.found.problem));
  written.tell();
  return static_cast<int>(code);
}

void add_subject(CLI::App& command, FitOptions& options) {
  const char* group = "What is looked for";
  const auto add = [&](const char* flag, std::string& value, const char* type, const char* help) {
    return command.add_option(flag, value, help)->type_name(type)->group(group);
  };
  add("--solve", options.fit.solve, "WHAT",
      "batch, seq, layers, heads, microbatch (of a step of --batch times\n--accumulate sequences); of --mode generate: "
      "context (prompt and\nnew tokens), concurrency");
  add("--keep", options.fit.keep, "WHAT",
      "Of --solve heads: head-size, so that more heads make the model\nwider, or width, so that they become smaller\n"
      "(default: head-size)");
  add("--advice", options.advice, "WHICH",
      "Say what makes more fit on the first device that memory limits,\non all of them, or on none (default: first)");
  add_jobs_flag(command, options.jobs, group);
  add_timeout_flag(command, options.timeout, group);
  command.add_flag("--no-cache", options.no_cache, "Run everything again, and keep nothing of it")->group(group);
}

}  // namespace

void add_fit(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<FitOptions>();
  CLI::App* command = app.add_subcommand("fit", "The largest value that fits a GPU, and what would make more fit");
  add_run_flags(*command, options->fit.run, "NAME",
                "A mechanism (headroom list attention)\n(default: the model's own)");
  add_subject(*command, *options);
  command->get_option("--device")
      ->description(
          "virtual:NAME, several separated by commas, or all\n(headroom list devices; default: virtual:h100-80gb)");
  add_documents_flags(
      *command, options->output, "terminal, json, markdown, csv", "terminal; with --out all",
      "fit.json, fit.md, fit.csv as --format asks, and of layers and\nheads the config.json of what was "
      "found");
  add_progress_flag(*command, options->output);
  command->footer(R"(
Runs MODEL on virtual GPUs with other and other values until it knows one that fits and that the next one does not. What
is solved for starts at its flag's value. Then everything that could save memory is run at the value found.

Examples:
  headroom fit llama-7b --solve batch --seq 2048 --dtype bf16 --device virtual:h200-141gb
  headroom fit gpt2-xl --solve batch --seq 1024 --device virtual:a100-40gb,virtual:rtx4090-24gb
  headroom fit llama-7b --solve context --mode generate --dtype bf16 --device all --advice none
  headroom fit bert-base --solve layers --batch 32 --seq 512 --device virtual:t4-16gb --out deepest)");
  command->callback([options, &chosen] { chosen = [options] { return run_fit(*options); }; });
}

}  // namespace headroom::cli
