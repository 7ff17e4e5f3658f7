#include "profiler/adam_8bit.h"

#include <ATen/ops/bucketize.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "profiler/optimizer_step.h"

namespace headroom::profiler {
namespace {

constexpr double kLeastMaximum = 1.2e-38;  // of a block of zeros, so that nothing is divided by 0

at::Tensor map_tensor(bool is_signed, at::Device device) {
  const auto map = dynamic_map(is_signed);
  return at::tensor(at::ArrayRef<float>(map.data(), map.size())).to(device);
}

std::int64_t block_count(std::int64_t elements) { return (elements + kQuantisedBlock - 1) / kQuantisedBlock; }

class Adam8Bit : public ParameterUpdate {
 public:
  Adam8Bit(Tensors parameters, ParameterObserver& observer)
      : parameters_(std::move(parameters)), states_(parameters_.size()), observer_(observer) {}

  void step(const GradientScaling*) override {
    const at::NoGradGuard no_grad;
    const Active active(parameters_);
    if (active.parameters.empty()) return;
    for (const std::size_t index : active.indices) make_state(index);
    Scratch scratch(*this, active.parameters);
    ++step_;
    for (std::size_t i = 0; i < active.indices.size(); ++i) {
      const ForParameter scope(observer_, active.indices[i]);
      step_one(states_[active.indices[i]], active.parameters[i].view(-1), active.gradients[i].reshape(-1), scratch);
    }
  }

 private:
  struct Moment {
    at::Tensor values;  // bytes, or fp32 where the parameter is small
    at::Tensor maxima;  // [blocks] fp32; undefined where the parameter is small
  };
  struct State {
    Moment first, second;
  };
  struct Table {
    at::Tensor map, bounds;  // 256 numbers, and the 255 in the middle between them
  };

  struct Scratch {
    Scratch(const Adam8Bit& optimizer, const Tensors& parameters) {
      std::int64_t largest = 0;
      for (const at::Tensor& parameter : parameters) largest = std::max(largest, parameter.numel());
      const std::int64_t elements = std::min(block_count(largest) * kQuantisedBlock, kScratchElements);
      const auto options = at::TensorOptions(parameters.front().device()).dtype(at::kFloat);
      first = at::empty({elements}, options);
      second = at::empty({elements}, options);
      update = at::empty({elements}, options);
      codes = at::empty({elements}, options.dtype(at::kInt));
      if (!optimizer.signed_map_.defined()) return;
      signed_table = with_bounds(optimizer.signed_map_);
      unsigned_table = with_bounds(optimizer.unsigned_map_);
    }
    static Table with_bounds(const at::Tensor& map) {
      return {map, map.slice(0, 1).add(map.slice(0, 0, 255)).mul_(0.5)};
    }
    at::Tensor first, second, update, codes;
    Table signed_table, unsigned_table;
  };

  void make_state(std::size_t index) {
    State& state = states_[index];
    if (state.first.values.defined()) return;
    const at::Tensor& parameter = parameters_[index];
    const bool quantised = parameter.numel() >= kLeastQuantised;
    if (quantised && !signed_map_.defined()) {
      signed_map_ = map_tensor(true, parameter.device());
      unsigned_map_ = map_tensor(false, parameter.device());
      observer_.on_shared_state(signed_map_);
      observer_.on_shared_state(unsigned_map_);
    }
    const ForParameter scope(observer_, index);
    const auto options = parameter.options().dtype(quantised ? at::kByte : at::kFloat).requires_grad(false);
    for (Moment* moment : {&state.first, &state.second}) {
      moment->values = at::zeros_like(parameter, options, at::MemoryFormat::Preserve);
      observer_.on_state(index, moment->values);
    }
    if (!quantised) return;
    for (Moment* moment : {&state.first, &state.second}) {
      moment->maxima = at::zeros({block_count(parameter.numel())}, options.dtype(at::kFloat));
      observer_.on_state(index, moment->maxima);
    }
  }

  // fp32 numbers of elements [begin, begin + count), in `scratch` and past them zeros up to whole blocks.
  static at::Tensor unpack(const Moment& moment, const Table& table, std::int64_t begin, std::int64_t count,
                           at::Tensor scratch, const at::Tensor& codes) {
    const at::Tensor values = moment.values.view(-1).slice(0, begin, begin + count);
    if (!moment.maxima.defined()) return values;
    const std::int64_t blocks = block_count(count), padded = blocks * kQuantisedBlock;
    const at::Tensor code = codes.slice(0, 0, count);
    code.copy_(values);
    at::Tensor numbers = scratch.slice(0, 0, count);
    at::index_select_out(numbers, table.map, 0, code);
    if (padded > count) scratch.slice(0, count, padded).zero_();
    scratch.slice(0, 0, padded).view({blocks, kQuantisedBlock}).mul_(maxima_of(moment, begin, blocks));
    return numbers;
  }

