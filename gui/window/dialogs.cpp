#include "gui/window/dialogs.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <set>

#include "gui/views/row_copy.h"
#include "gui/window/icons.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Dialogs", text); }

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
  new RowCopy(table);
  table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table->resizeColumnsToContents();
  table->setColumnWidth(0, table->columnWidth(0) + 24);
  table->horizontalHeader()->setStretchLastSection(true);
  return table;
}

std::vector<std::pair<QString, QString>> shortcuts_of(QWidget* window) {
  std::vector<std::pair<QString, QString>> rows;
  std::set<std::pair<QString, QString>> seen;
  for (const QAction* action : window->findChildren<QAction*>()) {
    if (action->shortcut().isEmpty() || action->text().isEmpty()) continue;
    const std::pair row(QString(action->text()).remove('&'), action->shortcut().toString(QKeySequence::NativeText));
    if (seen.insert(row).second) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.first.localeAwareCompare(b.first) < 0; });
  return rows;
}

}  // namespace

QWidget* show_shortcuts(QWidget* window) {
  QDialog* dialog = make_dialog(window, tr("Keyboard shortcuts"));
  dialog->layout()->addWidget(make_table(dialog->windowTitle(), {tr("What"), tr("Keys")}, shortcuts_of(window)));
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
