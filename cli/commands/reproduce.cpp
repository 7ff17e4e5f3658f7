#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/variables.h"
#include "cli/application.h"
#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/device.h"
#include "cli/documents.h"
#include "cli/output.h"
#include "cli/scratch_folder.h"
#include "cli/set_ups.h"
#include "cli/trainings.h"
#include "reports/reproduction.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;
using reproduction::Reproduction;

enum class Part : std::uint8_t { parameters, memory, training };
constexpr std::array kPartNames{Named<Part>{Part::parameters, "parameters"}, Named<Part>{Part::memory, "memory"},
                                Named<Part>{Part::training, "training"}};
enum class Document : std::uint8_t { terminal, json, markdown };
constexpr std::array kDocumentNames{Named<Document>{Document::terminal, "terminal"},
                                    Named<Document>{Document::json, "json"},
                                    Named<Document>{Document::markdown, "markdown"}};
constexpr const char* kJsonFile = "reproduction.json";
constexpr const char* kMarkdownFile = "reproduction.md";
constexpr const char* kTrainingFolder = "training";

struct ReproduceOptions {
  std::string paper, only, attention, device, seeds, steps, text, timeout;
  OutputFlags output;
};

struct Request {
  std::string device;
  std::set<Part> parts;
  std::vector<std::string> mechanisms;
  std::vector<Document> documents;
  std::optional<fs::path> folder;
  std::int64_t seeds = 0;
  TrainingJob job;
  std::int64_t text_bytes = 0;
  TimeLimit limit = kNoLimit;
  OutputPlan look;  // width, colour and quiet
};

// Where scripts/setup leaves it.
fs::path default_text() { return cache_folder() / "text" / "kjv.txt"; }

void find_text(const std::string& given, Request& request) {
  const fs::path path = given.empty() ? default_text() : fs::path(given);
  if (given.empty() && !fs::exists(path))
    throw bad_input(fmt::format(
        "the training needs a text and {} is not there: scripts/setup --text puts the King James Bible of Debian's "
        "bible-kjv-text there, --text FILE names another, and --only parameters,memory goes without",
        path.string()));
  const std::string text = read_file(path, kTextLimitBytes);
  request.text_bytes = static_cast<std::int64_t>(text.size());
  request.job.text = fs::absolute(path).string();
  request.job.text_hash = text_hash(text);
}

std::set<Part> parts_of(const std::string& only) {
  if (only.empty()) return {Part::parameters, Part::memory, Part::training};
  std::set<Part> parts;
  for (const std::string& name : parse_list("--only", only)) parts.insert(from_name(kPartNames, "part", name));
  return parts;
}

std::vector<std::string> mechanisms_of(const std::string& given) {
  if (given.empty()) return reproduced_mechanisms();
  const std::vector<std::string_view> known(reproduced_mechanisms().begin(), reproduced_mechanisms().end());
  std::vector<std::string> names = parse_list("--attention", given);
  for (const std::string& name : names)
    if (std::ranges::find(known, name) == known.end())
      throw bad_input(unknown_name_message("mechanism of the paper", name, known));
  return names;
}

Request check(const ReproduceOptions& options) {
  if (options.paper != "mhe")
    throw bad_input(options.paper.empty() ? "expected what to reproduce: mhe"
                                          : unknown_name_message("paper", options.paper, {"mhe"}));
  Request request;
  request.parts = parts_of(options.only);
  request.mechanisms = mechanisms_of(options.attention);
  request.documents = documents_of(options.output, kDocumentNames, {Document::json, Document::markdown});
  request.device = options.device.empty() ? default_device() : options.device;
  require_device(request.device);
  request.seeds = options.seeds.empty() ? 3 : parse_integer("--seeds", options.seeds, 1, 1000);
  if (!options.steps.empty()) request.job.steps = parse_integer("--steps", options.steps, 1, 10'000'000);
  request.job.warmup = std::min<std::int64_t>(request.job.warmup, request.job.steps / 10);
  request.limit = read_timeout(options.timeout).value_or(kNoLimit);
  if (request.parts.contains(Part::training)) find_text(options.text, request);
  request.look = plan_place(options.output);
  request.folder = request.look.folder;
  return request;
}

std::string command_of(const ReproduceOptions& options, const Request& request) {
  std::string command = "headroom reproduce mhe";
  if (!options.only.empty()) command += " --only " + options.only;
  if (!options.attention.empty()) command += " --attention " + options.attention;
  if (request.parts != std::set{Part::training}) command += " --device " + request.device;
  if (request.parts.contains(Part::training))
    command += fmt::format(" --seeds {} --steps {}", request.seeds, request.job.steps);
  if (!options.text.empty()) command += " --text " + printable(options.text);
  return command;
}

std::vector<TrainingJob> jobs_of(const Request& request) {
  std::vector<TrainingJob> jobs;
  for (std::int64_t seed = 0; seed < request.seeds; ++seed)
    for (const std::string& mechanism : request.mechanisms) {
      if (!is_of_the_paper(mechanism)) continue;
      jobs.push_back(request.job);
      jobs.back().attention = mechanism;
      jobs.back().seed = seed;
    }
  return jobs;
}

