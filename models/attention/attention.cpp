#include "models/attention/attention.h"

#include <array>

#include "base/error.h"
#include "models/attention/mechanisms.h"

namespace headroom::models {
namespace {

struct Entry {
  std::string_view name;
  std::unique_ptr<Attention> (*make)(Builder&, const std::string&);
};

constexpr std::array kMechanisms{
    Entry{"mha", make_grouped},
    Entry{"gqa", make_grouped},
    Entry{"mqa", make_grouped},
    Entry{"sha", [](Builder& b, const std::string& layer) { return make_single(b, layer, true); }},
    Entry{"sha-compact", [](Builder& b, const std::string& layer) { return make_single(b, layer, false); }},
    Entry{"skv", make_shared_key_value},
    Entry{"el-slice", make_el_slice},
    Entry{"el-exact", make_el_exact},
    Entry{"mhe-add", [](Builder& b, const std::string& layer) { return make_head_embedding(b, layer, false); }},
    Entry{"mhe-mul", [](Builder& b, const std::string& layer) { return make_head_embedding(b, layer, true); }},
};

}  // namespace

std::unique_ptr<Attention> make_attention(Builder& builder, const std::string& layer, std::string_view mechanism) {
  for (const Entry& entry : kMechanisms)
    if (entry.name == mechanism) return entry.make(builder, layer);
  throw bad_input("attention mechanism '" + std::string(mechanism) + "' is not built");
}

void require_backend(const ModelConfig& config, const BuildOptions& options) {
  const bool fused = options.backend == AttentionBackend::flash || options.backend == AttentionBackend::efficient;
  if (!fused) return;
  if (config.attention == "el-exact")
    throw bad_input("el-exact has keys as wide as the model, which fused kernels do not take: use --sdpa eager");
  if (!options.device.is_cpu()) return;
  if (options.backend == AttentionBackend::efficient)
    throw bad_input("the CPU has no memory-efficient attention kernel: use --sdpa flash, math or eager");
  if (options.training && config.attention_dropout > 0)
    throw bad_input("the CPU's flash kernel has no attention dropout: use --dropout 0, or --sdpa math or eager");
}

}  // namespace headroom::models
