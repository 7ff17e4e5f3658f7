#include "gui/window/help_panel.h"

#include <QPointer>
#include <utility>

namespace headroom::gui {

HelpPanel::HelpPanel(QWidget* parent) : QTextBrowser(parent) {
  setAccessibleName(tr("Help on this view"));
  setOpenLinks(false);
  setFrameShape(QFrame::NoFrame);
  document()->setDocumentMargin(8);
}

// Its table may get its columns later, when it was computed.
void HelpPanel::explain(const QString& title, View& view) {
  disconnect(table_);
  const auto show = [this, title, view = QPointer<View>(&view)] {
    if (view != nullptr) show_text(help_text(title, *view));
  };
  table_ = connect(view.table(), &QAbstractItemModel::modelReset, this, show);
  show();
}

void HelpPanel::show_text(const QString& text) {
  if (text == std::exchange(shown_, text)) return;  // it stays where it was scrolled to
  setHtml(text);
}

QString help_text(const QString& title, View& view) {
  QString text = QStringLiteral("<h3>%1</h3>%2").arg(title.toHtmlEscaped(), view.help());
  const QAbstractItemModel& table = *view.table();
  QString columns;
  for (int column = 0; column < table.columnCount(); ++column) {
    const QString meaning = table.headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString();
    if (meaning.isEmpty()) continue;
    const QString name = table.headerData(column, Qt::Horizontal).toString();
    columns += QStringLiteral("<p><b>%1</b>: %2</p>").arg(name.toHtmlEscaped(), meaning.toHtmlEscaped());
  }
  if (!columns.isEmpty()) text += QStringLiteral("<h4>%1</h4>").arg(HelpPanel::tr("Columns of its table")) + columns;
  return text;
}

}  // namespace headroom::gui
