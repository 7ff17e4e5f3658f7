#include "models/reversible.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <array>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "models/catalog/attention.h"
#include "models/scope.h"

namespace headroom::models {

namespace autograd = torch::autograd;

namespace {

void set_seed(at::Device device, std::uint64_t seed) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  generator.set_current_seed(seed);
}

// The finalizer of SplitMix64 (Steele et al. 2014): no seed comes twice in 2^64.
std::uint64_t next_seed(std::uint64_t seed) {
  seed += 0x9e3779b97f4a7c15;
  seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
  seed = (seed ^ (seed >> 27)) * 0x94d049bb133111eb;
  return seed ^ (seed >> 31);
}

}  // namespace

std::uint64_t reseed(at::Device device) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  const std::uint64_t seed = next_seed(generator.current_seed());
  generator.set_current_seed(seed);
  return seed;
}

ReversibleBlock::ReversibleBlock(Builder& builder, const std::string& path, std::int64_t index)
    : path_(path),
      attention_path_(builder.layer(path + ".attention", path, "attention")),
      attention_dropout_(builder.config.dropout_after_attention ? builder.dropout(builder.config.residual_dropout) : 0),
      ffn_dropout_(builder.config.dropout_after_ffn ? builder.dropout(builder.config.residual_dropout) : 0),
      chunk_(builder.config.ffn_chunk),
      attention_norm_(builder, builder.layer(path + ".attention_norm", path, "norm")),
      attention_(make_attention(builder, {.layer = attention_path_, .block = index, .causal = true})),
      ffn_norm_(builder, builder.layer(path + ".ffn_norm", path, "norm")),
      ffn_(builder, builder.layer(path + ".ffn", path, "ffn")) {}

at::Tensor ReversibleBlock::attended(const at::Tensor& x2, const AttentionContext& context) const {
  const Scope scope(path_);
  at::Tensor y;
  {
    const Scope norm_scope(attention_norm_.path());
    y = attention_norm_(x2);
  }
  {
    const Scope layer_scope(attention_path_);
    y = attention_->forward(y, y, context);
  }
  return dropout(y, attention_dropout_);
}

at::Tensor ReversibleBlock::fed(const at::Tensor& y1) const {
  const Scope scope(path_);
  return in_chunks(y1, chunk_, [&](const at::Tensor& part) {
    at::Tensor y;
    {
      const Scope norm_scope(ffn_norm_.path());
      y = ffn_norm_(part);
    }
    {
      const Scope ffn_scope(ffn_.path());
      y = ffn_(y);
    }
    return dropout(y, ffn_dropout_);
  });
}

// The backward of a stack.
class ReversibleBackward final : public autograd::Node {
 public:
  ReversibleBackward(const ReversibleStack& stack, autograd::edge_list&& inputs, at::Device device)
      : Node(std::move(inputs)),
        stack_(stack),
        device_(device),
        autocast_(device.type()),
        seeds_(stack.blocks_.size()),
        decided_(stack.blocks_.size()) {}

  std::array<std::uint64_t, 2>& seeds(std::size_t block) { return seeds_[block]; }
  at::Tensor* decided(std::size_t block) { return &decided_[block]; }
  // Not the node's own output, which would keep the node.
  void keep(const at::Tensor& output) { output_ = output.detach(); }

  autograd::variable_list apply(autograd::variable_list&& gradients) override;

  void release_variables() override {
    output_.reset();
    decided_.clear();
  }

 private:
  struct Streams {
    at::Tensor first, second;
  };
  static Streams apart(at::Tensor both) {
    const std::int64_t width = both.size(-1) / 2;
    return {both.narrow(-1, 0, width).clone(at::MemoryFormat::Contiguous),
            both.narrow(-1, width, width).clone(at::MemoryFormat::Contiguous)};
  }

  // Where sum = before + sublayer(input): turns `sum` into what was before, and adds to the input's gradient what comes
  // through the sublayer of the sum's.
  template <class Sublayer>
  void undo(const Sublayer& sublayer, std::uint64_t seed, const at::Tensor& input, at::Tensor& sum,
            at::Tensor& input_gradient, const at::Tensor& sum_gradient) const {
    const at::Tensor leaf = input.detach().requires_grad_();
    autograd::Edge root;
    {
      const Observed observed(stack_.on_recompute_);
      const at::Tensor result = again(sublayer, seed, leaf);
      root = autograd::impl::gradient_edge(result);
      sum.sub_(result);
    }
    autograd::Engine::get_default_engine().execute({root}, {sum_gradient}, false, false, true);
    input_gradient.add_(leaf.grad());
  }

  template <class Sublayer>
  at::Tensor again(const Sublayer& sublayer, std::uint64_t seed, const at::Tensor& input) const {
    const RestoredAutocast autocast(device_.type(), autocast_);
    const at::AutoGradMode grad(true);
    if (stack_.training_) set_seed(device_, seed);
    return sublayer(input);
  }

