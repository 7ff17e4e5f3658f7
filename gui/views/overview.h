// What a run took, where, and what may be said of its numbers: the page a run opens with.
#pragma once

#include <QStandardItemModel>

#include "gui/views/view.h"

class QLabel;

namespace headroom::gui {

class Overview : public View {
  Q_OBJECT

 public:
  Overview(Session& session, QWidget* parent);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QAbstractItemModel* table() override { return &table_; }
  QString help() const override;

 private:
  void show_current();

  QLabel* text_;
  QStandardItemModel table_;
};

}  // namespace headroom::gui
