// One attention sublayer on the CPU, as the models build it, and a count of the bytes that an operation leaves
// allocated.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/sin.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/attention/attention.h"
#include "models/attention/positions.h"
#include "models/builder.h"

namespace headroom::models {

struct Sublayer {
  Sublayer(const ModelConfig& model_config, const BuildOptions& build_options, bool causal = false)
      : config(model_config), options(build_options) {
    Builder builder(config, options, layers, parameters, buffers);
    attention = make_attention(builder, {.layer = "attention", .causal = causal});
    positions = std::make_unique<AttentionPositions>(builder, "attention", causal);
  }

  at::Tensor operator()(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const {
    return attention->forward(x, memory, context);
  }

  at::Tensor parameter(const std::string& role) const {
    for (const ModelParameter& p : parameters)
      if (p.name == "attention." + role) return p.tensor;
    return {};
  }

  ModelConfig config;
  BuildOptions options;
  std::vector<ModelLayer> layers;
  std::vector<ModelParameter> parameters;
  std::vector<at::Tensor> buffers;
  std::unique_ptr<Attention> attention;
  std::unique_ptr<AttentionPositions> positions;
};

inline AttentionContext causal_context(std::int64_t seq, const at::TensorOptions& options) {
  AttentionContext context;
  context.causal = true;
  context.mask = at::full({seq, seq}, -std::numeric_limits<double>::infinity(), options).triu_(1);
  return context;
}

// While it lives, counts what this thread's allocator hands out and takes back.
class AllocationCount : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t size, size_t, size_t, c10::Device) override {
    alive_ += size;
    peak_ = std::max(peak_, alive_);
  }
  bool memoryProfilingEnabled() const override { return true; }
  std::int64_t alive() const { return alive_; }
  std::int64_t peak() const { return peak_; }

 private:
  std::int64_t alive_ = 0, peak_ = 0;
};

template <class Operation>
std::int64_t bytes_left_allocated(const Operation& operation) {
  auto count = std::make_shared<AllocationCount>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, count);
  const auto result = operation();  // alive while counted
  return count->alive();
}

}  // namespace headroom::models