  const ReversibleStack& stack_;
  const at::Device device_;
  const Autocast autocast_;
  std::vector<std::array<std::uint64_t, 2>> seeds_;  // of attention, of the feed-forward
  std::vector<at::Tensor> decided_;
  at::Tensor output_;
};

autograd::variable_list ReversibleBackward::apply(autograd::variable_list&& gradients) {
  if (!output_.defined())
    throw std::runtime_error("backward through reversible layers a second time: what they kept is gone");
  if (!gradients[0].defined()) return {at::Tensor()};
  const std::uint64_t afterwards = stack_.training_ ? reseed(device_) : 0;
  Streams y = apart(std::exchange(output_, {})), g = apart(std::exchange(gradients[0], {}));
  const AttentionContext shared = stack_.context(y.first);
  for (std::size_t i = stack_.blocks_.size(); i-- > 0;) {
    const ReversibleBlock& block = stack_.blocks_[i];
    const auto fed = [&](const at::Tensor& y1) { return block.fed(y1); };
    undo(fed, seeds_[i][1], y.first, y.second, g.first, g.second);
    AttentionContext context = shared;
    context.decided = &decided_[i];
    const auto attended = [&](const at::Tensor& x2) { return block.attended(x2, context); };
    undo(attended, seeds_[i][0], y.second, y.first, g.second, g.first);
    decided_[i].reset();
  }
  if (stack_.training_) set_seed(device_, afterwards);
  y = {};
  return {g.first.add_(g.second)};  // both streams begin as one tensor
}

namespace {

// A weight that autocast turned without gradients must not be found in its cache by who wants them.
class NoAutocastCache {
 public:
  NoAutocastCache() : before_(at::autocast::is_autocast_cache_enabled()) {
    at::autocast::set_autocast_cache_enabled(false);
  }
  ~NoAutocastCache() { at::autocast::set_autocast_cache_enabled(before_); }
  NoAutocastCache(const NoAutocastCache&) = delete;
  NoAutocastCache& operator=(const NoAutocastCache&) = delete;

 private:
  bool before_;
};

}  // namespace

ReversibleStack::ReversibleStack(Builder& builder, const std::string& path, std::int64_t layer_count)
    : path_(builder.layer(path, "model", "stack")),
      masked_(false),
      training_(builder.options.training),
      on_recompute_(builder.options.on_recompute),
      positions_(builder, path + ".layer.0.attention", true) {
  for (std::int64_t i = 0; i < layer_count; ++i) {
    const ModelConfig config = config_of_layer(builder.config, i);
    if (builder.options.backend == AttentionBackend::eager && !attention_mechanism(config.attention).own_mask)
      masked_ = true;
    Builder own = builder.with(config);
    blocks_.emplace_back(own, builder.layer(path + ".layer." + std::to_string(i), path, "block"), i);
  }
}

AttentionContext ReversibleStack::context(const at::Tensor& x) const {
  const std::int64_t seq = x.size(1);
  AttentionContext result;
  result.causal = true;
  if (masked_) result.mask = at::full({seq, seq}, -std::numeric_limits<double>::infinity(), x.options()).triu_(1);
  positions_.prepare(result, x);
  return result;
}

namespace {

// Torch 2.11 counts nodes in a shared_ptr; in 2.15 they count themselves.
template <class Node, class... Arguments>
auto make_node(Arguments&&... arguments) {
  if constexpr (std::is_base_of_v<c10::intrusive_ptr_target, Node>)
    return c10::make_intrusive<Node>(std::forward<Arguments>(arguments)...);
  else
    return std::make_shared<Node>(std::forward<Arguments>(arguments)...);
}

}  // namespace

at::Tensor ReversibleStack::forward(at::Tensor x) const {
  const Scope scope(path_);
  const at::Device device = x.device();
  decltype(make_node<ReversibleBackward>(*this, autograd::collect_next_edges(x), device)) node;
  if (at::GradMode::is_enabled() && (training_ || x.requires_grad()))
    node = make_node<ReversibleBackward>(*this, autograd::collect_next_edges(x), device);
  at::Tensor output;
  {
    const at::NoGradGuard no_grad;
    const NoAutocastCache no_cache;
    AttentionContext context = this->context(x);
    at::Tensor y1 = x, y2 = std::move(x);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      std::array<std::uint64_t, 2> seeds{};
      if (training_) seeds[0] = reseed(device);
      if (node) context.decided = node->decided(i);
      y1 = y1 + blocks_[i].attended(y2, context);
      if (training_) seeds[1] = reseed(device);
      y2 = y2 + blocks_[i].fed(y1);
      if (node) node->seeds(i) = seeds;
    }
    output = at::cat({y1, y2}, -1);
  }
  if (node) {
    node->keep(output);
    autograd::set_history(output, node);
  }
  return output;
}

}  // namespace headroom::models
