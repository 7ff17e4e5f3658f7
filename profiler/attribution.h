// Which layer and which operator an allocation belongs to.
//
// Layers. Forward: the innermost open RECORD_USER_SCOPE whose text is a layer's path. Backward: autograd gives every
// node the sequence number that was current when forward created it, so the layer that was open at that number is the
// layer of the node; AccumulateGrad nodes carry no number and belong to the layer of their parameter; what the engine
// does between two nodes (summing gradients that meet) belongs to the node that just ran. Otherwise: the open
// LayerScope, or the root.
//
// Operators. The innermost dispatched operator that does more than hand out memory: aten::empty and its kin, zeros,
// ones and full are passed over where another operator called them, so an addition is "aten::add" and not
// "aten::empty"; copies keep their own name ("aten::_to_copy", "aten::clone"). With no operator open, the name of the
// running autograd node.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profiler/event_log.h"

namespace headroom::profiler {

// Told of every tensor that an operator returns, when memory was allocated inside that operator.
class TensorObserver {
 public:
  virtual ~TensorObserver() = default;
  virtual void on_output(const at::Tensor& tensor) = 0;
};

class Attribution {
 public:
  // Installs callbacks for all threads; one object at a time.
  Attribution(StringTable& strings, TensorObserver& observer);
  ~Attribution();
  Attribution(const Attribution&) = delete;
  Attribution& operator=(const Attribution&) = delete;

  void set_layers(const std::vector<Layer>& layers);
  void add_accumulator(const at::Tensor& parameter, LayerId layer);

  void begin_forward();                     // forgets the numbers of earlier steps
  void begin_backward(LayerId loss_layer);  // `loss_layer`: for the gradient of the loss itself
  void end_backward();

  // Of the calling thread, now. Called once for every allocation.
  Place place();

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

  void enter_scope(std::string_view text);
  void leave_scope();
  void note_sequence();
  LayerId layer_of_node(std::int64_t sequence_number) const;
  Operator operator_of(const char* name);

  StringTable& strings_;
  TensorObserver& observer_;
  std::uint64_t callback_ = 0;
  std::unordered_map<std::string, LayerId> layers_;
  std::unordered_map<const char*, Operator> operators_;
  std::unordered_map<const void*, LayerId> accumulators_;
  std::vector<std::shared_ptr<void>> accumulator_owners_;
  std::vector<std::pair<std::uint64_t, LayerId>> open_from_;  // ascending numbers; the layer open from each on
  LayerId loss_layer_{};
  bool backward_ = false;
  std::uint64_t backward_number_ = 0;  // of this pass, unlike that of any other in the process
};

}  // namespace headroom::profiler
