// Two tables of blocks: those alive at the peak or a chosen instant, and every allocation of the run. They sort and
// filter in a thread of their own, so that millions of rows stay fluid.
#pragma once

#include "gui/items/allocation_rows.h"
#include "gui/views/background.h"
#include "gui/views/item_panel.h"
#include "gui/views/view.h"

namespace headroom::gui {

class AllocationTable : public View {
  Q_OBJECT

 public:
  AllocationTable(Session& session, QWidget* parent, AllocationScope scope, const QString& title);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QSizeF page_size(double width) override;
  QAbstractItemModel* table() override { return &model_; }
  bool is_settled() const override { return !background_.is_busy(); }
  Json state() const override;
  void restore(const Json& state) override;
  bool uses_filter() const override { return true; }
  bool begin_find() override { return panel_->begin_find(); }

  AllocationRowsHandle rows() const { return rows_; }
  ItemPanel* panel() { return panel_; }

 private:
  void refresh();
  void arrived(AllocationRowsHandle rows);
  void selection_changed();
  void sort_by(int column, Qt::SortOrder order);
  void show_chosen();
  void choose(int row);
  void add_to_menu(QMenu* menu, const QModelIndex& index);
  void show_sort_indicator();
  QString caption() const;
  QString sentence() const;
  QModelIndex find(const QString& text, const QModelIndex& from, bool forward) const;

  const AllocationScope scope_;
  const QString title_;
  ItemPanel* panel_;
  RowsModel model_;
  AllocationRowsHandle rows_;
  std::vector<AllocationKey> keys_;  // of the columns
  AllocationKey key_ = AllocationKey::block;
  bool descending_ = true;
  std::optional<std::int64_t> event_;  // what rows_ were made for
  Background background_;
};

class Tensors : public AllocationTable {
  Q_OBJECT

 public:
  Tensors(Session& session, QWidget* parent);
  QString help() const override;
};

class Allocations : public AllocationTable {
  Q_OBJECT

 public:
  Allocations(Session& session, QWidget* parent);
  QString help() const override;
};

}  // namespace headroom::gui
