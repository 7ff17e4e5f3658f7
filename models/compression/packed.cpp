// Weights stored in fewer bits, or fewer of them, unpacked for each use and let go of after it.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/bitwise_or.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <limits>

#include "models/catalog/compression/pruned.h"
#include "models/compression/methods.h"

namespace headroom::models {
namespace {

// A frozen weight gives a gradient to its input alone, for which it is unpacked again: the dense matrix is not kept.
struct FrozenLinear : torch::autograd::Function<FrozenLinear> {
  using Context = torch::autograd::AutogradContext;

  static at::Tensor forward(Context* context, const at::Tensor& x, const std::optional<at::Tensor>& bias,
                            std::int64_t weight) {
    context->saved_data["weight"] = weight;
    context->saved_data["dtype"] = static_cast<std::int64_t>(x.scalar_type());
    return at::linear(x, of(weight).dense(), bias);
  }

  static std::vector<at::Tensor> backward(Context* context, const std::vector<at::Tensor>& gradients) {
    const at::Tensor& gradient = gradients[0];
    const at::Tensor dense = of(context->saved_data["weight"].toInt()).dense().to(gradient.scalar_type());
    const auto dtype = static_cast<at::ScalarType>(context->saved_data["dtype"].toInt());
    return {at::matmul(gradient, dense).to(dtype), {}, {}};
  }

  // The model, which owns the weight, outlives the graph of its pass.
  static const Weight& of(std::int64_t weight) { return *reinterpret_cast<const Weight*>(weight); }
};

class Packed : public Weight {
 public:
  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override {
    if (!at::GradMode::is_enabled() || !x.requires_grad()) return dense_linear(x, bias);
    return FrozenLinear::apply(x, bias.defined() ? std::optional(bias) : std::nullopt,
                               reinterpret_cast<std::int64_t>(static_cast<const Weight*>(this)));
  }
};

// [rows, …] of each part that has as many rows as the weight.
at::Tensor picked(const at::Tensor& part, const at::Tensor& ids) {
  return part.size(0) == 1 ? part : at::index_select(part, 0, ids);
}

at::Tensor like_rows(const at::Tensor& picked_rows, const at::Tensor& ids) {
  return picked_rows.view({ids.size(0), ids.size(1), -1});
}

class Int8 final : public Packed {
 public:
  explicit Int8(Int8Codes codes) : stored_(std::move(codes)) {}
  at::Tensor dense() const override { return unpacked(stored_); }
  at::Tensor rows(const at::Tensor& ids, std::int64_t) const override {
    const at::Tensor flat = ids.view(-1);
    return like_rows(unpacked({picked(stored_.codes, flat), picked(stored_.scale, flat)}), ids);
  }

 private:
  static at::Tensor unpacked(const Int8Codes& s) { return s.codes.to(s.scale.scalar_type()).mul_(s.scale); }
  Int8Codes stored_;
};

class Int4 final : public Packed {
 public:
  explicit Int4(Int4Codes packed) : stored_(std::move(packed)) {}
  at::Tensor dense() const override { return unpacked(stored_); }
  at::Tensor rows(const at::Tensor& ids, std::int64_t) const override {
    const at::Tensor flat = ids.view(-1);
    return like_rows(unpacked({picked(stored_.codes, flat), picked(stored_.scale, flat), picked(stored_.zero, flat)}),
                     ids);
  }

