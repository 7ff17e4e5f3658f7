#include "tests/fuzz/seeds.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>

#include "analysis/run_summary.h"
#include "base/file.h"
#include "cli/budget_limits.h"
#include "cli/progress.h"
#include "cli/run_table.h"
#include "models/catalog/attention.h"
#include "models/catalog/compression.h"
#include "models/catalog/derived.h"
#include "recording/file.h"
#include "recording/journal_format.h"
#include "recording/replay.h"
#include "recording/training.h"
#include "reports/report.h"
#include "reports/sweep.h"
#include "tests/random_recording.h"
#include "tests/sweep_sample.h"
#include "virtual_gpu/catalog.h"

namespace headroom::fuzz {
namespace {

namespace fs = std::filesystem;
using testing_support::random_recording;

constexpr std::uint64_t kMost = 1 << 20;

const fs::path& sources() {
  static const fs::path folder = HEADROOM_SOURCE_DIR;
  return folder;
}

// Files below `folder` whose names end so, by name.
void add_files(std::vector<std::string>& out, const fs::path& folder, std::string_view ending = "") {
  std::set<fs::path> paths;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(sources() / folder, ignored))
    if (entry.is_regular_file() && entry.path().string().ends_with(ending)) paths.insert(entry.path());
  for (const fs::path& path : paths) out.push_back(read_file(path, kMost));
}

std::string file(const fs::path& path) { return read_file(sources() / path, kMost); }

std::string journal() {
  JournalRow rows[3]{};
  rows[0].kind = RowKind::mark;
  rows[1].kind = RowKind::alloc;
  rows[1].address = 4096;
  rows[1].requested_bytes = rows[1].block_bytes = 512;
  rows[1].category = static_cast<std::uint8_t>(Category::unresolved);
  rows[2] = rows[1];
  rows[2].kind = RowKind::free;
  std::string bytes =
      R"({"device":"virtual:h100-80gb","program":"train.py","environment":{"torch_version":"2.11.0","device_kind":"virtual"}})"
      "\nROWS";
  bytes.resize(bytes.size() + sizeof(rows));
  std::memcpy(bytes.data() + bytes.size() - sizeof(rows), rows, sizeof(rows));
  return bytes;
}

std::string report() {
  Report report{"0.1.0", {}, {}};
  report.runs.push_back({make_breakdown(random_recording(3, 40), "run"), {}, {}, {}, {}, {}});
  return write_json(report);
}

std::vector<std::string> worker() {
  AllocatorReplay replay{
      .label = "as recorded", .settings = "max_split_size_mb:64", .device = "h100-80gb", .peak_reserved_bytes = 9};
  TrainingResult training;
  training.job.text = "wiki.txt";
  training.losses = {{1, 5.5}, {50, 2.25}};
  return {replay_document(replay).dump(), to_json(summarize(random_recording(3, 40))).dump(),
          training_document(training.job).dump(), training_document(training).dump(),
          cli::progress_document(0, 1, {"mha", {"forward", 1, 2, 4096}})};
}

std::vector<std::string> specs() {
  RunSpec program{.model = "train.py"};
  program.command = {"python", "train.py"};
  program.values = {{"train.py:42", 3}};
  return {to_json(RunSpec{.model = "bert-base"}).dump(), to_json(program).dump()};
}

std::vector<std::string> made(std::string_view target) {
  if (target == "recording")
    return {encode_recording(random_recording(1, 20)), encode_recording(random_recording(2, 20))};
  if (target == "recording_columns" || target == "activity_columns")
    return {std::string(10 * 8, '\1'), std::string(13 * 40, '\2'), std::string("\0\1\2\3\4\5\6\7", 8)};
  if (target == "journal") return {journal()};
  if (target == "json") return specs();
  if (target == "report") return {report()};
  if (target == "worker") return worker();
  if (target == "sweep") {
    const Sweep sweep = testing_support::sweep_sample();
    return {write_sweep_json(sweep), write_sweep_run(sweep.rows[0].result), write_sweep_run(sweep.rows[3].result)};
  }
  if (target == "program_file")
    return {read_file("/proc/self/exe", std::uint64_t{1} << 32).substr(0, 4096), "#!/bin/sh\nexit 0\n"};
  return {};
}

}  // namespace

