#include "models/attention/chunks.h"

#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>

#include <vector>

namespace headroom::models {

at::Tensor chunk_scores(const at::Tensor& queries, const at::Tensor& keys, std::int64_t sequences) {
  const std::int64_t own = queries.size(0);
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first + own <= keys.size(0); first += sequences)
    parts.push_back(at::bmm(queries, keys.narrow(0, first, own).transpose(1, 2)));
  return parts.size() == 1 ? parts.front() : at::cat(parts, -1);
}

at::Tensor chunk_heads(const at::Tensor& probabilities, const at::Tensor& values, std::int64_t sequences) {
  const std::int64_t own = probabilities.size(0), chunk = values.size(1);
  at::Tensor out = at::bmm(probabilities.narrow(2, 0, chunk), values.narrow(0, 0, own));
  if (probabilities.size(2) == chunk) return out;
  // Autocast turns what bmm reads, but nothing for an operator that writes in place.
  const at::Tensor p = probabilities.to(out.scalar_type()), v = values.to(out.scalar_type());
  for (std::int64_t i = 1; i * chunk < p.size(2); ++i)
    out.baddbmm_(p.narrow(2, i * chunk, chunk), v.narrow(0, i * sequences, own));
  return out;
}

}  // namespace headroom::models
