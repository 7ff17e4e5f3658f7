// What `headroom reproduce mhe` finds: plain figures, from which the writers of reports/reproduction.h make documents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/reproduction/scores.h"
#include "analysis/reproduction/sublayer.h"
#include "recording/training.h"

namespace headroom::reproduction {

// Parameters of one attention sublayer with heads of 64 and d_m = 64·n, no biases: closed forms.
struct FigurePoint {
  std::string mechanism;
  std::int64_t heads = 0;
  std::int64_t projections = 0;  // queries, keys and values, and head embeddings
  std::int64_t with_output = 0;  // and W^O

  bool operator==(const FigurePoint&) const = default;
};
inline constexpr std::int64_t kFigureHeadSize = 64;

// Of a model that was built on the device.
struct ParameterRow {
  std::string mechanism;
  std::int64_t attention_weights = 0;  // all sublayers, without biases
  std::int64_t model_parameters = 0;   // everything, biases included
};

struct MemoryRow {
  std::string mechanism;
  SublayerBytes attention;  // of the first self-attention
  std::int64_t parameter_bytes = 0, gradient_bytes = 0, optimizer_state_bytes = 0;
  std::int64_t activation_bytes = 0;       // kept for backward by all layers
  std::int64_t training_peak_bytes = 0;    // allocated, over a training step with optimizer state
  std::int64_t inference_peak_bytes = 0;   // allocated, over a forward pass
  std::int64_t cache_bytes_per_token = 0;  // closed form, all decoder layers; 0: no decoder
};

struct SetUp {
  std::string name;   // "encoder-only"
  std::string model;  // "BERT-base"
  std::int64_t batch = 0, seq = 0;
  std::int64_t heads = 0, head_size = 0, sublayers = 0;  // of attention
  std::vector<ParameterRow> parameters;                  // with "mha" and "sha" among them, unless they failed
  std::vector<MemoryRow> memory;                         // empty: not asked for

  const ParameterRow* parameters_of(std::string_view mechanism) const;
  const MemoryRow* memory_of(std::string_view mechanism) const;
};

// A mechanism's trainings, one for each seed, and what follows from them. Retention and elasticity are of the
// perplexity a byte, and compare runs of the same seed: they saw the same batches.
struct TrainingRow {
  std::string mechanism;
  std::int64_t attention_weights = 0, model_parameters = 0;
  std::vector<std::int64_t> seeds;
  Spread byte_perplexity, word_perplexity, seconds;
  std::optional<Spread> retention;           // where MHA was trained with the same seeds
  std::optional<Spread> elasticity_tiled;    // against sha, whose W^O is n·d x d_m
  std::optional<Spread> elasticity_compact;  // against sha-compact, whose W^O is d x d_m
  std::vector<TrainingPoint> losses;         // means over the seeds
};

struct TrainingStudy {
  TrainingJob job;  // what all have in common; its attention and seed are the first one's
  std::int64_t text_bytes = 0, held_out_bytes = 0, held_out_words = 0;
  std::vector<TrainingRow> rows;
};

// Rows in the order of each mechanism's first result. All results must come from jobs that differ in attention and seed
// alone.
TrainingStudy study(const std::vector<TrainingResult>& results, std::int64_t text_bytes);

struct Reproduction {
  std::string headroom_version;
  std::string command;      // that repeats it
  std::string device;       // as the driver names it; empty: nothing was built
  std::string device_kind;  // "virtual" or "measured"
  std::vector<FigurePoint> figure;
  std::vector<SetUp> set_ups;
  std::optional<TrainingStudy> training;
  std::vector<std::string> failures;  // one sentence for each run that gave nothing
};

}  // namespace headroom::reproduction
