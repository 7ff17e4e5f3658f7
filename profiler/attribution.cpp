#include "profiler/attribution.h"

#include <ATen/SequenceNumber.h>
#include <ATen/record_function.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace headroom::profiler {
namespace {

constexpr std::size_t kMostNumbers = 1 << 20;  // of a thread; half are forgotten then, the oldest first

struct Frame {
  const char* name;                // nullptr: an autograd node begins, and hides what is below
  std::uint64_t allocation_count;  // of the thread, when the operator began
  at::ScalarType read_type = at::ScalarType::Undefined;
  bool copies_in = false;
};

struct Level {
  enum class Kind { layer, node, backward };
  Kind kind;
  LayerId layer{};  // backward: that of the last node
  StringId line{};  // of a node: that of its forward
};

struct Thread {
  std::vector<Level> levels;
  std::vector<Frame> operators;
  std::uint64_t allocation_count = 0;
  std::uint64_t backward_number = 0;  // the backward pass that the last node belongs to
  LayerId node_layer{};
  StringId node_line{};
  StringId line{};
  std::string node_name;
};

thread_local Thread thread;
std::atomic<Attribution*> active{nullptr};

constexpr std::array kMereAllocations{
    "aten::empty", "aten::empty_strided", "aten::empty_like", "aten::new_empty", "aten::new_empty_strided",
    "aten::zeros", "aten::zeros_like",    "aten::new_zeros",  "aten::ones",      "aten::ones_like",
    "aten::full",  "aten::full_like",     "aten::new_full",   "aten::resize_"};

bool is_mere_allocation(const char* name) {
  return std::any_of(kMereAllocations.begin(), kMereAllocations.end(),
                     [&](auto x) { return std::strcmp(x, name) == 0; });
}

bool is_accumulator(const char* name) { return std::strcmp(name, "torch::autograd::AccumulateGrad") == 0; }

// Of the node that runs on this thread, if it accumulates a gradient.
const at::Tensor* accumulated_variable() {
  const auto node = torch::autograd::get_current_node();
  const auto* accumulator = dynamic_cast<const torch::autograd::AccumulateGrad*>(node.get());
  return accumulator ? &accumulator->variable : nullptr;
}

}  // namespace

struct Callbacks {
  static std::unique_ptr<at::ObserverContext> start(const at::RecordFunction& function) {
    Attribution* now = active.load(std::memory_order_relaxed);
    if (now == nullptr) return nullptr;
    switch (function.scope()) {
      case at::RecordScope::FUNCTION:
        begin_operator(*now, function);
        break;
      case at::RecordScope::BACKWARD_FUNCTION:
        begin_node(*now, function);
        break;
      default:
        now->enter_scope(function.name());
    }
    return nullptr;
  }

  static void end(const at::RecordFunction& function, at::ObserverContext*) {
    Attribution* now = active.load(std::memory_order_relaxed);
    if (now == nullptr) return;
    if (function.scope() == at::RecordScope::USER_SCOPE) return now->leave();
    if (thread.operators.empty()) return;
    const Frame frame = thread.operators.back();
    thread.operators.pop_back();
    if (frame.name == nullptr)
      end_node(*now, function);
    else if (frame.allocation_count != thread.allocation_count)
      for (const auto& output : function.outputs()) show(*now, output, frame.copies_in);
  }

 private:
  static void begin_operator(Attribution& now, const at::RecordFunction& function) {
    now.observer_.on_operator();
    now.tell_place();
    const bool in_node = !thread.levels.empty() && thread.levels.back().kind == Level::Kind::node;
    const bool outermost = thread.operators.empty() || thread.operators.back().name == nullptr;
    if (now.line_ && outermost && !in_node) {
      thread.line = now.line_();
      now.note_sequence();
    }
    Frame frame{function.name(), thread.allocation_count};
    look_at_copy(now, function, frame);
    thread.operators.push_back(frame);
  }

