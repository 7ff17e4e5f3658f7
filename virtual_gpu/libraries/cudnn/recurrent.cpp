#include "virtual_gpu/libraries/cudnn/recurrent.h"

#include <algorithm>

#include "virtual_gpu/core/counters.h"

namespace headroom::virtual_gpu::cudnn {
namespace {

enum { kRelu = 0, kTanh = 1, kLstm = 2, kGru = 3 };
enum { kNoBias = 0, kInputBias = 1, kDoubleBias = 2, kRecurrentBias = 3 };

bool has_projection(const Recurrent& layer) {
  return layer.cell == kLstm && layer.projection_size != layer.hidden_size;
}
std::int64_t output_size(const Recurrent& layer) {
  return has_projection(layer) ? layer.projection_size : layer.hidden_size;
}

std::int64_t input_columns(const Recurrent& layer, std::int64_t pseudo_layer) {
  const std::int64_t directions = direction_count(layer);
  return pseudo_layer < directions ? layer.input_size : output_size(layer) * directions;
}

std::int64_t matrix_elements(const Recurrent& layer, std::int64_t pseudo_layer) {
  const std::int64_t gates = gate_count(layer) * layer.hidden_size;
  const std::int64_t projection = has_projection(layer) ? layer.projection_size * layer.hidden_size : 0;
  return gates * (input_columns(layer, pseudo_layer) + output_size(layer)) + projection;
}

std::int64_t all_matrix_elements(const Recurrent& layer, std::int64_t pseudo_layers) {
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < pseudo_layers; ++i) total += matrix_elements(layer, i);
  return total;
}

std::int64_t pseudo_layers(const Recurrent& layer) { return layer.layers * direction_count(layer); }

// Callers leave out what they do not ask for.
void set_matrix(Tensor* tensor, const Recurrent& layer, const Part& part) {
  if (tensor == nullptr) return;
  const int rows = static_cast<int>(part.rows), columns = static_cast<int>(part.columns);
  if (part.rows == 0)
    *tensor = {layer.data_type, {}, {}};
  else
    *tensor = {layer.data_type, {1, rows, columns}, {rows * columns, columns, 1}};
}

void* address_of(const void* base, const Recurrent& layer, const Part& part) {
  if (part.rows == 0) return nullptr;
  const auto bytes = static_cast<std::uintptr_t>(part.offset) * data_type_bytes(layer.data_type);
  return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(base) + bytes);
}

}  // namespace

std::int64_t gate_count(const Recurrent& layer) { return layer.cell == kLstm ? 4 : layer.cell == kGru ? 3 : 1; }
std::int64_t bias_count(const Recurrent& layer) {
  return layer.bias == kNoBias ? 0 : layer.bias == kDoubleBias ? 2 : 1;
}
std::int64_t direction_count(const Recurrent& layer) { return layer.direction == 1 ? 2 : 1; }

Part weight_matrix(const Recurrent& layer, std::int64_t pseudo_layer, std::int64_t matrix) {
  const std::int64_t gates = gate_count(layer), hidden = layer.hidden_size;
  const std::int64_t inputs = input_columns(layer, pseudo_layer), outputs = output_size(layer);
  const std::int64_t start = all_matrix_elements(layer, pseudo_layer);
  if (matrix < gates) return {start + matrix * hidden * inputs, hidden, inputs};
  const std::int64_t recurrent = start + gates * hidden * inputs;
  if (matrix < 2 * gates) return {recurrent + (matrix - gates) * hidden * outputs, hidden, outputs};
  if (!has_projection(layer)) return {};
  return {recurrent + gates * hidden * outputs, layer.projection_size, hidden};
}

Part weight_bias(const Recurrent& layer, std::int64_t pseudo_layer, std::int64_t matrix) {
  const std::int64_t gates = gate_count(layer), hidden = layer.hidden_size;
  if (matrix >= 2 * gates || bias_count(layer) == 0) return {};
  const bool recurrent = matrix >= gates;
  if (bias_count(layer) == 1 && recurrent != (layer.bias == kRecurrentBias)) return {};
  const std::int64_t within = bias_count(layer) == 1 ? matrix % gates : matrix;
  const std::int64_t start =
      all_matrix_elements(layer, pseudo_layers(layer)) + pseudo_layer * gates * hidden * bias_count(layer);
  return {start + within * hidden, hidden, 1};
}

std::int64_t weight_elements(const Recurrent& layer) {
  const std::int64_t biases = gate_count(layer) * layer.hidden_size * bias_count(layer);
  return all_matrix_elements(layer, pseudo_layers(layer)) + pseudo_layers(layer) * biases;
}