 private:
  // Two numbers in a byte, the first in its low half.
  static at::Tensor unpacked(const Int4Codes& s) {
    const std::int64_t out = s.codes.size(0), pairs = s.codes.size(1);
    const at::Tensor dense = at::empty({out, pairs, 2}, s.scale.options());
    dense.select(2, 0).copy_(at::bitwise_and(s.codes, 15));
    dense.select(2, 1).copy_(s.codes.bitwise_right_shift(4));
    dense.view({out, s.scale.size(1), -1}).mul_(s.scale).add_(s.zero);
    return dense.view({out, 2 * pairs});
  }
  Int4Codes stored_;
};

}  // namespace

// Keeps weights that are all alike from a division by zero, and is a number in half precision, too.
constexpr double kLeastScale = 1e-6;

Int8Codes int8_codes(const at::Tensor& weight, bool per_row) {
  at::Tensor scale = per_row ? at::linalg_vector_norm(weight, std::numeric_limits<double>::infinity(), {1}, true)
                             : at::linalg_vector_norm(weight, std::numeric_limits<double>::infinity()).view({1, 1});
  scale = scale.div_(127).clamp_min_(kLeastScale);
  return {(weight / scale).round_().clamp_(-127, 127).to(at::kChar), scale};
}

std::shared_ptr<const Weight> make_int8(Builder& builder, const WeightPart& part, const Compression& c) {
  Int8Codes stored = int8_codes(drawn(builder, {part.out, part.in}), c.options.at("scale") == 1);
  builder.part(part.layer, part.role + ".codes", stored.codes, false);
  builder.part(part.layer, part.role + ".scale", stored.scale, false);
  return std::make_shared<Int8>(std::move(stored));
}

Int4Codes int4_codes(const at::Tensor& weight, std::int64_t group) {
  const std::int64_t out = weight.size(0), in = weight.size(1);
  const at::Tensor groups = weight.view({out, in / group, group});
  at::Tensor zero = groups.amin({2}, true);
  at::Tensor scale = (groups.amax({2}, true) - zero).div_(15).clamp_min_(kLeastScale);
  at::Tensor codes = (groups - zero).div_(scale).round_().clamp_(0, 15).to(at::kByte);
  return {codes.view({out, in}), std::move(scale), std::move(zero)};
}

std::shared_ptr<const Weight> make_int4(Builder& builder, const WeightPart& part, const Compression& c) {
  Int4Codes stored = int4_codes(drawn(builder, {part.out, part.in}), c.options.at("group"));
  const at::Tensor pairs = stored.codes.view({part.out, part.in / 2, 2});
  stored.codes = at::bitwise_or(pairs.select(2, 0), pairs.select(2, 1).bitwise_left_shift(4));
  builder.part(part.layer, part.role + ".codes", stored.codes, false);
  builder.part(part.layer, part.role + ".scale", stored.scale, false);
  builder.part(part.layer, part.role + ".zero", stored.zero, false);
  return std::make_shared<Int4>(std::move(stored));
}

namespace {

// 3 bits for each weight (Zadeh et al. 2020, arXiv 2005.03842, section IV): eight indices in three bytes.
class Gobo final : public Packed {
 public:
  Gobo(at::Tensor codes, at::Tensor centroids, at::Tensor outliers, at::Tensor positions)
      : codes_(std::move(codes)),
        centroids_(std::move(centroids)),
        outliers_(std::move(outliers)),
        positions_(std::move(positions)) {}

  at::Tensor dense() const override {
    const std::int64_t out = codes_.size(0), eighths = codes_.size(1);
    const at::Tensor indices = at::empty({out, eighths, 8}, codes_.options().dtype(at::kInt));
    for (std::int64_t i = 0; i < 8; ++i) {
      const std::int64_t byte = 3 * i / 8, bit = 3 * i % 8;
      at::Tensor code = codes_.select(2, byte).bitwise_right_shift(bit);
      if (bit > 5) code = at::bitwise_or(code, codes_.select(2, byte + 1).bitwise_left_shift(8 - bit));
      indices.select(2, i).copy_(code.bitwise_and_(7));
    }
    at::Tensor dense = at::index_select(centroids_, 0, indices.view(-1));
    dense.scatter_(0, positions_.to(at::kLong), outliers_.to(dense.scalar_type()));
    return dense.view({out, 8 * eighths});
  }

