// Weights that are products of smaller ones, applied factor by factor.
#include "models/catalog/compression/factored.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tensordot.h>

#include <cmath>

#include "models/compression/methods.h"

namespace headroom::models {
namespace {

class LowRank final : public Weight {
 public:
  LowRank(at::Tensor up, at::Tensor down) : up_(std::move(up)), down_(std::move(down)) {}

  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override {
    return at::linear(at::linear(x, down_), up_, bias);
  }
  at::Tensor dense() const override { return at::mm(up_, down_); }

 private:
  at::Tensor up_, down_;  // U [out, rank], V [rank, in]
};

// A tensor train (Oseledets 2011; for layers Novikov et al. 2015, arXiv 1509.06569, section 4), contracted from the
// last core to the first. Core k is [r_(k-1)·m_k, n_k·r_k], the last one's input digits being the fastest of x.
class Train final : public Weight {
 public:
  Train(TensorTrain shape, std::vector<at::Tensor> cores) : shape_(std::move(shape)), cores_(std::move(cores)) {}

  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override {
    const std::size_t count = cores_.size();
    const std::int64_t inputs = x.numel() / x.size(-1);
    std::int64_t left = x.size(-1), done = 1;  // n_1·…·n_k before, m_(k+1)·…·m_d after core k
    at::Tensor z = x.reshape({inputs, left});
    for (std::size_t k = count - 1; k > 0; --k) {
      left /= shape_.in[k];
      if (k + 1 < count)  // [N, n_1·…, n_k·r_k, m_(k+1)·…] -> digits of the outputs before what is contracted
        z = z.view({inputs * left, shape_.in[k] * shape_.rank[k + 1], done}).transpose(1, 2);
      z = at::linear(z.reshape({inputs * left * done, -1}), cores_[k]);
      const std::int64_t rank = shape_.rank[k], out = shape_.out[k];
      if (done > 1) z = z.view({inputs * left, done, rank * out}).transpose(1, 2).contiguous();
      done *= out;
    }
    std::vector<std::int64_t> sizes = x.sizes().vec();
    sizes.back() = shape_.out[0] * done;
    return first_core(z.view({inputs, -1, done}), bias).view(sizes);
  }

  at::Tensor dense() const override {
    std::int64_t outs = shape_.out[0], ins = shape_.in[0];
    at::Tensor w = cores_[0].view({outs, ins, -1});
    for (std::size_t k = 1; k < cores_.size(); ++k) {
      const std::int64_t m = shape_.out[k], n = shape_.in[k];
      w = at::tensordot(w, cores_[k].view({shape_.rank[k], m, n, -1}), {2}, {0});  // [outs, ins, m, n, r]
      w = w.permute({0, 2, 1, 3, 4}).reshape({outs *= m, ins *= n, -1});
    }
    return w.squeeze(-1);
  }

 private:
  // One product for each input, for its output digits come first.
  at::Tensor first_core(const at::Tensor& z, const at::Tensor& bias) const {
    const at::Tensor core = cores_[0].unsqueeze(0).expand({z.size(0), -1, -1});
    if (!bias.defined()) return at::bmm(core, z);
    return at::baddbmm(bias.view({1, shape_.out[0], z.size(2)}), core, z);
  }

  TensorTrain shape_;
  std::vector<at::Tensor> cores_;
};

}  // namespace

std::shared_ptr<const Weight> make_low_rank(Builder& builder, const WeightPart& part, const Compression& c) {
  const std::int64_t rank = c.options.at("rank");
  const double deviation = std::sqrt(0.02 / std::sqrt(static_cast<double>(rank)));
  return std::make_shared<LowRank>(
      builder.part(part.layer, part.role + ".u", drawn(builder, {part.out, rank}, deviation), true),
      builder.part(part.layer, part.role + ".v", drawn(builder, {rank, part.in}, deviation), true));
}

std::shared_ptr<const Weight> make_tensor_train(Builder& builder, const WeightPart& part, const Compression& c) {
  TensorTrain shape = tensor_train_of(c, part.out, part.in);
  const std::size_t count = shape.out.size();
  double paths = 1;  // products that are summed in one element of W
  for (const std::int64_t rank : shape.rank) paths *= static_cast<double>(rank);
  const double deviation = std::pow(0.02 / std::sqrt(paths), 1.0 / static_cast<double>(count));
  std::vector<at::Tensor> cores;
  for (std::size_t k = 0; k < count; ++k)
    cores.push_back(
        builder.part(part.layer, part.role + ".core" + std::to_string(k + 1),
                     drawn(builder, {shape.rank[k] * shape.out[k], shape.in[k] * shape.rank[k + 1]}, deviation), true));
  return std::make_shared<Train>(std::move(shape), std::move(cores));
}

}  // namespace headroom::models
