// Layers × categories as a tree: what each layer held at an instant, or what it took over the run. Identical blocks are
// one row where they are folded. The last row at the top is the sum: at an instant it equals what was allocated then,
// to the byte, unless a filter leaves blocks out.
#pragma once

#include <QAbstractItemModel>
#include <QSortFilterProxyModel>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "gui/session/loaded_run.h"
#include "gui/session/selection.h"

namespace headroom::gui {

// Of the first column: the name alone, and beside it what folds or unfolds the row ("×12"); empty: nothing does.
inline constexpr int kFoldNameRole = Qt::UserRole + 40, kFoldLinkRole = Qt::UserRole + 41;

enum class LayerFigures { instant, run };

struct LayerTreeOptions {
  LayerFigures figures = LayerFigures::instant;
  bool with_children = true;  // each row holds all below it; else only its own bytes
  bool folded = true;
  std::set<QString> unfolded = {};  // paths of folded rows that are a row for each block all the same

  bool operator==(const LayerTreeOptions&) const = default;
};

// What was alive after an event, of the blocks that a filter shows.
struct LayerInstant {
  PeakView view;  // categories and layers: of what is shown
  std::int64_t shown_bytes = 0;
  std::vector<bool> shows_layer;  // by layer and text alone
  bool is_filtered = false;
};
std::shared_ptr<const LayerInstant> layers_at(const LoadedRun& run, std::optional<std::int64_t> event,
                                              const Filter& filter);

class LayerTree : public QAbstractItemModel {
  Q_OBJECT

 public:
  using QAbstractItemModel::QAbstractItemModel;

  void set(RunHandle run, std::shared_ptr<const LayerInstant> instant, const LayerTreeOptions& options);
  void clear();

  std::vector<LayerId> layers_of(const QModelIndex& index) const;  // one, or those that are folded; none: the sum
  std::optional<Category> category_of(int column) const;
  QModelIndex index_of(LayerId layer) const;
  QModelIndex index_of(const QString& path) const;
  // Of a folded row: how many blocks it stands for, and its path, by which it is unfolded. Of one of the blocks of an
  // unfolded row: that row's path, by which it is folded again. Else 0 and empty.
  int fold_count(const QModelIndex& index) const;
  QString fold_path(const QModelIndex& index) const;
  QString unfolded_path(const QModelIndex& index) const;
  // Whether the row stands for a layer whose path contains the text, also where it does not show it.
  bool stands_for(const QModelIndex& index, const QString& text) const;
  bool is_total(const QModelIndex& index) const;
  int layer_count() const { return static_cast<int>(nodes_.size()) - 1; }  // rows without the sum

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& index) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  struct Figure {
    QString title, meaning;
    std::optional<Category> category = {};
    bool takes_most = false;  // of several layers the most, not the sum
    bool is_share = false;    // in the figure before, of the sum of all
    std::function<std::int64_t(std::size_t layer)> of = {};
  };
  struct Node {
    QString name, path;
    QString unfolded_from = {};  // path of the row that was one
    int parent = -1, row = 0;
    std::vector<int> children;
    std::vector<LayerId> members;
    std::vector<std::int64_t> own, all;  // a value for each figure
  };

  std::vector<Figure> instant_figures() const;
  std::vector<Figure> run_figures() const;
  std::vector<Node> outline() const;
  std::vector<Node> folded_outline() const;
  void join(std::vector<std::int64_t>& sum, const std::vector<std::int64_t>& part) const;
  void add_up(std::vector<Node>& nodes) const;
  std::vector<bool> kept(const std::vector<Node>& nodes) const;
  void adopt(std::vector<Node> nodes);
  void find_most();
  const Node& node_of(const QModelIndex& index) const { return nodes_[index.internalId()]; }
  std::int64_t value(const Node& node, std::size_t figure) const;
  double share(const Node& node, std::size_t figure) const;
  QString fold_link(const Node& node) const;
  const Node& sibling_before(const Node& node) const;  // it is not the first
  QVariant name_data(const Node& node, int role) const;
  QVariant figure_data(const Node& node, std::size_t figure, int role) const;

  RunHandle run_;
  std::shared_ptr<const LayerInstant> instant_;
  LayerTreeOptions options_;
  std::vector<Figure> figures_;
  std::vector<Node> nodes_;         // the sum is the last
  std::vector<int> top_;            // nodes without a parent
  std::vector<std::int64_t> most_;  // of each figure, over the rows below the first; what full heat stands for
};

// Sorts a LayerTree, its sum always last. Column -1: the order of the model.
class LayerTreeSort : public QSortFilterProxyModel {
  Q_OBJECT

 public:
  explicit LayerTreeSort(QObject* parent);

 protected:
  bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;
};

}  // namespace headroom::gui
