#include <array>

#include "base/json.h"
#include "reports/reproduction.h"
#include "reports/reproduction_words.h"

namespace headroom {
namespace {

using namespace reproduction;

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json figure_point(const FigurePoint& p) {
  return {{"mechanism", p.mechanism},
          {"heads", p.heads},
          {"projection_parameters", p.projections},
          {"parameters_with_output", p.with_output}};
}

Json parameter_row(const SetUp& set_up, const ParameterRow& row) {
  const ParameterRow* mha = set_up.parameters_of("mha");
  Json out{{"mechanism", row.mechanism},
           {"attention_weights", row.attention_weights},
           {"model_parameters", row.model_parameters},
           {"ratio_to_sha_minus_1", number_or_null(over_sha(set_up, row))}};
  out["saving_against_mha"] = mha ? Json(saving(row.attention_weights, mha->attention_weights)) : Json(nullptr);
  return out;
}

struct Measure {
  const char* name;
  std::int64_t (*bytes)(const MemoryRow&);
};
constexpr std::array kMeasures{Measure{"attention_kept", [](const MemoryRow& r) { return r.attention.kept_bytes; }},
                               Measure{"attention_peak", [](const MemoryRow& r) { return r.attention.peak_bytes; }},
                               Measure{"parameters", [](const MemoryRow& r) { return r.parameter_bytes; }},
                               Measure{"gradients", [](const MemoryRow& r) { return r.gradient_bytes; }},
                               Measure{"optimizer_state", [](const MemoryRow& r) { return r.optimizer_state_bytes; }},
                               Measure{"activations", [](const MemoryRow& r) { return r.activation_bytes; }},
                               Measure{"training_peak", [](const MemoryRow& r) { return r.training_peak_bytes; }},
                               Measure{"inference_peak", [](const MemoryRow& r) { return r.inference_peak_bytes; }},
                               Measure{"cache_per_token", [](const MemoryRow& r) { return r.cache_bytes_per_token; }}};

Json memory_row(const SetUp& set_up, const MemoryRow& row) {
  const MemoryRow* mha = set_up.memory_of("mha");
  Json out{{"mechanism", row.mechanism}, {"bytes", Json::object()}, {"saving_against_mha", Json::object()}};
  for (const Measure& measure : kMeasures) {
    const std::int64_t bytes = measure.bytes(row), baseline = mha ? measure.bytes(*mha) : 0;
    out["bytes"][measure.name] = bytes;
    out["saving_against_mha"][measure.name] = baseline > 0 ? Json(saving(bytes, baseline)) : Json(nullptr);
  }
  return out;
}

Json set_up_json(const SetUp& s) {
  Json out{{"name", s.name},
           {"model", s.model},
           {"batch", s.batch},
           {"seq", s.seq},
           {"heads", s.heads},
           {"head_size", s.head_size},
           {"attention_sublayers", s.sublayers},
           {"parameters", Json::array()},
           {"memory", Json::array()}};
  for (const auto& row : s.parameters) out["parameters"].push_back(parameter_row(s, row));
  for (const auto& row : s.memory) out["memory"].push_back(memory_row(s, row));
  return out;
}

Json spread_json(const Spread& spread) {
  return {{"mean", spread.mean}, {"deviation", spread.count > 1 ? Json(spread.deviation) : Json(nullptr)}};
}

Json spread_json(const std::optional<Spread>& spread) { return spread ? spread_json(*spread) : Json(nullptr); }

Json training_row(const TrainingRow& row) {
  Json out{{"mechanism", row.mechanism},
           {"attention_weights", row.attention_weights},
           {"model_parameters", row.model_parameters},
           {"seeds", row.seeds},
           {"perplexity_per_byte", spread_json(row.byte_perplexity)},
           {"perplexity_per_word", spread_json(row.word_perplexity)},
           {"prr", spread_json(row.retention)},
           {"peop_tiled", spread_json(row.elasticity_tiled)},
           {"peop_compact", spread_json(row.elasticity_compact)},
           {"seconds", spread_json(row.seconds)},
           {"losses", Json::array()}};
  for (const TrainingPoint& point : row.losses) out["losses"].push_back({{"step", point.step}, {"loss", point.loss}});
  return out;
}

Json training_json(const TrainingStudy& study) {
  Json job = training_document(study.job).at("training");
  job.erase("attention");
  job.erase("seed");
  Json out{{"job", std::move(job)},
           {"text_bytes", study.text_bytes},
           {"held_out_bytes", study.held_out_bytes},
           {"held_out_words", study.held_out_words},
           {"rows", Json::array()}};
  for (const auto& row : study.rows) out["rows"].push_back(training_row(row));
  return out;
}

}  // namespace

std::string write_reproduction_json(const Reproduction& found) {
  Json out{{"schema", "headroom.reproduction/1"},
           {"headroom_version", found.headroom_version},
           {"paper", "arXiv 2310.07911"},
           {"command", found.command},
           {"device", nullptr},
           {"figure", Json::array()},
           {"set_ups", Json::array()},
           {"training", nullptr},
           {"failures", found.failures},
           {"assumptions", assumptions(found)}};
  if (!found.device.empty()) out["device"] = {{"name", found.device}, {"kind", found.device_kind}};
  for (const auto& point : found.figure) out["figure"].push_back(figure_point(point));
  for (const auto& set_up : found.set_ups) out["set_ups"].push_back(set_up_json(set_up));
  if (found.training) out["training"] = training_json(*found.training);
  return out.dump(2) + "\n";
}

}  // namespace headroom
