// FNet's Fourier transform.
#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

void add_fourier(std::vector<AttentionMechanism>& table) {
  const auto nothing = [](const AttentionShape&) { return Formula{0, "0"}; };
  table.push_back({.name = "fnet",
                   .title = "FNet: the real part of the Fourier transform over positions and features",
                   .source = "Lee-Thorp et al. 2021, arXiv 2105.03824, section 3",
                   .parameter_count = nothing,
                   .saved_bytes = nothing,
                   .kv_cache_bytes_per_token = nullptr,
                   .uses_back_end = no_back_end,
                   .undefined = {.causal = "a Fourier transform mixes all positions, later ones included",
                                 .cross = "it mixes the positions of one sequence",
                                 .rotary = "it has no queries and keys to turn",
                                 .bias = "it has no scores",
                                 .padding = "a Fourier transform mixes all positions, padding included"}});
}

}  // namespace headroom::models
