#include "cli/set_ups.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "analysis/reproduction/memory.h"
#include "base/file.h"
#include "cli/measurement.h"
#include "cli/terminal.h"
#include "models/catalog/attention.h"
#include "models/catalog/config.h"
#include "reports/summary.h"

namespace headroom::cli {
namespace {

using namespace reproduction;

constexpr std::int64_t kFigureHeads[] = {1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128};
constexpr std::int64_t kBatch = 8;
constexpr const char* kGpt2File = "gpt2-512.json";

struct Plan {
  const char *name, *title;
  std::string model;  // a preset's name or a file
  std::int64_t seq;
};

std::vector<Plan> plans(const std::filesystem::path& folder) {
  return {{"encoder-only", "BERT-base", "bert-base", 512},
          {"decoder-only", "GPT-2 with 512 positions", (folder / kGpt2File).string(), 512},
          {"encoder-decoder", "Transformer, 6 + 6 layers, d_m 512", "transformer-base", 100}};
}

// GPT-2's own configuration but for the positions.
void write_gpt2(const std::filesystem::path& folder) {
  const models::ModelConfig gpt2 = models::load_model("gpt2");
  const Json config{{"model_type", "gpt2"},
                    {"vocab_size", gpt2.vocab_size},
                    {"n_positions", 512},
                    {"n_embd", gpt2.d_model},
                    {"n_head", gpt2.head_count},
                    {"n_layer", gpt2.decoder_layer_count},
                    {"activation_function", "gelu_new"},
                    {"attn_pdrop", gpt2.attention_dropout},
                    {"embd_pdrop", gpt2.embedding_dropout},
                    {"resid_pdrop", gpt2.residual_dropout}};
  write_file(folder / kGpt2File, config.dump(2) + "\n");
}

models::AttentionShape without_biases(models::AttentionShape shape) {
  shape.bias = false;
  return shape;
}

std::int64_t attention_weights(const models::ModelConfig& config) {
  const auto shape = without_biases(models::attention_shape(config));
  return models::attention_sublayer_count(config) *
         models::attention_mechanism(config.attention).parameter_count(shape).value;
}

RunSpec spec_of(const Plan& plan, const SetUpOptions& options, const std::string& mechanism, Mode mode) {
  RunSpec spec;
  spec.model = plan.model;
  spec.attention = mechanism;
  spec.mode = mode;
  spec.batch = options.memory ? kBatch : 1;
  spec.seq = options.memory ? plan.seq : 2;
  spec.device = options.device;
  if (mode == Mode::forward) spec.steps = 1;
  return spec;
}

void require_equal(const std::string& what, std::int64_t built, std::int64_t closed_form) {
  if (built != closed_form)
    throw could_not_measure(
        fmt::format("{}: {} parameters were built, and the closed form says {}", what, built, closed_form));
}

ParameterRow parameters_of(const MeasuredRun& run, const models::ModelConfig& config) {
  ParameterRow row{config.attention, attention_weight_count(run.recording), 0};
  for (const ParameterRecord& parameter : run.recording.parameters)
    row.model_parameters += parameter.bytes / static_cast<std::int64_t>(sizeof(float));
  require_equal(run.label + ", attention", row.attention_weights, attention_weights(config));
  require_equal(run.label + ", whole model", row.model_parameters, models::parameter_count(config));
  return row;
}

MemoryRow memory_of(const MeasuredRun& trained, const MeasuredRun& inferred, const models::ModelConfig& config) {
  const Breakdown training = make_breakdown(trained.recording, trained.label);
  const Breakdown inference = make_breakdown(inferred.recording, inferred.label);
  MemoryRow row = training_memory(training, config.attention);
  row.inference_peak_bytes = inference.peak.allocated_bytes;
  if (config.decoder_layer_count > 0)
    row.cache_bytes_per_token = models::kv_cache_bytes_per_token(config, sizeof(float));
  return row;
}

bool take_failure(const MeasuredRun& run, Reproduction& found) {
  if (run.code == ExitCode::done) return false;
  found.failures.push_back(run.label + ": " + run.message);
  return true;
}

void note_device(const Recording& recording, Reproduction& found) {
  found.device = recording.environment.device_name;
  found.device_kind = truth_word(recording.environment);
}

// A forward pass of each mechanism and, for memory, a training behind it.
std::vector<PlannedRun> runs_of(const Plan& plan, const SetUpOptions& options) {
  std::vector<PlannedRun> runs;
  for (const std::string& name : options.mechanisms)
    for (const Mode mode : {Mode::forward, Mode::train})
      if (mode == Mode::forward || options.memory)
        runs.push_back({fmt::format("{}, {}, {}", plan.name, name, to_name(kModeNames, mode)),
                        spec_of(plan, options, name, mode)});
  return runs;
}

void add_rows(const Plan& plan, const SetUpOptions& options, SetUp& set_up, Reproduction& found,
              Interrupts& interrupts) {
  const models::ModelConfig model = models::load_model(plan.model);
  const auto measured = measure(
      runs_of(plan, options),
      {default_jobs(options.device), !options.quiet && isatty(STDERR_FILENO) == 1, false, options.limit}, interrupts);
  auto run = measured.begin();
  for (const std::string& name : options.mechanisms) {
    const models::ModelConfig config = models::with_attention(model, name);
    const MeasuredRun& inferred = *run++;
    const MeasuredRun* const trained = options.memory ? &*run++ : nullptr;
    if (take_failure(inferred, found)) continue;
    note_device(inferred.recording, found);
    if (is_of_the_paper(name)) set_up.parameters.push_back(parameters_of(inferred, config));
    if (trained && !take_failure(*trained, found)) set_up.memory.push_back(memory_of(*trained, inferred, config));
  }
}

}  // namespace

const std::vector<std::string>& reproduced_mechanisms() {
  static const std::vector<std::string> names{
      "sha-compact",     "sha", "el-slice", "mqa", "skv", "mhe-add", "mhe-mul", "mhe-add-optimal",
      "mhe-mul-optimal", "mha"};
  return names;
}

bool is_of_the_paper(const std::string& mechanism) { return !mechanism.ends_with("-optimal"); }

std::vector<FigurePoint> parameter_figure() {
  std::vector<FigurePoint> points;
  for (const std::string& name : reproduced_mechanisms()) {
    if (!is_of_the_paper(name)) continue;
    for (const std::int64_t heads : kFigureHeads) {
      models::ModelConfig config = models::load_model("bert-base");
      config.head_count = config.kv_head_count = heads;
      config.head_dim = kFigureHeadSize;
      config.d_model = heads * kFigureHeadSize;
      config = models::with_attention(config, name);
      const auto shape = without_biases(models::attention_shape(config));
      const std::int64_t all = models::attention_mechanism(name).parameter_count(shape).value;
      const std::int64_t heads_in_output = name == "sha-compact" ? 1 : heads;
      points.push_back({name, heads, all - heads_in_output * kFigureHeadSize * config.d_model, all});
    }
  }
  return points;
}

void run_set_ups(const SetUpOptions& options, const std::filesystem::path& folder, Reproduction& found,
                 Interrupts& interrupts) {
  write_gpt2(folder);
  for (const Plan& plan : plans(folder)) {
    const models::ModelConfig model = models::load_model(plan.model);
    SetUp set_up{.name = plan.name,
                 .model = plan.title,
                 .batch = kBatch,
                 .seq = plan.seq,
                 .heads = model.head_count,
                 .head_size = model.head_dim,
                 .sublayers = models::attention_sublayer_count(model)};
    add_rows(plan, options, set_up, found, interrupts);
    found.set_ups.push_back(std::move(set_up));
  }
}

}  // namespace headroom::cli
