#include "analysis/reproduction/reproduction.h"

#include <algorithm>
#include <map>

namespace headroom::reproduction {
namespace {

template <class Row>
const Row* row_of(const std::vector<Row>& rows, std::string_view mechanism) {
  const auto found = std::ranges::find(rows, mechanism, &Row::mechanism);
  return found == rows.end() ? nullptr : &*found;
}

using BySeed = std::map<std::int64_t, const TrainingResult*>;
using ByMechanism = std::vector<std::pair<std::string, BySeed>>;

ByMechanism grouped(const std::vector<TrainingResult>& results) {
  ByMechanism groups;
  for (const TrainingResult& result : results) {
    auto found = std::ranges::find(groups, result.job.attention, &ByMechanism::value_type::first);
    if (found == groups.end()) found = groups.insert(groups.end(), {result.job.attention, {}});
    found->second[result.job.seed] = &result;
  }
  return groups;
}

const BySeed* runs_of(const ByMechanism& groups, std::string_view mechanism) {
  const auto found = std::ranges::find(groups, mechanism, &ByMechanism::value_type::first);
  return found == groups.end() ? nullptr : &found->second;
}

template <class F>
Spread spread_over(const BySeed& runs, F value) {
  std::vector<double> values;
  for (const auto& [seed, result] : runs) values.push_back(value(*result));
  return spread_of(values);
}

// Of the seeds that both have; empty where there is none, or where one of them has no value.
template <class F>
std::optional<Spread> compared(const BySeed& runs, const BySeed* baseline, F value) {
  std::vector<double> values;
  for (const auto& [seed, result] : runs) {
    if (baseline == nullptr || !baseline->contains(seed)) continue;
    const std::optional<double> one = value(*result, *baseline->at(seed));
    if (!one) return {};
    values.push_back(*one);
  }
  if (values.empty()) return {};
  return spread_of(values);
}

std::optional<double> retention_of(const TrainingResult& run, const TrainingResult& mha) {
  return retention(byte_perplexity(run), byte_perplexity(mha));
}

std::optional<double> elasticity_of(const TrainingResult& run, const TrainingResult& sha) {
  return elasticity(byte_perplexity(run), byte_perplexity(sha), run.attention_weight_count, sha.attention_weight_count);
}

std::vector<TrainingPoint> mean_losses(const BySeed& runs) {
  std::vector<TrainingPoint> mean = runs.begin()->second->losses;
  for (std::size_t i = 0; i < mean.size(); ++i)
    mean[i].loss =
        spread_over(runs, [&](const TrainingResult& r) { return i < r.losses.size() ? r.losses[i].loss : 0; }).mean;
  return mean;
}

bool is_single_head(std::string_view mechanism) { return mechanism == "sha" || mechanism == "sha-compact"; }

TrainingRow summary_of(const std::string& mechanism, const BySeed& runs, const ByMechanism& groups) {
  const TrainingResult& first = *runs.begin()->second;
  TrainingRow row{.mechanism = mechanism,
                  .attention_weights = first.attention_weight_count,
                  .model_parameters = first.parameter_count,
                  .byte_perplexity = spread_over(runs, byte_perplexity),
                  .word_perplexity = spread_over(runs, word_perplexity),
                  .seconds = spread_over(runs, [](const TrainingResult& r) { return r.seconds; }),
                  .retention = compared(runs, runs_of(groups, "mha"), retention_of),
                  .losses = mean_losses(runs)};
  for (const auto& [seed, result] : runs) row.seeds.push_back(seed);
  if (is_single_head(mechanism)) return row;
  row.elasticity_tiled = compared(runs, runs_of(groups, "sha"), elasticity_of);
  row.elasticity_compact = compared(runs, runs_of(groups, "sha-compact"), elasticity_of);
  return row;
}

}  // namespace

const ParameterRow* SetUp::parameters_of(std::string_view mechanism) const { return row_of(parameters, mechanism); }
const MemoryRow* SetUp::memory_of(std::string_view mechanism) const { return row_of(memory, mechanism); }

TrainingStudy study(const std::vector<TrainingResult>& results, std::int64_t text_bytes) {
  const TrainingResult& first = results.at(0);
  TrainingStudy out{first.job, text_bytes, first.held_out_bytes, first.held_out_words, {}};
  const ByMechanism groups = grouped(results);
  for (const auto& [mechanism, runs] : groups) out.rows.push_back(summary_of(mechanism, runs, groups));
  return out;
}

}  // namespace headroom::reproduction
