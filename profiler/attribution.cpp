#include "profiler/attribution.h"

#include <ATen/SequenceNumber.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace headroom::profiler {
namespace {

struct Frame {
  const char* name;                // nullptr: an autograd node begins, and hides what is below
  std::uint64_t allocation_count;  // of the thread, when the operator began
};

struct Thread {
  std::vector<LayerId> scopes;
  std::vector<Frame> operators;
  std::uint64_t allocation_count = 0;
  std::uint64_t backward_number = 0;  // the backward pass that `node_layer` speaks of
  LayerId node_layer{};
  std::string node_name;
};

thread_local Thread thread;
Attribution* active = nullptr;

constexpr std::array kMereAllocations{
    "aten::empty", "aten::empty_strided", "aten::empty_like", "aten::new_empty", "aten::new_empty_strided",
    "aten::zeros", "aten::zeros_like",    "aten::new_zeros",  "aten::ones",      "aten::ones_like",
    "aten::full",  "aten::full_like",     "aten::new_full",   "aten::resize_"};

bool is_mere_allocation(const char* name) {
  return std::any_of(kMereAllocations.begin(), kMereAllocations.end(),
                     [&](auto x) { return std::strcmp(x, name) == 0; });
}

}  // namespace

struct Callbacks {
  static std::unique_ptr<at::ObserverContext> start(const at::RecordFunction& function) {
    switch (function.scope()) {
      case at::RecordScope::FUNCTION:
        thread.operators.push_back({function.name(), thread.allocation_count});
        break;
      case at::RecordScope::BACKWARD_FUNCTION:
        thread.operators.push_back({nullptr, 0});
        enter_node(function);
        break;
      default:
        active->enter_scope(function.name());
    }
    return nullptr;
  }

  static void end(const at::RecordFunction& function, at::ObserverContext*) {
    if (function.scope() == at::RecordScope::USER_SCOPE) return active->leave_scope();
    const Frame frame = thread.operators.back();
    thread.operators.pop_back();
    if (frame.name == nullptr)
      thread.node_name.clear();
    else if (frame.allocation_count != thread.allocation_count)
      for (const auto& output : function.outputs()) show(output);
  }

  static void enter_node(const at::RecordFunction& function) {
    thread.node_layer = active->layer_of_node(function.seqNr());
    thread.backward_number = active->backward_number_;
    thread.node_name = function.name();
  }

  static void show(const c10::IValue& value) {
    if (value.isTensor()) {
      active->observer_.on_output(value.toTensor());
    } else if (value.isTensorList()) {
      for (const at::Tensor& tensor : value.toTensorVector()) active->observer_.on_output(tensor);
    }
  }
};

Attribution::Attribution(StringTable& strings, TensorObserver& observer) : strings_(strings), observer_(observer) {
  if (active != nullptr) throw std::logic_error("one Attribution at a time");
  active = this;
  callback_ = at::addGlobalCallback(
      at::RecordFunctionCallback(&Callbacks::start, &Callbacks::end)
          .needsOutputs(true)
          .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION, at::RecordScope::USER_SCOPE}));
}

Attribution::~Attribution() {
  at::removeCallback(callback_);
  active = nullptr;
}

void Attribution::set_layers(const std::vector<Layer>& layers) {
  for (const Layer& layer : layers) layers_.emplace(layer.path, layer.id);
}

void Attribution::add_accumulator(const at::Tensor& parameter, LayerId layer) {
  auto node = torch::autograd::impl::grad_accumulator(parameter);
  accumulators_.emplace(node.get(), layer);
  accumulator_owners_.push_back(std::move(node));
}

void Attribution::enter_scope(std::string_view text) {
  const auto layer = layers_.find(std::string(text));
  const LayerId enclosing = thread.scopes.empty() ? LayerId::root : thread.scopes.back();
  thread.scopes.push_back(layer == layers_.end() ? enclosing : layer->second);
  note_sequence();
}

void Attribution::leave_scope() {
  thread.scopes.pop_back();
  note_sequence();
}

void Attribution::note_sequence() {
  if (backward_) return;
  open_from_.emplace_back(at::sequence_number::peek(), thread.scopes.empty() ? LayerId::root : thread.scopes.back());
}

void Attribution::begin_forward() {
  open_from_.clear();
  note_sequence();
}

void Attribution::begin_backward(LayerId loss_layer) {
  // Nodes that the engine makes for itself come after every node of forward.
  open_from_.emplace_back(at::sequence_number::peek(), loss_layer);
  loss_layer_ = loss_layer;
  backward_ = true;
  static std::uint64_t passes = 0;
  backward_number_ = ++passes;
}

void Attribution::end_backward() { backward_ = false; }

LayerId Attribution::layer_of_node(std::int64_t sequence_number) const {
  const bool numbered = sequence_number >= 0 && sequence_number != std::numeric_limits<std::int64_t>::max();
  if (!numbered) {
    const auto node = torch::autograd::get_current_node();
    const auto layer = accumulators_.find(node.get());
    return layer == accumulators_.end() ? thread.node_layer : layer->second;
  }
  const auto after = std::upper_bound(open_from_.begin(), open_from_.end(), static_cast<std::uint64_t>(sequence_number),
                                      [](std::uint64_t number, const auto& from) { return number < from.first; });
  return after == open_from_.begin() ? LayerId::root : std::prev(after)->second;
}

Attribution::Operator Attribution::operator_of(const char* name) {
  auto at = operators_.find(name);
  if (at == operators_.end() || strings_.text(at->second.name) != name)
    at = operators_.insert_or_assign(name, Operator{strings_.intern(name), is_mere_allocation(name)}).first;
  return at->second;
}

Place Attribution::place() {
  ++thread.allocation_count;
  Place place;
  if (!thread.scopes.empty())
    place.layer = thread.scopes.back();
  else if (backward_)
    place.layer = thread.backward_number == backward_number_ ? thread.node_layer : loss_layer_;
  for (auto frame = thread.operators.rbegin(); frame != thread.operators.rend() && frame->name != nullptr; ++frame) {
    const Operator op = operator_of(frame->name);
    place.op = op.name;
    if (!op.mere_allocation) return place;
  }
  if (place.op == StringId::none && !thread.node_name.empty()) place.op = strings_.intern(thread.node_name);
  return place;
}

Attribution::LayerScope::LayerScope(LayerId layer) { thread.scopes.push_back(layer); }
Attribution::LayerScope::~LayerScope() { thread.scopes.pop_back(); }

}  // namespace headroom::profiler
