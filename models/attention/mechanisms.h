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

}  // namespace headroom::models
