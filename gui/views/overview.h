// What a run took, where, and what may be said of its numbers: the page a run opens with.
#pragma once

#include "gui/items/rows_model.h"
#include "gui/views/view.h"

class QScrollArea;

namespace headroom::gui {

class Overview : public View {
  Q_OBJECT

 public:
  Overview(Session& session, QWidget* parent);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QSizeF page_size(double width) override;
  QAbstractItemModel* table() override { return &table_; }
  QString help() const override;

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void show_current();
  void fill_table(const RunHandle& run);
  std::unique_ptr<QWidget> make_page(int width);

  QScrollArea* scroll_;
  RowsModel table_;
};

}  // namespace headroom::gui
