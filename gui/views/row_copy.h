// What every table, tree and list of the viewer can do with its rows: Ctrl-C and the menu of the right button copy
// those that are marked, as a table with exact numbers.
#pragma once

#include <QAction>
#include <vector>

class QAbstractItemView;

namespace headroom::gui {

// Belongs to the view, which has it in its menu, unless that has one of its own (Qt::CustomContextMenu).
class RowCopy : public QAction {
  Q_OBJECT

 public:
  explicit RowCopy(QAbstractItemView* view);

  // The marked rows in the order in which they are seen; where rows cannot be marked, all. Nothing is done where there
  // are none.
  void copy() const;
  bool has_rows() const;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  std::vector<int> shown_columns() const;  // from left to right

  QAbstractItemView* view_;
};

}  // namespace headroom::gui
