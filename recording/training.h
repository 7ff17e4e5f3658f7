// The training of a small language model on a text: what is asked of a worker, and what it measured.
//
// The model reads bytes (a vocabulary of 256), is of GPT-2's make without dropout, and predicts each byte from those
// before it in a window of `seq` bytes. All but the last twentieth of the text is trained on; perplexities are of the
// beginning of that last twentieth.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace headroom {

struct TrainingJob {
  std::string attention = "mha";
  std::string text;       // path of the file
  std::string text_hash;  // text_hash() of what was in it
  std::int64_t layers = 2, d_model = 128, heads = 8;
  std::int64_t batch = 8, seq = 64;  // windows of a step, bytes of a window
  std::int64_t steps = 2000, warmup = 100;
  std::int64_t held_out_bytes = 65536;  // at most so many are predicted for the perplexity
  std::int64_t seed = 0;
  // AdamW (betas 0.9 and 0.99; matrices and tables decay) under a linear warm-up and a cosine down to a tenth; the norm
  // of all gradients is clipped.
  double learning_rate = 2e-3, weight_decay = 0.1, clip = 1.0;

  bool operator==(const TrainingJob&) const = default;
};

struct TrainingPoint {
  std::int64_t step = 0;
  double loss = 0;  // nats a byte, mean over the steps since the point before

  bool operator==(const TrainingPoint&) const = default;
};

struct TrainingResult {
  TrainingJob job;
  std::int64_t parameter_count = 0;         // of the whole model
  std::int64_t attention_weight_count = 0;  // of the attention sublayers, without biases
  std::vector<TrainingPoint> losses;
  double held_out_loss = 0;                             // nats a byte
  std::int64_t held_out_bytes = 0, held_out_words = 0;  // predicted; words are what white space separates
  double seconds = 0;                                   // of the steps, wall clock

  bool operator==(const TrainingResult&) const = default;
};

double byte_perplexity(const TrainingResult& result);  // e to the loss
double word_perplexity(const TrainingResult& result);  // the same loss, counted a word

// 16 hexadecimal digits (FNV-1a, 64 bits).
std::string text_hash(std::string_view text);

inline constexpr std::uint64_t kTextLimitBytes = 256u << 20;

// {"training": {…}}: the worker's job.
Json training_document(const TrainingJob& job);
TrainingJob parse_training_job(const Json& json, const std::string& where);  // throws bad_input

Json training_document(const TrainingResult& result);
TrainingResult parse_training_result(const Json& json, const std::string& where);  // throws bad_input

}  // namespace headroom
