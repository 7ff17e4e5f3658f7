// Generation: a prompt at once, then token by token, with a cache.
//
// Greedy: the token with the highest logit. Beams (transformers' beam search without early stopping, for no sequence
// ends before its last token): the prompt runs once a sequence, then each sequence goes on as `beams`, those with the
// highest sums of log-probabilities of all continuations by one token; the cache follows their choice. Nothing is read
// from the device. Sampling is in the region of the model's head.
#pragma once

#include <ATen/core/Tensor.h>

#include "models/cache/cache.h"
#include "models/model.h"

namespace headroom::models {

class Generation {
 public:
  // The cache is empty; a fixed one has its room. Throws bad_input where the model does not generate.
  Generation(Model& model, const CacheOptions& options);

  void prefill(const Batch& prompt);  // the first token
  void step();                        // one more

  const at::Tensor& tokens() const { return tokens_; }  // so far, the prompt aside: [B', t], the best beam first
  const at::Tensor& logits() const { return logits_; }  // of the last call: [B' or, after the prompt, B, V]
  const ModelCache& cache() const { return cache_; }

 private:
  void choose();
  void choose_beams();

  Model& model_;
  std::int64_t beams_;
  ModelCache cache_;
  at::Tensor tokens_, last_, scores_, logits_;  // scores: [B, beams], sums of log-probabilities
};

// Random tokens [B, seq], drawn on the device; of an encoder-decoder the source, and one start token [B, 1] to decode
// from.
Batch make_prompt(const ModelConfig& config, std::int64_t batch, std::int64_t seq, at::Device device);

}  // namespace headroom::models
