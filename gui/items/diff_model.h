// A Diff as a tree of layers and as tables, for views and exports.
#pragma once

#include <QAbstractItemModel>
#include <memory>
#include <vector>

#include "analysis/diff.h"
#include "gui/items/rows_model.h"
#include "gui/session/loaded_run.h"

namespace headroom::gui {

// Both runs and what differs; made once, shared.
struct ShownDiff {
  RunHandle before, after;
  QString before_label, after_label;
  Diff diff;
};
using DiffHandle = std::shared_ptr<const ShownDiff>;

struct DiffOptions {
  bool only_changes = true;   // leaves out layers in which no category changed
  bool with_children = true;  // bytes of a layer with those below it
  bool operator==(const DiffOptions&) const = default;
};

// Columns: layer, before, after, change, a bar of it, percent, and one for each category that changed anywhere.
class DiffTreeModel : public QAbstractItemModel {
  Q_OBJECT

 public:
  static constexpr int kLayer = 0, kBefore = 1, kAfter = 2, kChange = 3, kBar = 4, kPercent = 5, kFirstCategory = 6;

  using QAbstractItemModel::QAbstractItemModel;

  void set(DiffHandle diff, const DiffOptions& options);  // null: empty

  int layer_of(const QModelIndex& index) const;  // into Diff::layers; -1: none

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& index) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  static constexpr std::size_t kTop = static_cast<std::size_t>(-1);
  struct Node {
    std::size_t layer = 0, parent = kTop;
    int row = 0;
    std::vector<std::size_t> children;
  };

  void add_nodes();
  const DiffLayer& layer(std::size_t node) const { return diff_->diff.layers[nodes_[node].layer]; }
  const Change& bytes(const DiffLayer& layer) const { return options_.with_children ? layer.total : layer.self; }
  Change bytes_of_column(const DiffLayer& layer, int column) const;
  QString text(const DiffLayer& layer, int column) const;
  QVariant value(const DiffLayer& layer, int column) const;
  QString tooltip(const DiffLayer& layer, int column) const;
  double bar(const DiffLayer& layer) const;

  DiffHandle diff_;
  DiffOptions options_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> roots_;
  std::vector<Category> categories_;
  std::int64_t largest_ = 1;
};

// Tensors that came, went or changed, the largest change first.
std::vector<Column> tensor_columns(DiffHandle diff);

// Every layer with its change, before and after in every category that has any: what a CSV holds.
std::vector<Column> layer_change_columns(DiffHandle diff, std::vector<std::size_t> rows);

// The layers that are shown, in their order, as indices into Diff::layers.
std::vector<std::size_t> shown_layers(const Diff& diff, const DiffOptions& options);

}  // namespace headroom::gui