  static at::Tensor maxima_of(const Moment& moment, std::int64_t begin, std::int64_t blocks) {
    const std::int64_t first = begin / kQuantisedBlock;
    return moment.maxima.slice(0, first, first + blocks).unsqueeze(1);
  }

  // The opposite: of each number the nearest one of the table.
  static void pack(const Moment& moment, const Table& table, std::int64_t begin, std::int64_t count,
                   const at::Tensor& scratch, const at::Tensor& codes) {
    if (!moment.maxima.defined()) return;
    const std::int64_t blocks = block_count(count);
    const at::Tensor padded = scratch.slice(0, 0, blocks * kQuantisedBlock).view({blocks, kQuantisedBlock});
    at::Tensor maxima = maxima_of(moment, begin, blocks);
    at::linalg_vector_norm_out(maxima, padded, std::numeric_limits<double>::infinity(), at::IntArrayRef{1}, true);
    maxima.clamp_min_(kLeastMaximum);
    padded.div_(maxima);
    at::Tensor code = codes.slice(0, 0, count);
    at::bucketize_out(code, scratch.slice(0, 0, count), table.bounds, /*out_int32=*/true);
    moment.values.view(-1).slice(0, begin, begin + count).copy_(code);
  }

  void step_one(const State& state, const at::Tensor& parameter, const at::Tensor& gradient, const Scratch& scratch) {
    const double step_size = kLearningRate / (1 - std::pow(kBeta1, static_cast<double>(step_)));
    const double correction = std::sqrt(1 - std::pow(kBeta2, static_cast<double>(step_)));
    for (std::int64_t begin = 0; begin < parameter.numel(); begin += kScratchElements) {
      const std::int64_t count = std::min(kScratchElements, parameter.numel() - begin);
      const at::Tensor first = unpack(state.first, scratch.signed_table, begin, count, scratch.first, scratch.codes);
      const at::Tensor second =
          unpack(state.second, scratch.unsigned_table, begin, count, scratch.second, scratch.codes);
      at::Tensor update = scratch.update.slice(0, 0, count);
      update.copy_(gradient.slice(0, begin, begin + count));
      first.mul_(kBeta1).add_(update, 1 - kBeta1);
      second.mul_(kBeta2).addcmul_(update, update, 1 - kBeta2);
      at::sqrt_out(update, second);
      update.div_(correction).add_(kEpsilon);
      at::div_out(update, first, update);
      parameter.slice(0, begin, begin + count).add_(update, -step_size);
      pack(state.first, scratch.signed_table, begin, count, scratch.first, scratch.codes);
      pack(state.second, scratch.unsigned_table, begin, count, scratch.second, scratch.codes);
    }
  }

  Tensors parameters_;
  std::vector<State> states_;
  std::int64_t step_ = 0;
  at::Tensor signed_map_, unsigned_map_;
  ParameterObserver& observer_;
};

}  // namespace

// Seven decades; the bits that the exponent leaves divide [0.1, 1) of each into equal parts, of which the middles are
// taken.
std::array<float, 256> dynamic_map(bool is_signed) {
  constexpr int kDecades = 7;
  std::vector<float> numbers{0, 1};
  for (int decade = 0; decade < kDecades; ++decade) {
    const int parts = 1 << (is_signed ? decade : decade + 1);
    const double width = 0.9 / parts;
    for (int i = 0; i < parts; ++i) {
      const double number = std::pow(10.0, decade - kDecades + 1) * (0.1 + (i + 0.5) * width);
      numbers.push_back(static_cast<float>(number));
      if (is_signed) numbers.push_back(static_cast<float>(-number));
    }
  }
  std::sort(numbers.begin(), numbers.end());
  std::array<float, 256> map{};
  std::copy(numbers.begin(), numbers.end(), map.begin());
  return map;
}

std::unique_ptr<ParameterUpdate> make_adam_8bit(std::vector<at::Tensor> parameters, ParameterObserver& observer) {
  return std::make_unique<Adam8Bit>(std::move(parameters), observer);
}

}  // namespace headroom::profiler
