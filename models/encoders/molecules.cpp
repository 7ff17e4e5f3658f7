// CANINE (Clark et al. 2021, arXiv 2103.06874, section 3.2), in the order of transformers' CanineModel: one block with
// attention in chunks, a strided convolution to molecules, the stack, each molecule repeated for its characters and
// joined with their encoding, a convolution back to the model's width, one block over all characters.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv1d.h>
#include <ATen/ops/repeat_interleave.h>

#include "models/blocks.h"
#include "models/catalog/attention.h"
#include "models/encoders/encoder.h"
#include "models/layers.h"
#include "models/scope.h"

namespace headroom::models {
namespace {

// Convolution over tokens and activation, [B, T, in] -> [B, T', d_m]; its norm is a layer of its own.
class Convolution {
 public:
  Convolution(Builder& builder, const std::string& path, std::int64_t in, std::int64_t width, std::int64_t stride)
      : path_(builder.layer(path, "model", "embedding")),
        stride_(stride),
        activation_(builder.config.activation),
        weight_(builder.parameter(path, "conv.weight", {builder.config.d_model, in, width}, Init::normal)),
        bias_(builder.parameter(path, "conv.bias", {builder.config.d_model}, Init::zeros)),
        norm_(builder, builder.layer(path + ".norm", path, "norm")) {}

  at::Tensor convolve(const at::Tensor& x) const {
    at::Tensor y = at::conv1d(x.transpose(1, 2), weight_, bias_, stride_);
    return activate(y.transpose(1, 2), activation_);
  }
  at::Tensor norm(const at::Tensor& x) const {
    const Scope scope(norm_.path());
    return norm_(x);
  }
  const std::string& path() const { return path_; }
  std::int64_t width() const { return weight_.size(2); }

 private:
  std::string path_;
  std::int64_t stride_;
  Activation activation_;
  at::Tensor weight_, bias_;
  Norm norm_;
};

class MoleculeEncoder final : public Encoder {
 public:
  explicit MoleculeEncoder(Builder& builder)
      : rate_(builder.config.downsampling.rate),
        dropout_(builder.dropout(builder.config.residual_dropout)),
        first_config_(first_block_config(builder.config)),
        first_(first_block(builder)),
        down_(builder, "downsampling", builder.config.d_model, rate_, rate_),
        stack_(builder, "encoder", builder.config.encoder_layer_count, false, false),
        up_(builder, "upsampling", 2 * builder.config.d_model, builder.config.downsampling.kernel, 1),
        last_(builder, "final_encoder", 1, false, false) {}

  Encoded operator()(at::Tensor x) const override {
    const at::Tensor characters = first_.forward(std::move(x));
    const at::Tensor molecules = stack_.forward(downsampled(characters));
    return {last_.forward(upsampled(characters, molecules)), molecules, {}};
  }

 private:
  Stack first_block(Builder& builder) const {
    Builder first = builder.with(first_config_);
    return {first, "character_encoder", 1, false, false};
  }

  // The first character keeps a place of its own, and the last molecule gives way to it.
  at::Tensor downsampled(const at::Tensor& characters) const {
    const Scope scope(down_.path());
    const at::Tensor molecules = down_.convolve(characters);
    const at::Tensor joined = at::cat({characters.slice(1, 0, 1), molecules.slice(1, 0, molecules.size(1) - 1)}, 1);
    return down_.norm(joined);
  }

  // Each molecule but the first one's place for its characters, the last one for those that are left, too.
  at::Tensor repeated(const at::Tensor& molecules, std::int64_t seq) const {
    const at::Tensor own = at::repeat_interleave(molecules.slice(1, 1), rate_, 1);
    const at::Tensor last = at::repeat_interleave(molecules.slice(1, -1), seq % rate_ + rate_, 1);
    return at::cat({own, last}, 1);
  }

  at::Tensor upsampled(const at::Tensor& characters, const at::Tensor& molecules) const {
    const Scope scope(up_.path());
    at::Tensor x = at::cat({characters, repeated(molecules, characters.size(1))}, -1);
    const std::int64_t before = (up_.width() - 1) / 2;
    x = at::constant_pad_nd(x.transpose(1, 2), {before, up_.width() - 1 - before}).transpose(1, 2);
    x = up_.norm(up_.convolve(x));
    return dropout(x, dropout_);
  }

  std::int64_t rate_;
  double dropout_;
  ModelConfig first_config_;
  Stack first_;
  Convolution down_;
  Stack stack_;
  Convolution up_;
  Stack last_;
};

}  // namespace

std::unique_ptr<Encoder> make_molecule_encoder(Builder& builder) { return std::make_unique<MoleculeEncoder>(builder); }

}  // namespace headroom::models