 private:
  at::Tensor codes_, centroids_, outliers_, positions_;  // uint8 [out, in/8, 3]; [8]; fp32 and int32 [outliers]
};

// Centroids of sorted weights: means of eight equal shares, then the nearest ones' means, a few times over.
at::Tensor centroids_of(const at::Tensor& sorted) {
  constexpr int kRounds = 8;
  const std::int64_t count = sorted.size(0), share = std::max<std::int64_t>(count / 8, 1);
  const auto options = sorted.options();
  at::Tensor centroids = at::empty({8}, options);
  for (std::int64_t i = 0; i < 8; ++i) {
    const std::int64_t begin = std::min(i * share, count - 1);
    centroids.select(0, i).copy_(sorted.slice(0, begin, i == 7 ? count : begin + share).mean());
  }
  const at::Tensor sums = at::zeros({count + 1}, options);
  sums.slice(0, 1).copy_(at::cumsum(sorted, 0));
  const at::Tensor ends = at::zeros({9}, options.dtype(at::kLong));
  ends.slice(0, 8, 9).fill_(count);
  for (int round = 0; round < kRounds; ++round) {
    const at::Tensor borders = (centroids.slice(0, 0, 7) + centroids.slice(0, 1, 8)) / 2;
    ends.slice(0, 1, 8).copy_(at::searchsorted(sorted, borders));
    const at::Tensor totals = at::index_select(sums, 0, ends), sizes = (ends.slice(0, 1) - ends.slice(0, 0, 8));
    const at::Tensor means = (totals.slice(0, 1) - totals.slice(0, 0, 8)) / sizes.clamp_min(1);
    centroids = at::where(sizes > 0, means, centroids);
  }
  return centroids;
}

}  // namespace

std::shared_ptr<const Weight> make_gobo(Builder& builder, const WeightPart& part, const Compression& c) {
  const std::int64_t out = part.out, in = part.in;
  const std::int64_t outlying = std::max<std::int64_t>(1, out * in * c.options.at("outliers") / 10000);
  const at::Tensor weight = drawn(builder, {out, in}).view(-1);
  const at::Tensor positions = std::get<1>(at::topk((weight - weight.mean()).abs_(), outlying));
  const at::Tensor outliers = at::index_select(weight, 0, positions).to(at::kFloat);
  // Outliers have no say in the centroids: they take the place of the mean.
  const auto wide = c10::promoteTypes(weight.scalar_type(), at::kFloat);
  const at::Tensor inner = weight.to(wide).scatter(0, positions, weight.mean().to(wide).expand({outlying}));
  const at::Tensor centroids = centroids_of(std::get<0>(at::sort(inner)));
  const at::Tensor borders = (centroids.slice(0, 0, 7) + centroids.slice(0, 1, 8)) / 2;
  const at::Tensor indices = at::searchsorted(borders, inner, true).to(at::kByte).view({out, in / 8, 8});
  at::Tensor codes = at::zeros({out, in / 8, 3}, indices.options());
  for (std::int64_t i = 0; i < 8; ++i) {
    const std::int64_t byte = 3 * i / 8, bit = 3 * i % 8;
    codes.select(2, byte).bitwise_or_(indices.select(2, i).bitwise_left_shift(bit));
    if (bit > 5) codes.select(2, byte + 1).bitwise_or_(indices.select(2, i).bitwise_right_shift(8 - bit));
  }
  const auto stored = [&](const char* name, at::Tensor tensor) {
    return builder.part(part.layer, part.role + name, std::move(tensor), false);
  };
  codes = stored(".codes", codes);
  const at::Tensor narrow = stored(".centroids", centroids.to(weight.scalar_type()));
  return std::make_shared<Gobo>(codes, narrow, stored(".outliers", outliers),
                                stored(".positions", positions.to(at::kInt)));
}

namespace {

// Rows of int32 columns.
class Csr final : public Packed {
 public:
  Csr(at::Tensor begins, at::Tensor columns, at::Tensor values, std::int64_t in)
      : begins_(std::move(begins)), columns_(std::move(columns)), values_(std::move(values)), in_(in) {}

  at::Tensor dense() const override {
    const std::int64_t out = begins_.size(0) - 1;
    const at::Tensor places = at::arange(values_.size(0), begins_.options());
    at::Tensor positions = at::searchsorted(begins_.slice(0, 1), places, false, true);  // rows
    positions.mul_(in_).add_(columns_);
    at::Tensor dense = at::zeros({out * in_}, values_.options());
    return dense.scatter_(0, positions, values_).view({out, in_});
  }

 private:
  at::Tensor begins_, columns_, values_;  // [out + 1], [kept], [kept]
  std::int64_t in_;
};

// A bit for each weight, and those that stay, in order.
class Bitmap final : public Packed {
 public:
  Bitmap(at::Tensor bits, at::Tensor values) : bits_(std::move(bits)), values_(std::move(values)) {}

  at::Tensor dense() const override {
    const std::int64_t out = bits_.size(0), eighths = bits_.size(1);
    const at::Tensor mask = at::empty({out, eighths, 8}, bits_.options());
    for (std::int64_t i = 0; i < 8; ++i) mask.select(2, i).copy_(bits_.bitwise_right_shift(i).bitwise_and_(1));
    at::Tensor places = at::cumsum(mask.view(-1), 0, at::kInt);
    at::Tensor dense = at::index_select(values_, 0, places.sub_(1).clamp_min_(0));
    return dense.mul_(mask.view(-1)).view({out, 8 * eighths});
  }

