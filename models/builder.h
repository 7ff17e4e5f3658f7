// Where layers, parameters and buffers are declared while a model is put together.
//
// Every parameter is created on its device and in its dtype, filled in place, and only then asked for a gradient: no
// copy of it ever exists.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "models/model.h"

namespace headroom::models {

enum class Init : std::uint8_t { normal, zeros, ones };  // normal: mean 0, standard deviation 0.02

class Builder {
 public:
  Builder(const ModelConfig& model_config, const BuildOptions& build_options, std::vector<ModelLayer>& layers,
          std::vector<ModelParameter>& parameters, std::vector<at::Tensor>& buffers)
      : config(model_config), options(build_options), layers_(layers), parameters_(parameters), buffers_(buffers) {}

  // Declares a layer and returns its path.
  std::string layer(const std::string& path, const std::string& parent, const std::string& kind);

  at::Tensor parameter(const std::string& layer, const std::string& role, at::IntArrayRef shape, Init init);

  // The same tensor under a second name.
  at::Tensor share(const std::string& layer, const std::string& role, const std::string& shared_with);

  at::Tensor buffer(at::Tensor tensor);

  // The rate to apply: 0 when not training.
  double dropout(double rate) const { return options.training ? rate : 0.0; }

  // The same for layers of another configuration, which must outlive it.
  Builder with(const ModelConfig& other) const { return {other, options, layers_, parameters_, buffers_}; }

  const ModelConfig& config;
  const BuildOptions& options;

 private:
  friend class SharedParameters;

  std::vector<ModelLayer>& layers_;
  std::vector<ModelParameter>& parameters_;
  std::vector<at::Tensor>& buffers_;
  std::string sharer_, owner_;  // parameters of layers below sharer_ are those below owner_, unless it is empty
};

// While it lives, every parameter declared at `layer` or below is the one of the same name at `owner`. Nothing when
// `owner` is empty.
class SharedParameters {
 public:
  SharedParameters(Builder& builder, const std::string& layer, const std::string& owner) : builder_(builder) {
    builder.sharer_ = layer;
    builder.owner_ = owner;
  }
  ~SharedParameters() { builder_.owner_.clear(); }
  SharedParameters(const SharedParameters&) = delete;
  SharedParameters& operator=(const SharedParameters&) = delete;

 private:
  Builder& builder_;
};

}  // namespace headroom::models