std::vector<std::string> seeds_of(std::string_view target) {
  std::vector<std::string> out = target == "config" ? config_seeds() : made(target);
  add_files(out, fs::path("tests/fuzz/corpus") / target, target == "config" ? ".txt" : "");
  if (target == "snapshot") add_files(out, "tests/golden/snapshots", ".pickle");
  if (target == "recording") add_files(out, "tests/golden/recordings", ".headroom");
  if (target == "baseline") out.push_back(file("tests/golden/reports/baseline.json"));
  if (target == "report") out.push_back(file("tests/golden/reports/tiny.json"));
  if (target == "toml" || target == "budget") out.push_back(file("examples/budgets.toml"));
  if (target == "toml" || target == "sweep_file") out.push_back(file("examples/sweep.toml"));
  return out;
}

std::vector<std::string> run_words() {
  std::vector<std::string> words{
      "budget",  "defaults",     "baselines", "name",      "recording",  "command",         "base",
      "grid",    "run",          "exclude",   "from",      "to",         "factor",          "step",
      "warn",    "fail",         "growth",    "exception", "reason",     "expires",         "self",
      "value",   "source-lines", "ranks",     "rank",      "activation", "optimizer_state", "generate",
      "forward", "bf16",         "amp-fp16",  "none",      "adam-8bit",  "static",          "paged",
      "int8",    "fp8",          "flash",     "rope",      "alibi"};
  words.insert(words.end(), cli::run_table_keys().begin(), cli::run_table_keys().end());
  words.insert(words.end(), cli::limit_keys().begin(), cli::limit_keys().end());
  for (const auto& mechanism : models::attention_mechanisms()) {
    words.emplace_back(mechanism.name);
    for (const auto& option : mechanism.options)
      words.push_back(std::string(mechanism.name) + ":" + std::string(option.name) + "=" + std::to_string(option.high));
  }
  for (const auto& method : models::compression_methods()) words.emplace_back(method.name);
  for (const auto& preset : models::presets()) words.emplace_back(preset.name);
  for (const auto& device : virtual_gpu::device_catalog()) words.push_back("virtual:" + device.name);
  return words;
}

std::vector<std::string> config_words() {
  std::set<std::string> words;
  const auto add = [&](const auto& self, const Json& json) -> void {
    if (json.is_string()) words.insert(json.get<std::string>());
    if (json.is_object())
      for (const auto& [key, value] : json.items()) words.insert(key), self(self, value);
    if (json.is_array())
      for (const Json& value : json) self(self, value);
  };
  for (const std::string& text : config_seeds()) add(add, parse_json(text, "seed"));
  for (const char* word : {"head_dim",
                           "num_key_value_heads",
                           "sliding_window",
                           "rope_scaling",
                           "rope_parameters",
                           "rope_type",
                           "llama3",
                           "yarn",
                           "factor",
                           "original_max_position_embeddings",
                           "pad_token_id",
                           "layer_norm_eps",
                           "attention_dropout",
                           "quantization_config",
                           "is_decoder",
                           "position_embedding_type",
                           "tie_word_embeddings",
                           "_name_or_path",
                           "q_lora_rank",
                           "kv_lora_rank",
                           "n_routed_experts",
                           "num_experts_per_tok",
                           "n_group",
                           "axial_pos_shape",
                           "axial_pos_embds_dim",
                           "attn_layers",
                           "attention_window",
                           "block_size",
                           "downsampling_rate"})
    words.insert(word);
  return {words.begin(), words.end()};
}

std::vector<std::string> config_seeds() {
  std::map<std::string, std::string> smallest;  // by type
  for (const models::Preset& preset : models::presets()) {
    try {
      const Json json = models::hugging_face_config(preset.config);
      std::string& text = smallest[json.at("model_type").get<std::string>()];
      if (text.empty()) text = json.dump();
    } catch (const Error&) {  // of no family whose file says all of it
    }
  }
  std::vector<std::string> out;
  for (auto& [type, text] : smallest) out.push_back(std::move(text));
  add_files(out, "tests/fuzz/corpus/config", ".json");
  for (const char* name : {"bert-base-uncased", "gpt2", "tinyllama-1.1b"})
    out.push_back(file(fs::path("examples") / name / "config.json"));
  return out;
}

}  // namespace headroom::fuzz
