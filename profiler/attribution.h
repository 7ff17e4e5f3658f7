// Which layer, which operator and which line of the program an allocation belongs to.
//
// Layers. Forward: the innermost open layer of the thread, opened by `enter` or by a RECORD_USER_SCOPE whose text is a
// layer's path. Backward: autograd gives every node the sequence number that its forward thread counted, so the layer that was
// open in that thread at that number is the layer of the node; AccumulateGrad nodes carry no number and belong to the layer of
// their variable; what the engine does between two nodes (summing gradients that meet) belongs to the node that just ran.
// Layers that are opened inside a node, as checkpointing does when it computes a forward again, come before the node's.
//
// Operators. The innermost dispatched operator that does more than hand out memory: aten::empty and its kin, zeros,
// ones and full are passed over where another operator called them, so an addition is "aten::add" and not
// "aten::empty"; copies keep their own name ("aten::_to_copy", "aten::clone"). With no operator open, the name of the
// running autograd node.
//
// Lines, where asked for: of the outermost operator that runs in forward, and in backward of the operator whose node runs.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "profiler/event_log.h"

namespace headroom::profiler {

class TensorObserver {
 public:
  virtual ~TensorObserver() = default;
  // Every tensor that an operator returns, when memory was allocated inside that operator.
  virtual void on_output(const at::Tensor& tensor) = 0;
  // Of these, what was copied from another device outside of every layer and of backward: the program's input.
  virtual void on_copied_in(const at::Tensor& tensor) = 0;
  // What autograd has just accumulated for `variable`.
  virtual void on_gradient(const at::Tensor& variable, const at::Tensor& gradient) = 0;
  virtual void on_operator() {}  // at the beginning of every operator
  // After Attribution::tell_places(): the layer to which what this thread does from now on belongs, as an allocation would.
  // Often the one it was told last.
  virtual void on_place(LayerId) {}
};

// The operator that runs, to speak of it.
struct RunningOperator {
  const char* outermost = nullptr;                            // "aten::item"; nullptr: none
  const char* innermost = nullptr;                            // "aten::_local_scalar_dense"
  at::ScalarType read_type = at::ScalarType::Undefined;       // of the tensor that it copies or reads; Undefined: unknown
};

class Attribution {
 public:
  // Installs callbacks for all threads; one object at a time. `observer` is called without locks.
  Attribution(StringTable& strings, TensorObserver& observer);
  ~Attribution();
  Attribution(const Attribution&) = delete;
  Attribution& operator=(const Attribution&) = delete;

  void tell_places() { tells_places_ = true; }
  void tell_place() {
    if (tells_places_) observer_.on_place(current().layer);
  }

  void set_layers(const std::vector<Layer>& layers);  // for RECORD_USER_SCOPE
  void set_layer_of(const at::TensorImpl* variable, LayerId layer);
  std::optional<LayerId> layer_of(const at::TensorImpl* variable) const;
  // Asks `line` for the program's line at the beginning of outermost operators.
  void set_line_source(std::function<StringId()> line) { line_ = std::move(line); }
  // A forked child: no callback does anything any more.
  static void forget_process();

  // On the calling thread; well nested, also when layers are left by an exception.
  void enter(LayerId layer);
  void leave();

  void begin_forward();                     // forgets the numbers of earlier steps
  void begin_backward(LayerId loss_layer);  // `loss_layer`: for the gradient of the loss itself
  void end_backward();

  // Of the calling thread, now. Called once for every allocation, under the recorder's lock.
  Place place();
  RunningOperator running_operator() const;  // of the calling thread
  LayerId layer() const;                     // of the calling thread

  // Allocations of this thread belong to `layer` while it lives, unless a layer's own scope is opened inside.
  class LayerScope {
   public:
    explicit LayerScope(LayerId layer);
    ~LayerScope();
    LayerScope(const LayerScope&) = delete;
    LayerScope& operator=(const LayerScope&) = delete;
  };

 private:
  friend struct Callbacks;
  struct Operator {
    StringId name{};
    bool mere_allocation = false;
  };
  struct Origin {
    LayerId layer{};
    StringId line{};
  };
  struct Numbered {
    std::uint64_t from;
    Origin origin;
  };

  void enter_scope(std::string_view text);
  void note_sequence();
  void note_sequence(Origin origin);
  Origin origin_of_node(std::int64_t sequence_number, std::uint64_t forward_thread) const;
  Origin current() const;
  Operator operator_of(const char* name);

  StringTable& strings_;
  TensorObserver& observer_;
  std::function<StringId()> line_;
  bool tells_places_ = false;
  std::uint64_t callback_ = 0;
  std::unordered_map<std::string, LayerId> layers_;
  std::unordered_map<const char*, Operator> operators_;
  mutable std::mutex mutex_;  // of the two below
  std::unordered_map<const void*, LayerId> variables_;
  std::unordered_map<std::uint64_t, std::vector<Numbered>> numbers_;  // by forward thread, ascending
  LayerId loss_layer_{};
  std::atomic<int> backward_depth_{0};
  std::atomic<std::uint64_t> backward_number_{0};  // of this pass, unlike that of any other in the process
};

}  // namespace headroom::profiler