 private:
  at::Tensor bits_, values_;  // uint8 [out, in/8], [kept]
};

// NVIDIA's 2:4 (Mishra et al. 2021, arXiv 2104.08378, section 3): of each four weights two, with their two-bit places.
class TwoOfFour final : public Packed {
 public:
  TwoOfFour(at::Tensor places, at::Tensor values) : places_(std::move(places)), values_(std::move(values)) {}

  at::Tensor dense() const override {
    const std::int64_t out = values_.size(0), kept = values_.size(1);
    const at::Tensor places = at::empty({out, kept / 4, 4}, places_.options().dtype(at::kLong));
    for (std::int64_t i = 0; i < 4; ++i) places.select(2, i).copy_(places_.bitwise_right_shift(2 * i).bitwise_and_(3));
    const at::Tensor dense = at::zeros({out, kept / 2, 4}, values_.options());
    dense.scatter_(2, places.view({out, kept / 2, 2}), values_.view({out, kept / 2, 2}));
    return dense.view({out, 2 * kept});
  }

 private:
  at::Tensor places_, values_;  // uint8 [out, in/8], [out, in/2]
};

// Flat positions of the largest, ascending: int64 [kept].
at::Tensor largest(const at::Tensor& weight, const Compression& c) {
  const std::int64_t kept = kept_weights(c, weight.size(0), weight.size(1));
  return std::get<0>(at::sort(std::get<1>(at::topk(weight.abs().view(-1), kept, 0, true, false))));
}

// Of each four the places of the two largest, ascending: int64 [out, in/4, 2].
at::Tensor two_of_four(const at::Tensor& weight) {
  const at::Tensor fours = weight.abs().view({weight.size(0), -1, 4});
  return std::get<0>(at::sort(std::get<1>(at::topk(fours, 2, 2)), 2));
}

}  // namespace

at::Tensor magnitude_mask(const at::Tensor& weight, const Compression& c) {
  at::Tensor mask = at::zeros(weight.sizes(), weight.options().dtype(at::kBool));
  if (prune_format(c) == PruneFormat::two_of_four)
    mask.view({weight.size(0), -1, 4}).scatter_(2, two_of_four(weight), true);
  else
    mask.view(-1).index_fill_(0, largest(weight, c), true);
  return mask;
}

std::shared_ptr<const Weight> make_pruned(Builder& builder, const WeightPart& part, const Compression& c) {
  const at::Tensor weight = drawn(builder, {part.out, part.in});
  const auto stored = [&](const char* name, at::Tensor tensor) {
    return builder.part(part.layer, part.role + name, std::move(tensor), false);
  };
  const PruneFormat format = prune_format(c);
  if (format == PruneFormat::two_of_four) {
    const at::Tensor places = two_of_four(weight);
    const at::Tensor values = stored(".values", weight.view({part.out, -1, 4}).gather(2, places).view({part.out, -1}));
    const at::Tensor fours = places.view({part.out, part.in / 8, 4});
    at::Tensor bytes = at::zeros({part.out, part.in / 8}, places.options().dtype(at::kByte));
    for (std::int64_t i = 0; i < 4; ++i) bytes.bitwise_or_(fours.select(2, i).to(at::kByte).bitwise_left_shift(2 * i));
    return std::make_shared<TwoOfFour>(stored(".places", bytes), values);
  }
  const at::Tensor positions = largest(weight, c);
  const at::Tensor values = stored(".values", at::index_select(weight.view(-1), 0, positions));
  if (format == PruneFormat::csr) {
    const at::Tensor ends = at::arange(part.out + 1, positions.options()) * part.in;
    const at::Tensor begins = stored(".rows", at::searchsorted(positions, ends, true));
    return std::make_shared<Csr>(begins, stored(".columns", positions.remainder(part.in).to(at::kInt)), values,
                                 part.in);
  }
  at::Tensor mask = at::zeros({part.out * part.in}, positions.options().dtype(at::kByte)).index_fill_(0, positions, 1);
  mask = mask.view({part.out, part.in / 8, 8});
  at::Tensor bits = at::zeros({part.out, part.in / 8}, mask.options());
  for (std::int64_t i = 0; i < 8; ++i) bits.bitwise_or_(mask.select(2, i).bitwise_left_shift(i));
  return std::make_shared<Bitmap>(stored(".bits", bits), values);
}

}  // namespace headroom::models
