#include "gui/export/clipboard.h"

#include <QClipboard>
#include <QGuiApplication>

#include "gui/export/picture.h"
#include "gui/items/clipboard.h"
#include "gui/items/csv.h"
#include "gui/window/theme.h"

namespace headroom::gui {

void copy_as_table(const QAbstractItemModel& model) {
  std::unique_ptr<QMimeData> content = table_for_clipboard(model);
  content->setData(QStringLiteral("text/csv"), write_csv(model));
  QGuiApplication::clipboard()->setMimeData(content.release());  // the clipboard's from now on
}

void copy_as_picture(View& view) {
  const QSizeF size = QSizeF(view.size()).expandedTo({kLeastSize, kLeastSize});
  QGuiApplication::clipboard()->setImage(
      picture_of_page(view, {.size = size, .scale = view.devicePixelRatioF(), .dark = theme().dark}));
}

}  // namespace headroom::gui