  static void look_at_copy(Attribution& now, const at::RecordFunction& function, Frame& frame) {
    const auto tensor_at = [&](std::size_t i) {
      return i < function.inputs().size() && function.inputs()[i].isTensor() ? &function.inputs()[i].toTensor() : nullptr;
    };
    const bool copy = std::strcmp(frame.name, "aten::copy_") == 0;
    const bool convert = std::strcmp(frame.name, "aten::_to_copy") == 0;
    if (!copy && !convert && std::strcmp(frame.name, "aten::_local_scalar_dense") != 0) return;
    const at::Tensor* source = tensor_at(copy ? 1 : 0);
    if (source == nullptr || !source->defined()) return;
    frame.read_type = source->scalar_type();
    frame.copies_in = !copy && convert && source->is_cpu() && thread.levels.empty() && now.backward_depth_ == 0;
  }

  static void begin_node(Attribution& now, const at::RecordFunction& function) {
    const Attribution::Origin origin = now.origin_of_node(function.seqNr(), function.forwardThreadId());
    thread.operators.push_back({nullptr, 0});
    thread.levels.push_back({Level::Kind::node, origin.layer, origin.line});
    thread.backward_number = now.backward_number_;
    thread.node_layer = origin.layer;
    thread.node_line = origin.line;
    thread.node_name = function.name();
    now.tell_place();
    if (c10::GradMode::is_enabled()) now.note_sequence();
  }

  static void end_node(Attribution& now, const at::RecordFunction& function) {
    thread.node_name.clear();
    if (is_accumulator(function.name()))
      if (const at::Tensor* variable = accumulated_variable(); variable && variable->defined())
        now.observer_.on_gradient(*variable, variable->grad());
    if (!thread.levels.empty()) thread.levels.pop_back();
    now.tell_place();
    if (c10::GradMode::is_enabled()) now.note_sequence();
  }

  static void show(Attribution& now, const c10::IValue& value, bool copied_in) {
    if (value.isTensor()) {
      now.observer_.on_output(value.toTensor());
      if (copied_in) now.observer_.on_copied_in(value.toTensor());
    } else if (value.isTensorList()) {
      for (const at::Tensor& tensor : value.toTensorVector()) now.observer_.on_output(tensor);
    }
  }
};

Attribution::Attribution(StringTable& strings, TensorObserver& observer) : strings_(strings), observer_(observer) {
  if (active != nullptr) throw std::logic_error("one Attribution at a time");
  active = this;
  callback_ = at::addGlobalCallback(
      at::RecordFunctionCallback(&Callbacks::start, &Callbacks::end)
          .needsInputs(true)
          .needsOutputs(true)
          .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION, at::RecordScope::USER_SCOPE}));
}

Attribution::~Attribution() {
  at::removeCallback(callback_);
  active = nullptr;
}

void Attribution::forget_process() { active = nullptr; }

void Attribution::set_layers(const std::vector<Layer>& layers) {
  for (const Layer& layer : layers) layers_.emplace(layer.path, layer.id);
}

void Attribution::set_layer_of(const at::TensorImpl* variable, LayerId layer) {
  const std::lock_guard lock(mutex_);
  variables_[variable] = layer;
}

std::optional<LayerId> Attribution::layer_of(const at::TensorImpl* variable) const {
  const std::lock_guard lock(mutex_);
  const auto found = variables_.find(variable);
  if (found == variables_.end()) return std::nullopt;
  return found->second;
}

Attribution::Origin Attribution::current() const {
  if (thread.levels.empty() || thread.levels.back().kind == Level::Kind::backward) {
    if (backward_depth_ == 0) return {LayerId::root, thread.line};
    const bool ran = thread.backward_number == backward_number_;
    return ran ? Origin{thread.node_layer, thread.node_line} : Origin{loss_layer_, thread.line};
  }
  const Level& level = thread.levels.back();
  return {level.layer, level.kind == Level::Kind::node ? level.line : thread.line};
}

LayerId Attribution::layer() const { return current().layer; }

void Attribution::enter(LayerId layer) {
  thread.levels.push_back({Level::Kind::layer, layer});
  tell_place();
  note_sequence();
}

void Attribution::leave() {
  if (!thread.levels.empty()) thread.levels.pop_back();
  tell_place();
  note_sequence();
}

