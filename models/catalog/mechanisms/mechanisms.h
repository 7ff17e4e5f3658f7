// The rows of the registry, one function per family; and multi-head attention's closed forms, which are those of its
// re-orderings, too.
#pragma once

#include <vector>

#include "models/catalog/attention.h"

namespace headroom::models {

void add_projected(std::vector<AttentionMechanism>& table);  // mha, sha, sha-compact, mqa, gqa, skv
void add_el(std::vector<AttentionMechanism>& table);         // el-slice, el-exact
void add_mhe(std::vector<AttentionMechanism>& table);        // mhe-add, mhe-mul, and their optimal forms

// mhe-…-optimal's option "keep", in the order of its values; safe of the added form, sdpa of the multiplied one.
enum class MheKeep : std::int64_t { core = 0, layer = 1, safe = 2, sdpa = 2 };

Formula mha_parameters(const AttentionShape& shape);
Formula mha_saved(const AttentionShape& shape);
Formula mha_cache(const AttentionShape& shape);
Formula single_cache(const AttentionShape& shape);  // one key and one value of size d

// bad_input: "MODEL: attention 'NAME' is undefined here: REASON".
Error undefined_here(const ModelConfig& config, std::string_view mechanism, std::string_view reason);

}  // namespace headroom::models
