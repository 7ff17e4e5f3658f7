#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "reports/reproduction.h"
#include "reports/reproduction_words.h"

namespace headroom {
namespace {

using namespace reproduction;
using Cells = std::vector<std::string>;

std::string line(const Cells& cells) { return fmt::format("| {} |\n", fmt::join(cells, " | ")); }

// Names on the left, figures on the right.
std::string head(const Cells& titles) {
  Cells rule(titles.size(), "---:");
  rule.front() = "---";
  return line(titles) + line(rule);
}

std::string figure(const Reproduction& found) {
  std::string out = fmt::format(
      "## Parameters and the number of heads\n\nQueries, keys, values and head embeddings of one attention sublayer, "
      "heads of "
      "64, d_m = 64·n; W^O is not counted.\n\n![Parameters of one attention sublayer against its number of "
      "heads]({})\n\n",
      kParametersPicture);
  Cells titles{"n"};
  for (const FigurePoint& point : found.figure)
    if (std::ranges::find(titles, point.mechanism) == titles.end()) titles.push_back(point.mechanism);
  out += head(titles);
  for (const FigurePoint& first : found.figure) {
    if (first.mechanism != titles.at(1)) continue;
    Cells cells{std::to_string(first.heads)};
    for (const FigurePoint& point : found.figure)
      if (point.heads == first.heads) cells.push_back(format_count(point.projections));
    out += line(cells);
  }
  return out;
}

std::string parameters(const SetUp& s) {
  const ParameterRow* mha = s.parameters_of("mha");
  std::string out = head({"mechanism", "attention weights", "saving", "ratio to sha − 1", "whole model", "saving"});
  for (const ParameterRow& row : s.parameters) {
    const auto more = over_sha(s, row);
    out += line({row.mechanism, format_count(row.attention_weights),
                 percent_saved(row.attention_weights, mha ? mha->attention_weights : 0),
                 more ? fmt::format("{:.6f}", *more) : kNothing, format_count(row.model_parameters),
                 percent_saved(row.model_parameters, mha ? mha->model_parameters : 0)});
  }
  return out;
}

// "1.25 GiB (12.34 %)"
std::string with_saving(std::int64_t bytes, std::int64_t baseline) {
  return baseline == 0 ? kNothing : fmt::format("{} ({})", format_bytes(bytes), percent_saved(bytes, baseline));
}

std::string memory(const SetUp& s) {
  const MemoryRow* mha = s.memory_of("mha");
  if (mha == nullptr) return {};
  std::string out = "\n" + head({"mechanism", "attention: kept", "attention: at work", "parameters", "gradients",
                                 "optimizer state", "activations", "training peak", "inference peak", "cache a token"});
  for (const MemoryRow& row : s.memory)
    out += line({row.mechanism, with_saving(row.attention.kept_bytes, mha->attention.kept_bytes),
                 with_saving(row.attention.peak_bytes, mha->attention.peak_bytes),
                 with_saving(row.parameter_bytes, mha->parameter_bytes),
                 with_saving(row.gradient_bytes, mha->gradient_bytes),
                 with_saving(row.optimizer_state_bytes, mha->optimizer_state_bytes),
                 with_saving(row.activation_bytes, mha->activation_bytes),
                 with_saving(row.training_peak_bytes, mha->training_peak_bytes),
                 with_saving(row.inference_peak_bytes, mha->inference_peak_bytes),
                 with_saving(row.cache_bytes_per_token, mha->cache_bytes_per_token)});
  return out;
}

std::string training(const TrainingStudy& study) {
  const TrainingJob& job = study.job;
  std::string out = fmt::format(
      "\n## Language modelling, measured\n\nA {}. AdamW, peak rate {}, {} steps of warm-up, cosine, gradients clipped "
      "at {}; "
      "the same seeds and batches for all; one thread. Perplexity over {} held-out bytes ({} words).\n\n",
      title_of(study), job.learning_rate, job.warmup, job.clip, format_count(study.held_out_bytes),
      format_count(study.held_out_words));
  out += head({"mechanism", "attention weights", "whole model", "seeds", "perplexity a byte", "perplexity a word",
               "PRR", "PEoP, tiled", "PEoP, compact", "seconds"});
  for (const TrainingRow& row : study.rows)
    out +=
        line({row.mechanism, format_count(row.attention_weights), format_count(row.model_parameters),
              std::to_string(row.seeds.size()), with_spread(row.byte_perplexity, 4),
              with_spread(row.word_perplexity, 1), with_spread(row.retention, 4), with_spread(row.elasticity_tiled, 4),
              with_spread(row.elasticity_compact, 4), with_spread(row.seconds, 1)});
  return out + fmt::format("\n![Training loss of each mechanism]({})\n", kLossesPicture);
}

}  // namespace

std::string write_reproduction_markdown(const Reproduction& found) {
  std::string out =
      fmt::format("# Multiple-head embedding attention, regenerated\n\nWritten by headroom {}:\n\n    {}\n\n",
                  found.headroom_version, found.command);
  if (!found.figure.empty()) out += figure(found);
  for (const SetUp& s : found.set_ups)
    out += fmt::format("\n## {}\n\nSavings are against mha; {}.\n\n", title_of(s), conditions_of(s, found)) +
           parameters(s) + memory(s);
  if (found.training) out += training(*found.training);
  out += "\n## What this rests on\n\n";
  for (const std::string& failure : found.failures) out += "- Missing: " + failure + "\n";
  for (const std::string& assumption : assumptions(found)) out += "- " + assumption + "\n";
  return out;
}

}  // namespace headroom
