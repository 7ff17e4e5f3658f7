#include "models/checkpoint.h"

#include <ATen/Context.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/saved_variable_hooks.h>

#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace headroom::models {
namespace {

using torch::autograd::Engine;
using torch::autograd::SavedVariableHooks;

// What the device's default generator draws next. Its state is a CPU tensor on every device.
at::Tensor random_state(at::Device device) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  return generator.get_state();
}

void set_random_state(at::Device device, const at::Tensor& state) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  generator.set_state(state);
}

class RestoredRandom {
 public:
  RestoredRandom(at::Device device, const at::Tensor& then) : device_(device), now_(random_state(device)) {
    set_random_state(device_, then);
  }
  ~RestoredRandom() { set_random_state(device_, now_); }
  RestoredRandom(const RestoredRandom&) = delete;
  RestoredRandom& operator=(const RestoredRandom&) = delete;

 private:
  at::Device device_;
  at::Tensor now_;
};

struct EverythingSaved {};  // thrown when nothing more of a function is needed

// One call of checkpoint(), alive while the graph still needs a tensor of it.
class Call {
 public:
  Call(std::function<at::Tensor()> function, RecomputeObserver observer, at::Device device)
      : function_(std::move(function)),
        observer_(std::move(observer)),
        device_(device),
        autocast_(device.type()),
        random_(random_state(device)) {}

  std::size_t add_slot() {
    slots_.emplace_back();
    return slots_.size() - 1;
  }

  void fill_next(const at::Tensor& tensor) {
    Slot& slot = slots_.at(filled_);
    if (slot.wanted) slot.tensor = tensor.requires_grad() ? tensor.detach() : tensor;
    if (++filled_ == slots_.size()) throw EverythingSaved{};
  }

  at::Tensor take(std::size_t slot) {
    if (filled_ == 0) recompute();
    at::Tensor tensor = std::exchange(slots_.at(slot).tensor, {});
    if (!tensor.defined()) throw std::logic_error("a checkpointed tensor is needed twice");
    return tensor;
  }

  // Its node is done, whether it looked at the tensor or not.
  void drop(std::size_t slot) { slots_.at(slot) = {{}, false}; }

  at::Tensor run() const { return function_(); }

 private:
  struct Slot {
    at::Tensor tensor;
    bool wanted = true;
  };
  void recompute();

  const std::function<at::Tensor()> function_;
  const RecomputeObserver observer_;
  const at::Device device_;
  const Autocast autocast_;
  const at::Tensor random_;
  std::vector<Slot> slots_;
  std::size_t filled_ = 0;
};

thread_local std::shared_ptr<Call> running;  // its function runs for the first time on this thread
thread_local Call* repeated = nullptr;       // its function runs again

class FirstSave : public SavedVariableHooks {
 public:
  explicit FirstSave(std::shared_ptr<Call> call) : call_(std::move(call)) {}
  ~FirstSave() override {
    if (slot_) call_->drop(*slot_);
  }
  FirstSave(const FirstSave&) = delete;
  FirstSave& operator=(const FirstSave&) = delete;
  void call_pack_hook(const at::Tensor&) override { slot_ = call_->add_slot(); }
  at::Tensor call_unpack_hook() override { return call_->take(slot_.value()); }

 private:
  std::shared_ptr<Call> call_;
  std::optional<std::size_t> slot_;
};

class RepeatedSave : public SavedVariableHooks {
 public:
  void call_pack_hook(const at::Tensor& tensor) override { repeated->fill_next(tensor); }
  at::Tensor call_unpack_hook() override { throw std::logic_error("the graph of a recomputation has no backward"); }
};

// Torch asks its engine for the hooks of every variable that a node saves; Python's engine answers with Python's.
class CheckpointEngine : public Engine {
 public:
  static Engine& instance() {
    static auto* const engine = new CheckpointEngine;  // its threads outlive main
    return *engine;
  }
  std::unique_ptr<SavedVariableHooks> get_default_saved_variable_hooks() override {
    if (repeated != nullptr) return std::make_unique<RepeatedSave>();
    if (running != nullptr) return std::make_unique<FirstSave>(running);
    return nullptr;
  }

 private:
  CheckpointEngine() = default;
};

template <class T>
class Set {
 public:
  Set(T& variable, T value) : variable_(variable), before_(std::exchange(variable, std::move(value))) {}
  ~Set() { variable_ = std::move(before_); }
  Set(const Set&) = delete;
  Set& operator=(const Set&) = delete;

 private:
  T& variable_;
  T before_;
};

void Call::recompute() {
  const Observed observed(observer_);
  const RestoredRandom random(device_, random_);
  const RestoredAutocast autocast(device_.type(), autocast_);
  const Set<Call*> repeat(repeated, this);
  const at::AutoGradMode grad(true);
  try {
    function_();
  } catch (const EverythingSaved&) {
    return;
  }
  throw std::logic_error("a recomputation saved fewer tensors than the first run");
}

}  // namespace

at::Tensor checkpoint(std::function<at::Tensor()> function, at::Device device, const RecomputeObserver& observer) {
  if (!c10::GradMode::is_enabled()) return function();
  static const bool installed = (torch::autograd::set_default_engine_stub(&CheckpointEngine::instance), true);
  static_cast<void>(installed);
  const auto call = std::make_shared<Call>(std::move(function), observer, device);
  const Set<std::shared_ptr<Call>> first(running, call);
  return call->run();
}

}  // namespace headroom::models
