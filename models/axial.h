// Axial positions (Kitaev et al. 2020, arXiv 2001.04451, section 4; transformers' AxialPositionEmbeddings): position p
// of a grid of lengths[0] x lengths[1] is row p / lengths[1] of one table beside row p % lengths[1] of another. Tables
// of lengths[0]·widths[0] + lengths[1]·widths[1] numbers stand for one of lengths[0]·lengths[1]·d_m.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "models/builder.h"

namespace headroom::models {

class AxialTables {
 public:
  AxialTables(Builder& builder, const std::string& path);

  // [B, T, d_m]: the first T positions, for each sequence of its own, since dropout takes out columns of the grid
  // sequence by sequence. Without dropout [T, d_m] does for all.
  at::Tensor operator()(std::int64_t batch, std::int64_t seq) const;

 private:
  double dropout_;
  at::Tensor rows_, columns_;  // [lengths[0], 1, widths[0]], [1, lengths[1], widths[1]]
};

}  // namespace headroom::models
