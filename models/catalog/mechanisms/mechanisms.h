// The rows of the registry, one function per family; and multi-head attention's closed forms, which are those of its
// re-orderings, too.
#pragma once

#include <vector>

#include "models/catalog/attention.h"

namespace headroom::models {

void add_projected(std::vector<AttentionMechanism>& table);           // mha, sha, sha-compact, mqa, gqa, skv
void add_el(std::vector<AttentionMechanism>& table);                  // el-slice, el-exact
void add_mhe(std::vector<AttentionMechanism>& table);                 // mhe-add, mhe-mul, and both optimal
void add_kernelized(std::vector<AttentionMechanism>& table);          // linear, performer, cosformer
void add_low_rank(std::vector<AttentionMechanism>& table);            // linformer
void add_synthesizer(std::vector<AttentionMechanism>& table);         // synthesizer-…
void add_fourier(std::vector<AttentionMechanism>& table);             // fnet
void add_window(std::vector<AttentionMechanism>& table);              // sliding-window, longformer
void add_bigbird(std::vector<AttentionMechanism>& table);             // bigbird
void add_sparse_transformer(std::vector<AttentionMechanism>& table);  // sparse-local, sparse-strided, sparse-fixed
void add_latent(std::vector<AttentionMechanism>& table);              // mla
void add_collaborative(std::vector<AttentionMechanism>& table);       // collaborative
void add_hashing(std::vector<AttentionMechanism>& table);             // reformer
void add_conditional(std::vector<AttentionMechanism>& table);         // colt5

// mhe-…-optimal's option "keep", in the order of its values; safe of the added form, sdpa of the multiplied one.
enum class MheKeep : std::int64_t { core = 0, layer = 1, safe = 2, sdpa = 2 };

Formula mha_parameters(const AttentionShape& shape);
Formula mha_saved(const AttentionShape& shape);
Formula mha_cache(const AttentionShape& shape);
Formula grouped_parameters(const AttentionShape& shape);
Formula grouped_cache(const AttentionShape& shape);
// A causal window of `window` tokens in blocks of `block` queries.
Formula window_saved(const AttentionShape& shape, std::int64_t window, std::int64_t block);
Formula single_cache(const AttentionShape& shape);  // one key and one value of size d
// Their streams.
std::vector<CacheRows> mha_rows(const AttentionShape& shape);
std::vector<CacheRows> grouped_rows(const AttentionShape& shape);
std::vector<CacheRows> single_rows(const AttentionShape& shape);

// Throws bad_input where the heads do not divide into config.kv_head_count groups, or the model is not a decoder.
void require_groups(const ModelConfig& config);
void require_decoder(const ModelConfig& config);

// For uses_back_end, where there are no softmax scores to fuse.
inline bool no_back_end(const ModelConfig&) { return false; }

// bad_input: "MODEL: attention 'NAME' is undefined here: REASON".
Error undefined_here(const ModelConfig& config, std::string_view mechanism, std::string_view reason);

}  // namespace headroom::models