void Attribution::enter_scope(std::string_view text) {
  const auto layer = layers_.find(std::string(text));
  enter(layer == layers_.end() ? current().layer : layer->second);
}

void Attribution::note_sequence() { note_sequence(current()); }

void Attribution::note_sequence(Origin origin) {
  const std::uint64_t number = at::sequence_number::peek();
  const std::lock_guard lock(mutex_);
  auto& numbers = numbers_[at::RecordFunction::currentThreadId()];
  if (numbers.size() >= kMostNumbers) numbers.erase(numbers.begin(), numbers.begin() + kMostNumbers / 2);
  if (!numbers.empty() && numbers.back().from == number)
    numbers.back().origin = origin;
  else
    numbers.push_back({number, origin});
}

void Attribution::begin_forward() {
  {
    const std::lock_guard lock(mutex_);
    numbers_.clear();
  }
  note_sequence();
}

void Attribution::begin_backward(LayerId loss_layer) {
  if (backward_depth_++ == 0) {
    static std::atomic<std::uint64_t> passes{0};
    loss_layer_ = loss_layer;
    backward_number_ = ++passes;
  }
  // Nodes that the engine makes for itself come after every node of forward.
  note_sequence({loss_layer, thread.line});
  thread.levels.push_back({Level::Kind::backward});
  tell_place();
}

void Attribution::end_backward() {
  if (backward_depth_ > 0) --backward_depth_;
  leave();
}

Attribution::Origin Attribution::origin_of_node(std::int64_t sequence_number, std::uint64_t forward_thread) const {
  const bool is_numbered = sequence_number >= 0 && sequence_number != std::numeric_limits<std::int64_t>::max();
  const at::Tensor* variable = is_numbered ? nullptr : accumulated_variable();
  const std::lock_guard lock(mutex_);
  if (!is_numbered) {
    const auto found = variable ? variables_.find(variable->unsafeGetTensorImpl()) : variables_.end();
    return {found == variables_.end() ? thread.node_layer : found->second, thread.node_line};
  }
  const auto of_thread = numbers_.find(forward_thread);
  if (of_thread == numbers_.end()) return {};
  const auto& numbers = of_thread->second;
  const auto after = std::upper_bound(numbers.begin(), numbers.end(), static_cast<std::uint64_t>(sequence_number),
                                      [](std::uint64_t number, const Numbered& from) { return number < from.from; });
  return after == numbers.begin() ? Origin{} : std::prev(after)->origin;
}

Attribution::Operator Attribution::operator_of(const char* name) {
  auto at = operators_.find(name);
  if (at == operators_.end() || strings_.text(at->second.name) != name)
    at = operators_.insert_or_assign(name, Operator{strings_.intern(name), is_mere_allocation(name)}).first;
  return at->second;
}

Place Attribution::place() {
  ++thread.allocation_count;
  const Origin origin = current();
  Place place{origin.layer, StringId::none, origin.line};
  for (auto frame = thread.operators.rbegin(); frame != thread.operators.rend() && frame->name != nullptr; ++frame) {
    const Operator op = operator_of(frame->name);
    place.op = op.name;
    if (!op.mere_allocation) return place;
  }
  if (place.op == StringId::none && !thread.node_name.empty()) place.op = strings_.intern(thread.node_name);
  return place;
}

RunningOperator Attribution::running_operator() const {
  RunningOperator running;
  for (auto frame = thread.operators.rbegin(); frame != thread.operators.rend() && frame->name != nullptr; ++frame) {
    if (running.innermost == nullptr) running.innermost = frame->name;
    if (running.read_type == at::ScalarType::Undefined) running.read_type = frame->read_type;
    running.outermost = frame->name;
  }
  return running;
}

Attribution::LayerScope::LayerScope(LayerId layer) {
  thread.levels.push_back({Level::Kind::layer, layer});
  if (Attribution* now = active) now->tell_place();
}

Attribution::LayerScope::~LayerScope() {
  thread.levels.pop_back();
  if (Attribution* now = active) now->tell_place();
}

}  // namespace headroom::profiler
