// A model as a picture of a table, for views whose page is one.
#pragma once

#include <QAbstractItemModel>
#include <QPainter>

namespace headroom::gui {

struct TablePicture {
  int most_rows = 60;      // then one line says how many more there are
  bool has_total = false;  // the last row is set off; it is shown however many are left out
};

double table_picture_height(const QAbstractItemModel& model, const TablePicture& options = {});

// From the top left of `page`, columns as wide as they need, shortened where the page is too narrow. Trees show their
// first level only.
void paint_table(QPainter& painter, const QRectF& page, const QAbstractItemModel& model,
                 const TablePicture& options = {});

}  // namespace headroom::gui
