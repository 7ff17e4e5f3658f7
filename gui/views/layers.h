// Layers × categories as a tree, at the peak or a chosen instant, or over the run.
#pragma once

#include "gui/items/layer_tree.h"
#include "gui/views/background.h"
#include "gui/views/item_panel.h"
#include "gui/views/view.h"

class QCheckBox;
class QTreeView;

namespace headroom::gui {

class Segments;

class Layers : public View {
  Q_OBJECT

 public:
  Layers(Session& session, QWidget* parent);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QSizeF page_size(double width) override;
  QAbstractItemModel* table() override { return sorted_; }
  bool is_settled() const override { return !background_.is_busy(); }
  Json state() const override;
  void restore(const Json& state) override;
  bool uses_filter() const override { return true; }
  bool begin_find() override { return panel_->begin_find(); }
  QString help() const override;

  LayerTree* tree() { return &tree_; }
  ItemPanel* panel() { return panel_; }
  // One folded row becomes a row for each of its blocks; one of those becomes that row again.
  void unfold(const QString& path);
  void fold(const QString& path);

 private:
  void add_controls();
  void connect_all();
  void refresh();
  void arrived(RunHandle run, std::shared_ptr<const LayerInstant> instant);
  void show_options();
  void add_row_menu();
  void unfold_row(const QModelIndex& source);
  void fold_row(const QModelIndex& source);
  void toggle_fold(const QModelIndex& index);
  void show_folds(const QString& opened);
  QModelIndex find(const QString& text, const QModelIndex& from, bool forward) const;
  QTreeView* view() const;
  void open_rows();
  void selection_changed();
  void show_chosen();
  void choose(const QModelIndex& index);
  void add_to_menu(QMenu* menu, const QModelIndex& index);
  QString caption() const;
  QString sentence() const;

  ItemPanel* panel_;
  LayerTree tree_;
  LayerTreeSort* sorted_;
  LayerTreeOptions options_;
  Segments* figures_;
  QCheckBox *with_children_, *folded_;
  std::set<QString> unfolded_;
  RunHandle shown_run_;
  std::shared_ptr<const LayerInstant> instant_;
  std::optional<std::int64_t> event_;
  Background background_;
};

}  // namespace headroom::gui
