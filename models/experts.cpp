#include "models/experts.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/ScalarType.h>
#include <torch/csrc/autograd/custom_function.h>

#include "models/catalog/experts.h"

namespace headroom::models {
namespace {

at::Tensor best(const at::Tensor& scores, std::int64_t count) {
  return std::get<1>(at::topk(scores, count, -1, true, false));
}

// What the E·C slots hold, expert by expert.
struct Slots {
  at::Tensor tokens;   // int64 [E·C]
  at::Tensor choices;  // int64 [E·C], of all N·k
  at::Tensor empty;    // bool [E·C]; the others' numbers are those of some choice
};

Slots fill_slots(const at::Tensor& chosen, std::int64_t experts, std::int64_t capacity) {
  const at::NoGradGuard no_grad;
  const auto [sorted, order] = at::sort(chosen.view(-1), true, 0, false);
  const at::Tensor numbers = at::arange(experts, chosen.options());
  const at::Tensor first = at::searchsorted(sorted, numbers), end = at::searchsorted(sorted, numbers, false, true);
  at::Tensor place = first.unsqueeze(1) + at::arange(capacity, chosen.options());  // among the sorted
  Slots slots;
  slots.empty = (place >= end.unsqueeze(1)).view(-1);
  place.clamp_max_(order.size(0) - 1);
  slots.choices = order.index_select(0, place.view(-1));
  slots.tokens = slots.choices.div(chosen.size(1), "floor");
  return slots;
}

// Adds each slot's output, weighted, to its token's row. Expert by expert, so that no weighted copy of all outputs ever
// exists, in forward or in backward; in the wider of the two dtypes.
class WeightedSum : public torch::autograd::Function<WeightedSum> {
 public:
  // outputs [E, C, d_m], weights and tokens [E, C] -> [N, d_m].
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& outputs,
                            const at::Tensor& weights, const at::Tensor& tokens, std::int64_t token_count) {
    context->save_for_backward({outputs, weights, tokens});
    const at::ScalarType wide = c10::promoteTypes(outputs.scalar_type(), weights.scalar_type());
    at::Tensor sum = at::zeros({token_count, outputs.size(2)}, outputs.options().dtype(wide));
    for (std::int64_t i = 0; i < outputs.size(0); ++i)
      sum.index_add_(0, tokens.select(0, i), outputs.select(0, i) * weights.select(0, i).unsqueeze(1));
    return sum;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const at::Tensor &outputs = saved[0], &weights = saved[1], &tokens = saved[2];
    const at::Tensor of_outputs = at::empty_like(outputs), of_weights = at::empty_like(weights);
    for (std::int64_t i = 0; i < outputs.size(0); ++i) {
      const at::Tensor of_sum = gradients[0].index_select(0, tokens.select(0, i));
      of_weights.select(0, i).copy_((of_sum * outputs.select(0, i)).sum(-1));
      of_outputs.select(0, i).copy_(of_sum * weights.select(0, i).unsqueeze(1));
    }
    return {of_outputs, of_weights, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

MixtureOfExperts::MixtureOfExperts(Builder& builder, const std::string& path)
    : experts_(builder.config.experts),
      activation_(builder.config.activation),
      router_(builder.parameter(path, "router.weight", {experts_.count, builder.config.d_model}, Init::normal)) {
  const std::int64_t count = experts_.count, width = experts_.width, d_model = builder.config.d_model;
  const at::TensorOptions fp32 = at::TensorOptions(builder.options.device).dtype(at::kFloat);
  if (experts_.scores == ExpertScores::sigmoid) correction_ = builder.buffer(at::zeros({count}, fp32));
  gate_ = builder.parameter(path, "experts.gate.weight", {count, width, d_model}, Init::normal);
  up_ = builder.parameter(path, "experts.up.weight", {count, width, d_model}, Init::normal);
  down_ = builder.parameter(path, "experts.down.weight", {count, d_model, width}, Init::normal);
  if (experts_.shared_width > 0)
    shared_ = std::make_unique<FeedForward>(builder, path, experts_.shared_width, "shared.");
}

at::Tensor MixtureOfExperts::in_best_groups(const at::Tensor& scores) const {
  const std::int64_t tokens = scores.size(0), groups = experts_.group_count;
  const at::Tensor grouped = scores.view({tokens, groups, -1});
  const at::Tensor of_group =
      experts_.scores == ExpertScores::sigmoid ? std::get<0>(at::topk(grouped, 2, -1)).sum(-1) : at::amax(grouped, -1);
  const at::Tensor hidden =
      at::zeros_like(of_group, at::kBool).logical_not_().scatter_(1, best(of_group, experts_.groups_per_token), false);
  return grouped.masked_fill(hidden.unsqueeze(-1), 0.0).view({tokens, -1});
}

at::Tensor MixtureOfExperts::choose(const at::Tensor& scores) const {
  const at::NoGradGuard no_grad;
  at::Tensor by = correction_.defined() ? scores + correction_ : scores;
  if (experts_.group_count > 1) by = in_best_groups(by);
  return best(by, experts_.per_token);
}

MixtureOfExperts::Routing MixtureOfExperts::route(const at::Tensor& tokens) const {
  const at::ScalarType dtype = tokens.scalar_type(), wide = c10::promoteTypes(dtype, at::kFloat);
  at::Tensor scores =
      experts_.router_fp32 ? at::linear(tokens.to(wide), router_.to(wide)) : at::linear(tokens, router_);
  scores = experts_.scores == ExpertScores::sigmoid ? at::sigmoid(scores) : at::softmax(scores, -1, wide);
  Routing routing;
  routing.chosen = choose(scores);
  routing.weights = scores.gather(1, routing.chosen);
  // transformers guards DeepSeek-V3's division so; the sum of a softmax is too large to notice.
  if (experts_.normalized) routing.weights = routing.weights / (routing.weights.sum(-1, true) + 1e-20);
  if (experts_.scale != 1.0) routing.weights = routing.weights * experts_.scale;
  if (!experts_.router_fp32) routing.weights = routing.weights.to(dtype);
  return routing;
}

at::Tensor MixtureOfExperts::routed(const at::Tensor& tokens) const {
  const std::int64_t count = experts_.count, capacity = expert_capacity(experts_, tokens.size(0));
  at::Tensor weights;  // [E·C]
  Slots slots;
  {
    const Routing routing = route(tokens);
    slots = fill_slots(routing.chosen, count, capacity);
    weights = routing.weights.view(-1).index_select(0, slots.choices).masked_fill(slots.empty, 0.0);
  }
  at::Tensor hidden;  // [E, C, d_e]
  {
    const at::Tensor inputs = tokens.index_select(0, slots.tokens).view({count, capacity, -1});
    hidden = at::bmm(inputs, gate_.transpose(1, 2));
    hidden = activate(hidden, activation_);
    const at::Tensor up = at::bmm(inputs, up_.transpose(1, 2));
    hidden = hidden * up;
  }
  hidden = at::bmm(hidden, down_.transpose(1, 2));
  return WeightedSum::apply(hidden, weights.view({count, capacity}), slots.tokens.view({count, capacity}),
                            tokens.size(0));
}

at::Tensor MixtureOfExperts::operator()(const at::Tensor& x) const {
  const at::Tensor y = routed(x.reshape({-1, x.size(-1)})).to(x.scalar_type()).view(x.sizes());
  return shared_ ? y + (*shared_)(x) : y;
}

}  // namespace headroom::models
