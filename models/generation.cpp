#include "models/generation.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/div.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/zeros.h>
#include <c10/core/ScalarType.h>

#include "models/scope.h"

namespace headroom::models {

Batch make_prompt(const ModelConfig& config, std::int64_t batch, std::int64_t seq, at::Device device) {
  const auto ids = at::TensorOptions(device).dtype(at::kLong);
  Batch result;
  result.tokens = at::randint(config.vocab_size, {batch, seq}, ids);
  if (config.architecture == Architecture::encoder_decoder) result.decoder_tokens = at::zeros({batch, 1}, ids);
  return result;
}

Generation::Generation(Model& model, const CacheOptions& options)
    : model_(model), beams_(options.size.beams), cache_(model.make_cache(options)) {}

void Generation::prefill(const Batch& prompt) {
  const at::NoGradGuard no_grad;
  logits_ = model_.prefill(prompt, cache_);
  cache_.expand();
  choose();
}

void Generation::step() {
  const at::NoGradGuard no_grad;
  logits_ = model_.decode(last_, cache_);
  choose();
}

void Generation::choose() {
  const Scope model_scope("model"), scope("head");
  if (beams_ > 1) return choose_beams();
  last_ = at::argmax(logits_, -1, true);
  tokens_ = tokens_.defined() ? at::cat({tokens_, last_}, 1) : last_;
}

void Generation::choose_beams() {
  const std::int64_t vocabulary = logits_.size(1), batch = cache_.options->size.batch;
  at::Tensor scores = at::log_softmax(logits_, -1, c10::promoteTypes(logits_.scalar_type(), at::kFloat));
  if (scores_.defined()) scores = scores + scores_.view({-1, 1});
  const auto [best, choice] = at::topk(scores.view({batch, -1}), beams_, 1);
  scores = at::Tensor();
  last_ = choice.remainder(vocabulary).view({-1, 1});
  if (scores_.defined()) {
    const at::Tensor first = at::arange(batch, choice.options()).mul_(beams_).unsqueeze(1);
    const at::Tensor order = (at::div(choice, vocabulary, "floor") + first).view({-1});
    tokens_ = at::cat({at::index_select(tokens_, 0, order), last_}, 1);
    cache_.reorder(order);
  } else {
    tokens_ = last_;
  }
  scores_ = best;
}

}  // namespace headroom::models