void train(const Request& request, const fs::path& folder, Reproduction& found, Interrupts& interrupts) {
  const Trainings trained =
      run_trainings(jobs_of(request), folder / kTrainingFolder, request.limit, request.look.quiet, interrupts);
  found.failures.insert(found.failures.end(), trained.failures.begin(), trained.failures.end());
  if (!trained.results.empty()) found.training = reproduction::study(trained.results, request.text_bytes);
}

Reproduction reproduce(const ReproduceOptions& options, const Request& request) {
  Interrupts interrupts;
  std::optional<ScratchFolder> scratch;
  const fs::path folder = request.folder ? *request.folder : scratch.emplace().path();
  Reproduction found;
  found.headroom_version = version();
  found.command = command_of(options, request);
  if (request.parts.contains(Part::parameters)) found.figure = parameter_figure();
  if (request.parts != std::set{Part::training})
    run_set_ups(
        {request.device, request.mechanisms, request.parts.contains(Part::memory), request.look.quiet, request.limit},
        folder, found, interrupts);
  if (request.parts.contains(Part::training)) train(request, folder, found, interrupts);
  interrupts.throw_if_caught();
  return found;
}

std::string render(const Reproduction& found, const Request& request, Document document) {
  if (document == Document::json) return write_reproduction_json(found);
  if (document == Document::markdown) return write_reproduction_markdown(found);
  return write_reproduction_terminal(found, look_of(request.look, STDOUT_FILENO));
}

void write_files(const Reproduction& found, const Request& request, Written& written) {
  const auto write = [&](std::string_view name, const std::string& text) {
    written.attempt([&] { write_file(*request.folder / name, text); });
  };
  for (const Document document : request.documents)
    if (document != Document::terminal)
      write(document == Document::json ? kJsonFile : kMarkdownFile, render(found, request, document));
  if (!found.figure.empty()) {
    write(kParametersPicture, write_parameters_svg(found));
    write("parameters.csv", write_parameters_csv(found));
  }
  if (found.training) write(kLossesPicture, write_losses_svg(*found.training));
}

int run_reproduce(const ReproduceOptions& options) {
  const Request request = check(options);
  const Reproduction found = reproduce(options, request);
  Written written;
  if (request.folder) write_files(found, request, written);
  written.tell();
  if (const Document* shown = shown_of(request.documents, request.look)) write_stdout(render(found, request, *shown));
  for (const std::string& failure : found.failures) complain(failure);
  return static_cast<int>(found.failures.empty() ? written.code() : ExitCode::could_not_measure);
}

void add_subjects(CLI::App& command, ReproduceOptions& options) {
  const char* group = "What is done";
  const auto add = [&](const char* flag, std::string& value, const char* type, const char* help) {
    command.add_option(flag, value, help)->type_name(type)->group(group);
  };
  add("--only", options.only, "LIST",
      "parameters, memory, training; several, separated by commas\n(default: all three)");
  add("--attention", options.attention, "LIST",
      "Some of its mechanisms: sha-compact, sha, el-slice, mqa, skv,\nmhe-add, mhe-mul, mha, and mhe-add-optimal and "
      "mhe-mul-optimal,\nwhose memory alone is of interest (default: all)");
  add("--device", options.device, "NAME",
      "Of parameters and memory: cpu, cuda, cuda:N or virtual:NAME\n(default: cuda where a GPU is usable, else "
      "virtual:h100-80gb);\nthe training is on the CPU");
  add("--seeds", options.seeds, "N", "Trainings of each mechanism, from seed 0 on (default: 3)");
  add("--steps", options.steps, "N", "Of each training (default: 2000)");
  add("--text", options.text, "FILE",
      "What is trained on and predicted\n(default: the King James Bible that scripts/setup --text fetches)");
  add_timeout_flag(command, options.timeout, group);
}

}  // namespace

void add_reproduce(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<ReproduceOptions>();
  CLI::App* command = app.add_subcommand("reproduce", "A paper's claims, regenerated: mhe");
  command->add_option("PAPER", options->paper, "mhe: multiple-head embedding attention, Xue & Aletras 2023")
      ->type_name("");
  add_subjects(*command, *options);
  add_documents_flags(
      *command, options->output, "terminal, json, markdown", "terminal; with --out all",
      "reproduction.json and reproduction.md as --format asks,\nparameters.svg and .csv, losses.svg, and "
      "training/ with a file for\neach training that is finished: repeated with the same folder,\nonly "
      "what is missing is done");
  command->footer(R"(
The paper's mechanisms, each really built: what their attention takes in parameters, what is saved of a training
step's and an inference's memory, and how well a small language model does with each, trained on this machine's CPU.

Examples:
  headroom reproduce mhe --only parameters
  headroom reproduce mhe --only memory --device virtual:a100-40gb
  headroom reproduce mhe --out mhe --seeds 5
  headroom reproduce mhe --only training --text book.txt --steps 500)");
  command->callback([options, &chosen] { chosen = [options] { return run_reproduce(*options); }; });
}

}  // namespace headroom::cli
