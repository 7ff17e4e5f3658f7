#include "reports/reproduction_words.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "reports/reproduction.h"

namespace headroom::reproduction {
namespace {

void add_parameter_assumptions(std::vector<std::string>& out) {
  out.emplace_back(
      "Attention is counted in weights, without biases; W^O is n·d x d_m for every mechanism but sha-compact, so that "
      "sha "
      "copies its one head n times before it. Whole models are counted with their biases and LayerNorms.");
  out.emplace_back(
      "The set-ups (BERT-base, GPT-2 with 512 positions, a Transformer of 6 + 6 layers with d_m 512, n 8 and a "
      "vocabulary "
      "of 37,000) are derived, not read in the paper; other vocabularies change whole models and peaks, never "
      "attention.");
  out.emplace_back(
      "el-slice is the reading of the paper's EL baseline that has its number of parameters: keys and values are "
      "slices of "
      "the input. EL attention as published by its own authors has MHA's parameters (headroom list attention "
      "el-exact).");
  out.emplace_back("MHE-MUL multiplies by 1 + e; the count is the same without the 1.");
}

void add_memory_assumptions(std::vector<std::string>& out) {
  out.emplace_back(
      "A saving is 1 − bytes / bytes of mha. kept: what the first self-attention leaves for backward, its input not "
      "counted; at work: the most bytes it holds at once in forward and backward, parameters and gradients not "
      "counted; "
      "training and inference peak: all allocated bytes of the whole model, logits included.");
  out.emplace_back(
      "Cache: keys and values of a token in all decoder layers, fp32, the closed form; MHE as published keeps the "
      "heads "
      "that it makes, its optimal forms keep the shared keys and values and apply the embeddings when they are read.");
}

void add_training_assumptions(std::vector<std::string>& out) {
  out.emplace_back(
      "PRR = 1 − (ppl − ppl of mha) / ppl of mha. PEoP = (1 − ppl / ppl of sha) / (attention weights / those of sha − "
      "1), "
      "against sha as counted with the large W^O (tiled) and against sha-compact, trained and counted with the small "
      "one. "
      "Both are recalled definitions, taken of the perplexity a byte.");
  out.emplace_back(
      "The models are far smaller and trained far shorter than the paper's, on another text: the figures say how the "
      "mechanisms compare here, and none of them is the paper's.");
}

}  // namespace

std::string title_of(const SetUp& s) {
  return fmt::format("{}: {}, {} attention sublayers of {} heads of {}", s.name, s.model, s.sublayers, s.heads,
                     s.head_size);
}

std::string conditions_of(const SetUp& s, const Reproduction& found) {
  if (s.memory.empty()) return fmt::format("built on {} ({})", found.device, found.device_kind);
  return fmt::format("batch {} x {} tokens, fp32, AdamW, eager attention, {} ({})", s.batch, s.seq, found.device,
                     found.device_kind);
}

std::string title_of(const TrainingStudy& study) {
  const TrainingJob& job = study.job;
  return fmt::format("byte model of {} layers, width {}, {} heads; {} steps of {} x {} bytes, {} of text", job.layers,
                     job.d_model, job.heads, format_count(job.steps), job.batch, job.seq,
                     format_bytes(study.text_bytes));
}

std::string percent_saved(std::int64_t bytes, std::int64_t baseline) {
  return baseline == 0 ? kNothing : format_percent(100 * saving(bytes, baseline), 2);
}

std::string with_spread(const Spread& spread, int digits) {
  if (spread.count < 2) return fmt::format("{:.{}f}", spread.mean, digits);
  return fmt::format("{:.{}f} ± {:.{}f}", spread.mean, digits, spread.deviation, digits);
}

std::string with_spread(const std::optional<Spread>& spread, int digits) {
  return spread ? with_spread(*spread, digits) : kNothing;
}

std::optional<double> over_sha(const SetUp& set_up, const ParameterRow& row) {
  const ParameterRow* sha = set_up.parameters_of("sha");
  if (sha == nullptr) return {};
  return static_cast<double>(row.attention_weights) / static_cast<double>(sha->attention_weights) - 1;
}

}  // namespace headroom::reproduction

namespace headroom {

std::vector<std::string> assumptions(const reproduction::Reproduction& found) {
  std::vector<std::string> out{
      "Xue & Aletras, Findings of EMNLP 2023, arXiv 2310.07911, is the source of the mechanisms. The paper's own "
      "measured "
      "figures were not available and none is quoted."};
  if (!found.figure.empty() || !found.set_ups.empty()) reproduction::add_parameter_assumptions(out);
  bool memory = false;
  for (const auto& set_up : found.set_ups) memory = memory || !set_up.memory.empty();
  if (memory) reproduction::add_memory_assumptions(out);
  if (found.training) reproduction::add_training_assumptions(out);
  return out;
}

}  // namespace headroom
