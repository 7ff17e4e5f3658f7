// Rows are copied in every table, tree and list of the viewer, by Ctrl-C and by the menu of the right button.
#include "gui/views/row_copy.h"

#include <gmock/gmock.h>

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDialog>
#include <QHeaderView>
#include <QListView>
#include <QMimeData>
#include <QStandardItemModel>
#include <QTableView>
#include <QTest>
#include <QTreeView>
#include <memory>

#include "gui/running/queue_panel.h"
#include "gui/running/run_dialog.h"
#include "gui/running/run_queue.h"
#include "gui/views/view.h"
#include "gui/window/messages.h"
#include "tests/gui/fake_headroom.h"
#include "tests/gui/support.h"

namespace headroom::gui {
namespace {

using testing::HasSubstr;

// What Ctrl-C leaves on the clipboard.
std::string copied_from(QAbstractItemView& view) {
  QApplication::clipboard()->clear();
  QTest::keySequence(&view, QKeySequence::Copy);
  return QApplication::clipboard()->text().toStdString();
}

bool is_of_a_box(const QWidget* widget) {
  for (; widget != nullptr; widget = widget->parentWidget())
    if (qobject_cast<const QComboBox*>(widget) != nullptr) return true;
  return false;
}

// All rows of what has any are copied, with a line of titles; the number of those that have.
int check_all(QWidget& within) {
  int with_rows = 0;
  for (auto* view : within.findChildren<QAbstractItemView*>()) {
    if (is_of_a_box(view) || qobject_cast<QHeaderView*>(view) != nullptr) continue;
    SCOPED_TRACE(view->accessibleName().toStdString());
    const auto* copy = view->findChild<RowCopy*>(QString(), Qt::FindDirectChildrenOnly);
    EXPECT_NE(copy, nullptr);
    EXPECT_NE(view->contextMenuPolicy(), Qt::DefaultContextMenu);
    if (copy == nullptr || view->model()->rowCount() == 0) continue;
    ++with_rows;
    QModelIndex row = view->currentIndex().isValid() ? view->currentIndex() : view->model()->index(0, 0);
    EXPECT_TRUE(row.flags().testFlag(Qt::ItemIsEnabled)) << row.data(Qt::ToolTipRole).toString().toStdString();
    if (!row.flags().testFlag(Qt::ItemIsSelectable)) row = view->model()->index(0, 0, row);  // a family of models
    view->setCurrentIndex(row);
    const std::string text = copied_from(*view);
    const QString title = view->model()->headerData(0, Qt::Horizontal).toString();
    EXPECT_THAT(text, HasSubstr(title.toStdString()));
    EXPECT_GE(std::count(text.begin(), text.end(), '\n'), 2);
  }
  return with_rows;
}

TEST(RowCopy, IsInEveryTableAndTreeOfEveryView) {
  int with_rows = 0;
  for (const ViewKind& kind : view_kinds()) {
    SCOPED_TRACE(kind.id.toStdString());
    Session session;
    session.add(run_of(small_recording(), "before"));
    session.add(run_of(other_recording(), "after"));
    session.set_current(1);
    const std::unique_ptr<View> view(kind.make(session, nullptr));
    view->show();
    ASSERT_TRUE(wait_until([&] { return view->is_settled(); }));
    with_rows += check_all(*view);
  }
  EXPECT_GE(with_rows, 8);  // layers, tensors, allocations, segments, three of the comparison, two of the diff
}

TEST(RowCopy, IsWhereRunsAreChosenAndWaitedFor) {
  const FakeHeadroom fake;
  Session session;
  QueuePanel panel(queue_of(session), nullptr);
  RunDialog dialog(session, nullptr);
  dialog.set_spec(bert_run());
  check_all(panel);
  EXPECT_EQ(check_all(dialog), 2);  // models, mechanisms
}

TEST(RowCopy, OfMessagesToo) {
  Messages messages(nullptr);
  messages.say("wrote a.svg");
  messages.click();
  auto* dialog = messages.findChild<QDialog*>();
  ASSERT_NE(dialog, nullptr);
  auto* list = dialog->findChild<QListView*>();
  ASSERT_NE(list, nullptr);
  list->selectAll();
  EXPECT_THAT(copied_from(*list), HasSubstr("wrote a.svg"));
}

TEST(RowCopy, TakesMarkedRowsInTheOrderOfTheTreeAndShownColumnsAsTheyStand) {
  QStandardItemModel model(0, 3);
  model.setHorizontalHeaderLabels({"a", "b", "c"});
  for (int i = 0; i < 2; ++i) {
    auto* parent = new QStandardItem(QString::number(i));
    for (int k = 0; k < 2; ++k) {
      auto* child = new QStandardItem(QStringLiteral("%1.%2").arg(i).arg(k));
      child->setData(10 * i + k, kExportRole);
      parent->appendRow({child, new QStandardItem("x"), new QStandardItem("y")});
    }
    model.appendRow({parent, new QStandardItem("p"), new QStandardItem("q")});
  }
  QTreeView tree;
  tree.setModel(&model);
  tree.setSelectionMode(QAbstractItemView::ExtendedSelection);
  tree.expandAll();
  tree.setColumnHidden(1, true);
  tree.header()->moveSection(2, 0);
  new RowCopy(&tree);
  EXPECT_EQ(copied_from(tree), "");  // nothing is marked
  for (const QModelIndex& row : {model.index(1, 0), model.index(1, 0, model.index(0, 0)), model.index(0, 0)})
    tree.selectionModel()->select(row, QItemSelectionModel::Select | QItemSelectionModel::Rows);
  EXPECT_EQ(copied_from(tree), "c\ta\nq\t0\ny\t1\nq\t1\n");
}

TEST(RowCopy, OfATableWhoseRowsCannotBeMarkedIsAllOfIt) {
  QStandardItemModel model(2, 1);
  model.setHorizontalHeaderLabels({"key"});
  model.setItem(0, new QStandardItem("F1"));
  model.setItem(1, new QStandardItem("F2"));
  QTableView table;
  table.setModel(&model);
  table.setSelectionMode(QAbstractItemView::NoSelection);
  const RowCopy copy(&table);
  EXPECT_EQ(copied_from(table), "key\nF1\nF2\n");
}

}  // namespace
}  // namespace headroom::gui
