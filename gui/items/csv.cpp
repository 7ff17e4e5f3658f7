#include "gui/items/csv.h"

#include <QLocale>
#include <algorithm>

#include "gui/views/view.h"

namespace headroom::gui {
namespace {

constexpr auto kPathTitle = "path";
constexpr auto kBetweenNames = " / ";

class CsvWriter {
 public:
  explicit CsvWriter(const QAbstractItemModel& model) : model_(model) {
    for (int row = 0; row < model.rowCount() && !is_tree_; ++row) is_tree_ = model.hasChildren(model.index(row, 0));
  }

  QByteArray write() {
    if (model_.columnCount() == 0) return {};
    if (is_tree_) add_cell(QString::fromLatin1(kPathTitle));
    for (const QString& title : titles()) add_cell(title);
    end_line();
    add_rows({}, {});
    return std::move(out_);
  }

 private:
  // A title that occurs more than once is of the column before it, as "saved" beside "Peak" is.
  QStringList titles() const {
    QStringList plain, titles;
    for (int c = 0; c < model_.columnCount(); ++c) plain.append(model_.headerData(c, Qt::Horizontal).toString());
    QString of;
    for (const QString& title : plain) {
      const bool repeated = plain.count(title) > 1;
      titles.append(repeated && !of.isEmpty() ? of + ' ' + title : title);
      if (!repeated) of = title;
    }
    return titles;
  }

  void add_rows(const QModelIndex& parent, const QString& above) {
    for (int row = 0; row < model_.rowCount(parent); ++row) {
      const QModelIndex first = model_.index(row, 0, parent);
      const QString path = is_tree_ ? above + first.data().toString() : QString();
      if (is_tree_) add_cell(path);
      for (int c = 0; c < model_.columnCount(); ++c) add_cell(export_text(model_.index(row, c, parent)));
      end_line();
      if (is_tree_) add_rows(first, path + QString::fromLatin1(kBetweenNames));
    }
  }

  void add_cell(const QString& text) {
    if (cells_++ > 0) out_ += ',';
    last_is_empty_ = text.isEmpty();
    const bool plain = std::none_of(text.begin(), text.end(),
                                    [](QChar c) { return c == u'"' || c == u',' || c == u'\r' || c == u'\n'; });
    QByteArray bytes = text.toUtf8();
    out_ += plain ? bytes : '"' + bytes.replace('"', "\"\"") + '"';
  }

  // A line of one empty cell would read as no line at all.
  void end_line() {
    if (cells_ == 1 && last_is_empty_) out_ += "\"\"";
    out_ += "\r\n";
    cells_ = 0;
  }

  const QAbstractItemModel& model_;
  QByteArray out_;
  bool is_tree_ = false, last_is_empty_ = false;
  int cells_ = 0;
};

}  // namespace

QString export_text(const QModelIndex& index) {
  const QVariant value = index.data(kExportRole);
  if (!value.isValid()) return index.data().toString();
  if (value.typeId() == QMetaType::Double)
    return QLocale::c().toString(value.toDouble(), 'g', QLocale::FloatingPointShortest);
  return value.toString();
}

QByteArray write_csv(const QAbstractItemModel& model) { return CsvWriter(model).write(); }

}  // namespace headroom::gui
