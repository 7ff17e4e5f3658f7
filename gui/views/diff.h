// What was at the peak of one run and not at that of another: a sentence, a tree of layers with what they grew and
// shrank by, and the tensors that came, went or changed.
#pragma once

#include "gui/items/diff_model.h"
#include "gui/items/signed_rows_model.h"
#include "gui/views/background.h"
#include "gui/views/view.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QTableView;
class QTreeView;

namespace headroom::gui {

class DiffView : public View {
  Q_OBJECT

 public:
  DiffView(Session& session, QWidget* parent);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QSizeF page_size(double width) override;
  QAbstractItemModel* table() override { return &layers_; }
  bool is_settled() const override { return !background_.is_busy(); }
  Json state() const override;
  void restore(const Json& state) override;
  QString help() const override;

  // Other runs than the baseline and the current one; ids of the session, 0: those two.
  void compare(std::uint64_t before, std::uint64_t after);

  DiffTreeModel* tree() { return &tree_; }
  QAbstractItemModel* tensors() { return &tensors_; }
  QString summary() const;  // what stands on top

 private:
  void make_controls();
  void make_tables();
  void list_runs();
  void fill(QComboBox* box, const QString& standing, std::uint64_t chosen);
  int standing_after() const;  // who is compared with the baseline unless another is chosen; index into Session::runs()
  int chosen_index(const QComboBox* box, int standing) const;  // into Session::runs(); -1: none
  void refresh();
  void show_diff(DiffHandle diff);
  void show_rows();
  void exchange();
  void choose_layer(const QModelIndex& index);
  void choose_tensor(int row);
  QString settings_text() const;
  DiffOptions options() const;

  Background background_;
  DiffHandle wanted_;  // what is computed, or was: not for every message of a run anew
  DiffHandle diff_;
  QString emptiness_;  // why there is no diff
  DiffTreeModel tree_;
  SignedRowsModel layers_, tensors_;
  QComboBox *before_, *after_;
  QCheckBox *only_changes_, *with_children_;
  QLabel *summary_, *details_;
  QTreeView* tree_view_;
  QTableView* tensor_view_;
};

}  // namespace headroom::gui