std::int64_t kept_elements(const Recurrent& layer, const Sequence& input) {
  const std::int64_t states = layer.cell == kLstm  ? 2
                              : layer.cell == kGru ? 2
                                                   : 0;  // cell and hidden; candidate and hidden
  const std::int64_t steps = input.longest * input.batch;
  return steps * pseudo_layers(layer) * layer.hidden_size * (gate_count(layer) + states);
}

extern "C" {

Status cudnnSetRNNDescriptor_v8(Recurrent* layer, int algorithm, int cell, int bias, int direction, int input_mode,
                                int data_type, int math_precision, int math_type, std::int32_t input_size,
                                std::int32_t hidden_size, std::int32_t projection_size, std::int32_t layers,
                                const Dropout* dropout, unsigned flags) {
  if (layer == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  if (cell < kRelu || cell > kGru || input_size <= 0 || hidden_size <= 0 || layers <= 0 ||
      data_type_bytes(data_type) == 0)
    return fail(kBadParam, "the recurrent layer's cell, sizes or type");
  *layer = {algorithm, cell,       bias,        direction,       input_mode, data_type, math_precision,
            math_type, input_size, hidden_size, projection_size, layers,     dropout,   flags};
  return kSuccess;
}

Status cudnnSetRNNDataDescriptor(Sequence* data, int data_type, int layout, int longest, int batch, int vector,
                                 const int* lengths, void*) {
  if (data == nullptr || lengths == nullptr) return fail(kBadParamNullPointer, "no descriptor or no lengths");
  if (longest <= 0 || batch <= 0 || vector <= 0) return fail(kBadParam, "the sequence's sizes");
  *data = {data_type, layout, longest, batch, vector, {lengths, lengths + batch}};
  return kSuccess;
}

Status cudnnGetRNNWeightSpaceSize(const Handle* handle, const Recurrent* layer, std::size_t* bytes) {
  if (handle == nullptr || layer == nullptr || bytes == nullptr) return fail(kBadParamNullPointer, "no layer");
  *bytes = static_cast<std::size_t>(weight_elements(*layer)) * data_type_bytes(layer->data_type);
  return kSuccess;
}

Status cudnnGetRNNWeightParams(const Handle* handle, const Recurrent* layer, std::int32_t pseudo_layer, std::size_t,
                               const void* weights, std::int32_t matrix, Tensor* matrix_tensor, void** matrix_address,
                               Tensor* bias_tensor, void** bias_address) {
  if (handle == nullptr || layer == nullptr) return fail(kBadParamNullPointer, "no layer");
  if (pseudo_layer < 0 || pseudo_layer >= pseudo_layers(*layer)) return fail(kBadParam, "no such pseudo layer");
  const Part weight = weight_matrix(*layer, pseudo_layer, matrix), bias = weight_bias(*layer, pseudo_layer, matrix);
  set_matrix(matrix_tensor, *layer, weight);
  set_matrix(bias_tensor, *layer, bias);
  if (matrix_address != nullptr) *matrix_address = address_of(weights, *layer, weight);
  if (bias_address != nullptr) *bias_address = address_of(weights, *layer, bias);
  return kSuccess;
}

Status cudnnGetRNNTempSpaceSizes(const Handle* handle, const Recurrent* layer, int mode, const Sequence* input,
                                 std::size_t* workspace, std::size_t* reserve) {
  if (handle == nullptr || layer == nullptr || input == nullptr)
    return fail(kBadParamNullPointer, "no layer or no input");
  assume(
      "cuDNN's recurrent layers: workspace counted as the gates of all steps of one layer, what is kept for the "
      "backward pass as "
      "gates and states of all steps and layers; cuDNN tells its own sizes only to a real device");
  const std::size_t element = data_type_bytes(layer->data_type);
  const std::int64_t gates =
      input->longest * input->batch * direction_count(*layer) * gate_count(*layer) * layer->hidden_size;
  if (workspace != nullptr) *workspace = static_cast<std::size_t>(gates) * element;
  constexpr int kTraining = 1;
  if (reserve != nullptr)
    *reserve = mode == kTraining ? static_cast<std::size_t>(kept_elements(*layer, *input)) * element : 0;
  return kSuccess;
}

Status cudnnRNNForward(const Handle* handle) { return launch(handle, "cudnnRNNForward"); }
Status cudnnRNNBackwardData_v8(const Handle* handle) { return launch(handle, "cudnnRNNBackwardData_v8"); }
Status cudnnRNNBackwardWeights_v8(const Handle* handle) { return launch(handle, "cudnnRNNBackwardWeights_v8"); }
}

}  // namespace headroom::virtual_gpu::cudnn
