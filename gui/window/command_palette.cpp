#include "gui/window/command_palette.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QLineEdit>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>

namespace headroom::gui {
namespace {

constexpr int kMostShown = 200;

// Room where others have an icon.
QIcon no_icon() {
  QPixmap nothing(16, 16);
  nothing.fill(Qt::transparent);
  return nothing;
}

}  // namespace

std::vector<std::size_t> matching(const std::vector<Command>& commands, const QString& letters) {
  const QStringList words = letters.split(' ', Qt::SkipEmptyParts);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < commands.size(); ++i)
    if (std::all_of(words.begin(), words.end(),
                    [&](const QString& word) { return commands[i].text.contains(word, Qt::CaseInsensitive); }))
      found.push_back(i);
  std::stable_partition(found.begin(), found.end(), [&](std::size_t i) {
    return commands[i].text.startsWith(letters.trimmed(), Qt::CaseInsensitive);
  });
  return found;
}

CommandPalette::CommandPalette(std::vector<Command> commands, QWidget* window)
    : QDialog(window, Qt::Popup), commands_(std::move(commands)), line_(new QLineEdit), list_(new QTreeWidget) {
  setAttribute(Qt::WA_DeleteOnClose);
  setObjectName(QStringLiteral("palette"));
  setAccessibleName(tr("Commands"));
  line_->setPlaceholderText(tr("Type what you want to do, see or open"));
  line_->setAccessibleName(tr("Command"));
  line_->setClearButtonEnabled(true);
  line_->installEventFilter(this);
  list_->setProperty("calm", true);
  list_->setAccessibleName(tr("Commands found"));
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setHeaderHidden(true);
  list_->setRootIsDecorated(false);
  list_->setUniformRowHeights(true);
  list_->setIconSize({16, 16});
  list_->setColumnCount(2);
  list_->header()->setStretchLastSection(false);
  list_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  list_->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(line_);
  layout->addWidget(list_);
  connect(line_, &QLineEdit::textChanged, this, &CommandPalette::show_matching);
  connect(line_, &QLineEdit::returnPressed, this, &CommandPalette::act);
  connect(list_, &QTreeWidget::itemClicked, this, &CommandPalette::act);
  show_matching({});
  const int width = std::min(window->width() - 40, fontMetrics().averageCharWidth() * 75);
  resize(width, std::min(window->height() - 80, fontMetrics().height() * 22));
  move(window->mapToGlobal(QPoint((window->width() - width) / 2, 60)));
}

void CommandPalette::show_matching(const QString& letters) {
  list_->clear();
  for (const std::size_t i : matching(commands_, letters)) {
    if (list_->topLevelItemCount() >= kMostShown) break;
    const Command& command = commands_[i];
    auto* item = new QTreeWidgetItem(list_, {command.text, command.hint});
    item->setIcon(0, command.icon.isNull() ? no_icon() : command.icon);
    item->setForeground(1, palette().placeholderText());
    item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
    item->setData(0, Qt::UserRole, static_cast<qulonglong>(i));
  }
  if (list_->topLevelItemCount() > 0) return go_to(0);
  (new QTreeWidgetItem(list_, {tr("Nothing is called that.")}))->setFlags(Qt::NoItemFlags);
}

int CommandPalette::row() const { return list_->indexOfTopLevelItem(list_->currentItem()); }

void CommandPalette::go_to(int row) {
  list_->setCurrentItem(list_->topLevelItem(std::clamp(row, 0, list_->topLevelItemCount() - 1)));
}

void CommandPalette::act() {
  const QTreeWidgetItem* item = list_->currentItem();
  if (item == nullptr || !item->flags().testFlag(Qt::ItemIsEnabled)) return;
  const auto act = commands_[item->data(0, Qt::UserRole).toULongLong()].act;
  close();
  act();
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Down) return go_to(row() + 1), true;
    if (key->key() == Qt::Key_Up) return go_to(row() - 1), true;
    if (key->key() == Qt::Key_PageDown) return go_to(row() + 10), true;
    if (key->key() == Qt::Key_PageUp) return go_to(row() - 10), true;
  }
  return QDialog::eventFilter(watched, event);
}

}  // namespace headroom::gui
