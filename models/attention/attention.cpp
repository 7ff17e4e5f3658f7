#include "models/attention/attention.h"

#include <array>

#include "base/error.h"
#include "models/attention/mechanisms.h"
#include "models/catalog/attention.h"

namespace headroom::models {
namespace {

struct Entry {
  std::string_view name;
  std::unique_ptr<Attention> (*make)(Builder&, const AttentionPlace&);
};

constexpr std::array kMechanisms{
    Entry{"mha", make_grouped},
    Entry{"gqa", make_grouped},
    Entry{"mqa", make_grouped},
    Entry{"sha", [](Builder& b, const AttentionPlace& place) { return make_single(b, place, true); }},
    Entry{"sha-compact", [](Builder& b, const AttentionPlace& place) { return make_single(b, place, false); }},
    Entry{"skv", make_shared_key_value},
    Entry{"el-slice", make_el_slice},
    Entry{"el-exact", make_el_exact},
    Entry{"mhe-add", [](Builder& b, const AttentionPlace& place) { return make_head_embedding(b, place, false); }},
    Entry{"mhe-mul", [](Builder& b, const AttentionPlace& place) { return make_head_embedding(b, place, true); }},
    Entry{"linear", make_linear},
    Entry{"performer", make_performer},
    Entry{"cosformer", make_cosformer},
    Entry{"linformer", make_linformer},
    Entry{"synthesizer-dense", make_dense_synthesizer},
    Entry{"synthesizer-factorized-dense", make_factorized_dense_synthesizer},
    Entry{"synthesizer-random", make_random_synthesizer},
    Entry{"synthesizer-factorized-random", make_factorized_random_synthesizer},
    Entry{"fnet", make_fourier},
    Entry{"sliding-window", make_sliding_window},
    Entry{"longformer", make_longformer},
    Entry{"bigbird", make_bigbird},
    Entry{"sparse-local", make_sparse_local},
    Entry{"sparse-strided", make_sparse_strided},
    Entry{"sparse-fixed", make_sparse_fixed},
    Entry{"mhe-add-optimal",
          [](Builder& b, const AttentionPlace& place) { return make_optimal_head_embedding(b, place, false); }},
    Entry{"mhe-mul-optimal",
          [](Builder& b, const AttentionPlace& place) { return make_optimal_head_embedding(b, place, true); }},
    Entry{"mla", make_latent},
    Entry{"collaborative", make_collaborative},
    Entry{"reformer", make_hashing},
    Entry{"colt5", make_conditional},
};

}  // namespace

std::unique_ptr<Attention> make_attention(Builder& builder, const AttentionPlace& place) {
  for (const Entry& entry : kMechanisms)
    if (entry.name == builder.config.attention) return entry.make(builder, place);
  throw bad_input("attention mechanism '" + builder.config.attention + "' is not built");
}

CacheShape Attention::cache_shape() const { throw bad_input("this attention has no cache to decode with"); }

at::Tensor Attention::decode(const at::Tensor&, const at::Tensor&, LayerCache&, const AttentionContext&) const {
  throw bad_input("this attention has no cache to decode with");
}

void require_backend(const ModelConfig& config, const BuildOptions& options) {
  const AttentionMechanism& mechanism = attention_mechanism(config.attention);
  if (!uses_back_end(config)) return;
  if (const auto reason = mechanism.undefined.fused; options.backend != AttentionBackend::eager && !reason.empty())
    throw bad_input(config.attention + " runs eager only: " + std::string(reason) + "; use --sdpa eager");
  if (options.backend == AttentionBackend::flash) require_flash(config);
  const bool fused = options.backend == AttentionBackend::flash || options.backend == AttentionBackend::efficient;
  if (!fused) return;
  if (!options.device.is_cpu()) return;
  if (options.backend == AttentionBackend::efficient)
    throw bad_input("the CPU has no memory-efficient attention kernel: use --sdpa flash, math or eager");
  if (options.training && config.attention_dropout > 0)
    throw bad_input("the CPU's flash kernel has no attention dropout: use --dropout 0, or --sdpa math or eager");
}

}  // namespace headroom::models
