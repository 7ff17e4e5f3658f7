// The page of a view that is a table: its title, what it shows in a sentence, and the rows.
#pragma once

#include <QPainter>

#include "gui/charts/table_picture.h"

namespace headroom::gui {

struct TablePage {
  QString title, caption;
  const QAbstractItemModel* model = nullptr;  // null or without rows: the caption alone
  TablePicture options = {};
};

QSizeF table_page_size(const TablePage& page, double width);
void paint_table_page(QPainter& painter, const QRectF& area, const TablePage& page);

// The title and caption alone; gives what is left below them.
QRectF paint_page_head(QPainter& painter, const QRectF& area, const QString& title, const QString& caption);

}  // namespace headroom::gui
