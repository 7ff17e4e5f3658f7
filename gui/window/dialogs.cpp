#include "gui/window/dialogs.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QMainWindow>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <set>

#include "gui/views/padded_delegate.h"
#include "gui/views/row_copy.h"
#include "gui/window/icons.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Dialogs", text); }

QString plain(QString text) { return text.remove('&'); }

QDialog* make_dialog(QWidget* window, const QString& title) {
  auto* dialog = new QDialog(window);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(title);
  new QVBoxLayout(dialog);
  return dialog;
}

QTableWidget* make_table(const QString& name, const QStringList& titles,
                         const std::vector<std::pair<QString, QString>>& rows) {
  auto* table = new QTableWidget(static_cast<int>(rows.size()), 2);
  table->setAccessibleName(name);
  table->setHorizontalHeaderLabels(titles);
  table->verticalHeader()->hide();
  table->setShowGrid(false);
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  for (int row = 0; row < table->rowCount(); ++row) {
    table->setItem(row, 0, new QTableWidgetItem(rows[static_cast<std::size_t>(row)].first));
    table->setItem(row, 1, new QTableWidgetItem(rows[static_cast<std::size_t>(row)].second));
  }
  table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 8);
  table->setSelectionMode(QAbstractItemView::NoSelection);
  table->setItemDelegate(new PaddedDelegate(table));
  new RowCopy(table);
  table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table->resizeColumnsToContents();
  table->setColumnWidth(0, table->columnWidth(0) + 24);
  table->horizontalHeader()->setStretchLastSection(true);
  return table;
}

// Rows without keys are headings.
using Rows = std::vector<std::pair<QString, QString>>;

void add_actions(Rows& rows, const QList<QAction*>& actions, std::set<const QAction*>& seen) {
  for (const QAction* action : actions) {
    if (action->menu() != nullptr) {
      add_actions(rows, action->menu()->actions(), seen);
    } else if (seen.insert(action).second && !action->shortcut().isEmpty() && !action->text().isEmpty()) {
      rows.emplace_back(plain(action->text()), action->shortcut().toString(QKeySequence::NativeText));
    }
  }
}

// As in the menus, then what stands in none.
Rows shortcuts_of(QMainWindow* window) {
  Rows rows;
  std::set<const QAction*> seen;
  const auto add_group = [&](const QString& title, const QList<QAction*>& actions) {
    Rows group;
    add_actions(group, actions, seen);
    std::set<std::pair<QString, QString>> once;
    std::erase_if(group, [&](const auto& row) { return !once.insert(row).second; });
    if (group.empty()) return;
    rows.emplace_back(title, QString());
    rows.insert(rows.end(), group.begin(), group.end());
  };
  for (const QAction* menu : window->menuBar()->actions())
    if (menu->menu() != nullptr) add_group(plain(menu->text()), menu->menu()->actions());
  add_group(tr("In tables and lists"), window->findChildren<QAction*>());
  return rows;
}

void make_headings(QTableWidget& table) {
  for (int row = 0; row < table.rowCount(); ++row) {
    if (!table.item(row, 1)->text().isEmpty()) continue;
    QFont bold = table.font();
    bold.setBold(true);
    table.item(row, 0)->setFont(bold);
    table.item(row, 0)->setForeground(theme().soft);
    table.setSpan(row, 0, 1, 2);
  }
}

}  // namespace

QWidget* show_shortcuts(QMainWindow* window) {
  QDialog* dialog = make_dialog(window, tr("Keyboard shortcuts"));
  QTableWidget* table = make_table(dialog->windowTitle(), {tr("What"), tr("Keys")}, shortcuts_of(window));
  make_headings(*table);
  auto* more = new QLabel(tr("The keys of the view that is shown stand in its help (F1)."));
  more->setWordWrap(true);
  dialog->layout()->addWidget(table);
  dialog->layout()->addWidget(more);
  dialog->resize(dialog->fontMetrics().averageCharWidth() * 70, dialog->fontMetrics().height() * 30);
  dialog->show();
  return dialog;
}

std::vector<std::pair<QString, QString>> versions() {
  return {{QStringLiteral("Headroom"), QStringLiteral(HEADROOM_VERSION)},
          {tr("Qt, running"), QString::fromLatin1(qVersion())},
          {tr("Qt, built with"), QStringLiteral(QT_VERSION_STR)},
          {tr("Platform"), QGuiApplication::platformName()},
          {tr("System"), QSysInfo::prettyProductName()},
          {tr("Processor"), QSysInfo::currentCpuArchitecture()},
          {tr("Recordings"), QStringLiteral("headroom.recording/1")},
          {tr("Sessions"), QStringLiteral("headroom.session/1")},
          {tr("Reports"), QStringLiteral("headroom.report/1")}};
}

QWidget* show_about(QWidget* window) {
  QDialog* dialog = make_dialog(window, tr("About Headroom"));
  auto* icon = new QLabel;
  icon->setPixmap(application_icon().pixmap({64, 64}, dialog->devicePixelRatioF()));
  auto* words =
      new QLabel(tr("<h2>Headroom</h2><p>How much memory a transformer takes, where every byte goes, and which "
                    "attention mechanism would take less.</p>"));
  words->setWordWrap(true);
  auto* table = make_table(tr("Versions"), {tr("What"), tr("Version")}, versions());
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  auto* copy = buttons->addButton(tr("Copy"), QDialogButtonBox::ActionRole);
  QObject::connect(copy, &QPushButton::clicked, dialog, [] {
    QString text;
    for (const auto& [name, version] : versions()) text += QStringLiteral("%1: %2\n").arg(name, version);
    QGuiApplication::clipboard()->setText(text);
  });
  QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
  for (QWidget* part : std::initializer_list<QWidget*>{icon, words, table, buttons}) dialog->layout()->addWidget(part);
  dialog->resize(dialog->fontMetrics().averageCharWidth() * 60, dialog->fontMetrics().height() * 28);
  dialog->show();
  return dialog;
}

}  // namespace headroom::gui
