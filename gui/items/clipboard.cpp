#include "gui/items/clipboard.h"

#include <numeric>

#include "gui/items/csv.h"

namespace headroom::gui {
namespace {

QString one_line(QString text) {
  for (QChar& c : text)
    if (c == u'\t' || c == u'\n' || c == u'\r') c = u' ';
  return text;
}

QString cell(const char* tag, const QString& text, bool right) {
  return QStringLiteral("<%1%2>%3</%1>")
      .arg(QLatin1String(tag), right ? QStringLiteral(" align=\"right\"") : QString(), text.toHtmlEscaped());
}

// Parents first.
void add_rows(const QAbstractItemModel& model, const QModelIndex& parent, QModelIndexList& rows) {
  for (int row = 0; row < model.rowCount(parent); ++row) {
    rows.push_back(model.index(row, 0, parent));
    add_rows(model, rows.back(), rows);
  }
}

bool is_right(const QVariant& alignment) { return (alignment.toInt() & Qt::AlignRight) != 0; }

}  // namespace

std::unique_ptr<QMimeData> rows_for_clipboard(const QAbstractItemModel& model, const QModelIndexList& rows,
                                              const std::vector<int>& columns) {
  QString tabbed, html = QStringLiteral("<table><tr>");
  for (const int c : columns) {
    const QString title = model.headerData(c, Qt::Horizontal).toString();
    if (c != columns.front()) tabbed += u'\t';
    tabbed += one_line(title);
    html += cell("th", title, is_right(model.headerData(c, Qt::Horizontal, Qt::TextAlignmentRole)));
  }
  tabbed += u'\n';
  html += QStringLiteral("</tr>");
  for (const QModelIndex& row : rows) {
    html += QStringLiteral("<tr>");
    for (const int c : columns) {
      const QModelIndex index = row.siblingAtColumn(c);
      if (c != columns.front()) tabbed += u'\t';
      tabbed += one_line(export_text(index));
      html += cell("td", index.data().toString(), is_right(index.data(Qt::TextAlignmentRole)));
    }
    tabbed += u'\n';
    html += QStringLiteral("</tr>");
  }
  auto data = std::make_unique<QMimeData>();
  data->setText(tabbed);
  data->setHtml(html + QStringLiteral("</table>"));
  return data;
}

std::unique_ptr<QMimeData> table_for_clipboard(const QAbstractItemModel& model) {
  QModelIndexList rows;
  add_rows(model, {}, rows);
  std::vector<int> columns(static_cast<std::size_t>(model.columnCount()));
  std::iota(columns.begin(), columns.end(), 0);
  return rows_for_clipboard(model, rows, columns);
}

}  // namespace headroom::gui
