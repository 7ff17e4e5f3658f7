// An optimizer asked from outside: a JSON request on stdin, a JSON answer on stdout, on the CPU. The test in
// tests/profiler/reference/ puts the answers beside implementations written by others.
//
// Request {"optimizer": "adafactor", "implementation": "foreach", "momentum": 0, "clip": 1.0, "dtype": "float64",
//          "parameters": [[[…]], […]], "gradients": [of each step [of each parameter]]}
//   -> {"parameters": after the steps}
#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <exception>
#include <iostream>
#include <iterator>

#include "base/json.h"
#include "profiler/optimizer.h"

namespace headroom::profiler {
namespace {

void flatten(const Json& json, std::vector<double>& values) {
  if (json.is_array())
    for (const Json& element : json) flatten(element, values);
  else
    values.push_back(json.get<double>());
}

at::Tensor tensor_of(const Json& json, at::ScalarType dtype) {
  std::vector<std::int64_t> shape;
  for (const Json* at = &json; at->is_array(); at = &at->front())
    shape.push_back(static_cast<std::int64_t>(at->size()));
  std::vector<double> values;
  flatten(json, values);
  return at::tensor(values, at::kDouble).view(shape).to(dtype);
}

Json json_of(const at::Tensor& tensor) {
  if (tensor.dim() == 0) return tensor.item<double>();
  Json array = Json::array();
  for (std::int64_t i = 0; i < tensor.size(0); ++i) array.push_back(json_of(tensor[i]));
  return array;
}

class Nobody : public ParameterObserver {
  void begin_parameter(std::size_t) override {}
  void end_parameter() override {}
  void on_state(std::size_t, const at::Tensor&) override {}
  void on_shared_state(const at::Tensor&) override {}
};

Json answer(const Json& request) {
  const auto dtype = request.at("dtype") == "float64" ? at::kDouble : at::kFloat;
  std::vector<at::Tensor> parameters;
  for (const Json& parameter : request.at("parameters"))
    parameters.push_back(tensor_of(parameter, dtype).requires_grad_());
  Nobody nobody;
  const auto optimizer = make_optimizer(
      {from_name(kOptimizerNames, "optimizer", request.at("optimizer").get<std::string>()),
       from_name(kOptimizerImplementationNames, "implementation", request.value("implementation", "foreach")),
       request.value("momentum", 0.0)},
      parameters, nobody);
  for (const Json& gradients : request.at("gradients")) {
    for (std::size_t i = 0; i < parameters.size(); ++i)
      parameters[i].mutable_grad() = tensor_of(gradients.at(i), dtype);
    if (request.contains("clip")) clip_gradients(parameters, request.at("clip").get<double>());
    optimizer->step();
  }
  Json result = Json::array();
  for (const at::Tensor& parameter : parameters) result.push_back(json_of(parameter.detach()));
  return {{"parameters", result}};
}

}  // namespace
}  // namespace headroom::profiler

int main() {
  using namespace headroom;
  try {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    std::cout << profiler::answer(parse_json(text, "the request")) << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
}
