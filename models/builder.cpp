#include "models/builder.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "base/error.h"

namespace headroom::models {

std::string Builder::layer(const std::string& path, const std::string& parent, const std::string& kind) {
  layers_.push_back({path, parent, kind});
  return path;
}

at::Tensor Builder::parameter(const std::string& layer, const std::string& role, at::IntArrayRef shape, Init init) {
  if (const std::string owner = owner_of(layer, role); !owner.empty()) return share(layer, role, owner);
  at::Tensor tensor = at::empty(shape, at::TensorOptions(options.device).dtype(options.dtype));
  {
    at::NoGradGuard no_grad;
    if (init == Init::normal) tensor.normal_(0.0, 0.02);
    if (init == Init::zeros) tensor.zero_();
    if (init == Init::ones) tensor.fill_(1.0);
  }
  tensor.set_requires_grad(trains());
  parameters_.push_back({layer + "." + role, layer, tensor, ""});
  return tensor;
}

at::Tensor Builder::part(const std::string& layer, const std::string& role, at::Tensor tensor, bool trained) {
  if (trained) tensor.set_requires_grad(options.training);
  parameters_.push_back({layer + "." + role, layer, tensor, ""});
  return tensor;
}

std::string Builder::owner_of(const std::string& layer, const std::string& role) const {
  if (owner_.empty() || !layer.starts_with(sharer_)) return "";
  return owner_ + layer.substr(sharer_.size()) + "." + role;
}

std::shared_ptr<const Weight> Builder::share_weight(const std::string& layer, const std::string& role,
                                                    const std::string& shared_with) {
  const auto parts = parameters_;  // share() adds to them
  for (const ModelParameter& parameter : parts)
    if (parameter.shared_with.empty() &&
        (parameter.name == shared_with || parameter.name.starts_with(shared_with + ".")))
      share(layer, role + parameter.name.substr(shared_with.size()), parameter.name);
  return weights_.at(shared_with);
}

at::Tensor Builder::share(const std::string& layer, const std::string& role, const std::string& shared_with) {
  const auto owner =
      std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.name == shared_with; });
  if (owner == parameters_.end()) throw bad_input("no parameter is named " + shared_with);
  const at::Tensor tensor = owner->tensor;
  parameters_.push_back({layer + "." + role, layer, tensor, shared_with});
  return tensor;
}

at::Tensor Builder::buffer(at::Tensor tensor) {
  buffers_.push_back(tensor);
  return tensor;
}

}  // namespace headroom::models
