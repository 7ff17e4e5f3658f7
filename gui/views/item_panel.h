// A table or a tree with what one expects of it: a line above that says what is seen, a field that finds (Ctrl-F, F3),
// rows that are copied as a table (RowCopy), columns that can be hidden, and a sentence where there are no rows.
#pragma once

#include <QAbstractItemView>
#include <QWidget>
#include <functional>
#include <set>

#include "base/json.h"

class QHeaderView;
class QLabel;
class QLineEdit;
class QMenu;
class QStackedLayout;
class QTableView;
class QTreeView;

namespace headroom::gui {

class FlowLayout;
class RowCopy;

class ItemPanel : public QWidget {
  Q_OBJECT

 public:
  ItemPanel(QTableView* table, const QString& name, QWidget* parent);
  ItemPanel(QTreeView* tree, const QString& name, QWidget* parent);

  void set_model(QAbstractItemModel* model);  // once
  QAbstractItemView* items() { return items_; }
  QHeaderView* header() { return header_; }
  void set_caption(const QString& text);  // what is seen, in one line
  QString caption() const;
  void set_sentence(const QString& text);  // in place of the rows; empty: the rows
  void add_control(QWidget* control);      // at the right of the caption
  void hide_at_first(const std::vector<int>& columns);
  std::vector<int> shown_columns() const;  // from left to right

  // Where `text` is found next after `from`, going around; invalid: nowhere. What is asked unless told otherwise looks
  // at every cell's text.
  using Finder = std::function<QModelIndex(const QString& text, const QModelIndex& from, bool forward)>;
  void set_finder(Finder finder) { finder_ = std::move(finder); }
  bool begin_find();
  void find_next(bool forward);

  void choose_row(const QModelIndex& index);  // shows and marks it; invalid: none. Emits nothing

  Json state() const;  // which columns are hidden, how wide they are, in which order, what is sorted
  void restore(const Json& state);

 Q_SIGNALS:
  void row_chosen(const QModelIndex& index);  // by the user
  void menu_wanted(QMenu* menu, const QModelIndex& index);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  ItemPanel(QAbstractItemView* items, QHeaderView* header, const QString& name, QWidget* parent);
  void build();
  QWidget* find_bar();
  void set_up_items();
  void add_keys();
  void apply_columns();
  void fit_columns();
  void show_menu(const QPoint& place);
  void show_column_menu(const QPoint& place);
  void set_hidden(int column, bool hidden);
  QString title(int column) const;

  QAbstractItemView* items_;
  QHeaderView* header_;
  RowCopy* copy_ = nullptr;
  QLabel* caption_;
  FlowLayout* controls_;
  QLabel* sentence_;
  QStackedLayout* stack_;
  QWidget* find_bar_ = nullptr;
  QLineEdit* find_field_ = nullptr;
  QLabel* find_result_ = nullptr;
  Finder finder_;
  std::set<QString> hidden_, known_;  // by title, for columns come and go with runs
  std::vector<int> hidden_at_first_;
  int fitted_columns_ = 0;
  Json wanted_;  // a state that waits for the first columns
  bool is_choosing_ = false;
};

// For finders: whether any cell of the row shows the text; and the next row after `from` that matches, going around,
// the rows of a tree in the order in which it shows them.
bool row_has_text(const QModelIndex& row, const QString& text);
QModelIndex find_row(const QAbstractItemModel& model, const QModelIndex& from, bool forward,
                     const std::function<bool(const QModelIndex&)>& matches);

}  // namespace headroom::gui
