// One factory per family of mechanisms; make_attention chooses among them by name.
#pragma once

#include <memory>
#include <string>

#include "models/attention/attention.h"

namespace headroom::models {

// mha, gqa, mqa: config.kv_head_count groups (Vaswani et al. 2017; Ainslie et al. 2023; Shazeer 2019).
std::unique_ptr<Attention> make_grouped(Builder& builder, const AttentionPlace& place);
// One head of size d; `tiled` copies it n times before W^O.
std::unique_ptr<Attention> make_single(Builder& builder, const AttentionPlace& place, bool tiled);
// K_i = V_i = X W_i^KV.
std::unique_ptr<Attention> make_shared_key_value(Builder& builder, const AttentionPlace& place);
// K_i = V_i = columns i·d to (i+1)·d of the memory.
std::unique_ptr<Attention> make_el_slice(Builder& builder, const AttentionPlace& place);
// MHA's weights and result with the memory itself as key and value (Yan et al. 2021, section 3).
std::unique_ptr<Attention> make_el_exact(Builder& builder, const AttentionPlace& place);
// One projection per Q, K, V and one embedding per head: x + e, or x ⊙ (e + 1).
std::unique_ptr<Attention> make_head_embedding(Builder& builder, const AttentionPlace& place, bool multiply);
// The same functions and parameters in the least memory: mhe_optimal.cpp.
std::unique_ptr<Attention> make_optimal_head_embedding(Builder& builder, const AttentionPlace& place, bool multiply);
// φ(q)·φ(k) in the softmax's place: linear attention, FAVOR+ and cosFormer. Chunked where causal.
std::unique_ptr<Attention> make_linear(Builder& builder, const AttentionPlace& place);
std::unique_ptr<Attention> make_performer(Builder& builder, const AttentionPlace& place);
std::unique_ptr<Attention> make_cosformer(Builder& builder, const AttentionPlace& place);
// Keys and values projected to k rows (Wang et al. 2020).
std::unique_ptr<Attention> make_linformer(Builder& builder, const AttentionPlace& place);
// Scores from each token alone, or from parameters (Tay et al. 2020).
std::unique_ptr<Attention> make_dense_synthesizer(Builder& builder, const AttentionPlace& place);
std::unique_ptr<Attention> make_factorized_dense_synthesizer(Builder& builder, const AttentionPlace& place);
std::unique_ptr<Attention> make_random_synthesizer(Builder& builder, const AttentionPlace& place);
std::unique_ptr<Attention> make_factorized_random_synthesizer(Builder& builder, const AttentionPlace& place);
// Re(FFT over positions and features) of the input (Lee-Thorp et al. 2021).
std::unique_ptr<Attention> make_fourier(Builder& builder, const AttentionPlace& place);
// Tokens see the `window` tokens up to themselves (Jiang et al. 2023), in config.kv_head_count groups.
std::unique_ptr<Attention> make_sliding_window(Builder& builder, const AttentionPlace& place);
std::unique_ptr<Attention> make_window(Builder& builder, const AttentionPlace& place, std::int64_t window,
                                       std::int64_t block);
// A window to both sides and leading global tokens with projections of their own (Beltagy et al. 2020).
std::unique_ptr<Attention> make_longformer(Builder& builder, const AttentionPlace& place);
// Blocks: both ends, the neighbours and random ones (Zaheer et al. 2020).
std::unique_ptr<Attention> make_bigbird(Builder& builder, const AttentionPlace& place);
// The patterns of Child et al. 2019.
std::unique_ptr<Attention> make_sparse_local(Builder& builder, const AttentionPlace& place);
std::unique_ptr<Attention> make_sparse_strided(Builder& builder, const AttentionPlace& place);
std::unique_ptr<Attention> make_sparse_fixed(Builder& builder, const AttentionPlace& place);
// The same functions and parameters in the least memory: mhe_optimal.cpp.
std::unique_ptr<Attention> make_optimal_head_embedding(Builder& builder, const AttentionPlace& place, bool multiply);
// Keys and values from a latent of each token, positions in a part of their own (DeepSeek-V2, section 2.1).
std::unique_ptr<Attention> make_latent(Builder& builder, const AttentionPlace& place);
// Heads weigh the dimensions of shared queries and keys (Cordonnier et al. 2020, section 3).
std::unique_ptr<Attention> make_collaborative(Builder& builder, const AttentionPlace& place);
// Queries are keys, sorted by their hash and attended to chunk by chunk (Kitaev et al. 2020, section 2).
std::unique_ptr<Attention> make_hashing(Builder& builder, const AttentionPlace& place);
// Each chunk attends to itself and to the one before it (the same; transformers' LocalSelfAttention).
std::unique_ptr<Attention> make_local(Builder& builder, const AttentionPlace& place);
// Few heads in a window for all tokens, the others between routed tokens (Ainslie et al. 2023, section 3).
std::unique_ptr<Attention> make_conditional(Builder& builder, const AttentionPlace& place);

}  // namespace headroom::models
