#include "gui/export/clipboard.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMimeData>

#include "gui/export/picture.h"
#include "gui/items/csv.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

QString cell(const QVariant& value) { return value.toString().replace('\t', ' ').simplified(); }

void add_rows(const QAbstractItemModel& model, const QModelIndex& parent, QString& text) {
  for (int row = 0; row < model.rowCount(parent); ++row) {
    QStringList cells;
    for (int column = 0; column < model.columnCount(parent); ++column) {
      const QModelIndex index = model.index(row, column, parent);
      const QVariant exact = index.data(kExportRole);
      cells.append(cell(exact.isValid() ? exact : index.data()));
    }
    text += cells.join('\t') + '\n';
    add_rows(model, model.index(row, 0, parent), text);
  }
}

}  // namespace

void copy_as_table(const QAbstractItemModel& model) {
  QStringList titles;
  for (int column = 0; column < model.columnCount(); ++column)
    titles.append(cell(model.headerData(column, Qt::Horizontal)));
  QString text = titles.join('\t') + '\n';
  add_rows(model, {}, text);
  auto* content = new QMimeData;  // the clipboard's from now on
  content->setText(text);
  content->setData(QStringLiteral("text/csv"), write_csv(model));
  QGuiApplication::clipboard()->setMimeData(content);
}

void copy_as_picture(View& view) {
  const QSizeF size = QSizeF(view.size()).expandedTo({kLeastSize, kLeastSize});
  QGuiApplication::clipboard()->setImage(
      picture_of_page(view, {.size = size, .scale = view.devicePixelRatioF(), .dark = theme().dark}));
}

}  // namespace headroom::gui
