#include "models/axial.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/feature_dropout.h>

namespace headroom::models {

AxialTables::AxialTables(Builder& builder, const std::string& path)
    : dropout_(builder.dropout(builder.config.embedding_dropout)) {
  const AxialPositions& axial = builder.config.axial;
  rows_ = builder.parameter(path, "position_rows.weight", {axial.lengths[0], 1, axial.widths[0]}, Init::normal);
  columns_ = builder.parameter(path, "position_columns.weight", {1, axial.lengths[1], axial.widths[1]}, Init::normal);
}

at::Tensor AxialTables::operator()(std::int64_t batch, std::int64_t seq) const {
  const std::int64_t length = columns_.size(1), rows = (seq + length - 1) / length;
  const std::int64_t copies = dropout_ > 0 ? batch : 1;
  const auto spread = [&](const at::Tensor& table) {
    return table.unsqueeze(0).expand({copies, rows, length, table.size(2)});
  };
  at::Tensor grid = at::cat({spread(rows_.narrow(0, 0, rows)), spread(columns_)}, -1);  // [B, rows, length, d_m]
  if (dropout_ > 0) grid = at::feature_dropout(grid.transpose(2, 1), dropout_, true).transpose(2, 1);
  return grid.reshape({copies, rows * length, -1}).narrow(1, 0, seq);
}

}  // namespace headroom::models
