#include "gui/window/command_palette.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QVBoxLayout>
#include <algorithm>

namespace headroom::gui {
namespace {

constexpr std::size_t kMostShown = 200;

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
    : QDialog(window, Qt::Popup), commands_(std::move(commands)), line_(new QLineEdit), list_(new QListWidget) {
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
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(line_);
  layout->addWidget(list_);
  connect(line_, &QLineEdit::textChanged, this, &CommandPalette::show_matching);
  connect(line_, &QLineEdit::returnPressed, this, &CommandPalette::act);
  connect(list_, &QListWidget::itemClicked, this, &CommandPalette::act);
  show_matching({});
  const int width = std::min(window->width() - 40, fontMetrics().averageCharWidth() * 75);
  resize(width, std::min(window->height() - 80, fontMetrics().height() * 22));
  move(window->mapToGlobal(QPoint((window->width() - width) / 2, 60)));
}

void CommandPalette::show_matching(const QString& letters) {
  list_->clear();
  for (const std::size_t i : matching(commands_, letters)) {
    if (list_->count() >= static_cast<int>(kMostShown)) break;
    const Command& command = commands_[i];
    auto* item = new QListWidgetItem(
        command.icon,
        command.hint.isEmpty() ? command.text : QStringLiteral("%1    %2").arg(command.text, command.hint), list_);
    item->setData(Qt::UserRole, static_cast<qulonglong>(i));
  }
  if (list_->count() > 0) return list_->setCurrentRow(0);
  (new QListWidgetItem(tr("Nothing is called that."), list_))->setFlags(Qt::NoItemFlags);
}

void CommandPalette::act() {
  const QListWidgetItem* item = list_->currentItem();
  if (item == nullptr || !item->flags().testFlag(Qt::ItemIsEnabled)) return;
  const auto act = commands_[item->data(Qt::UserRole).toULongLong()].act;
  close();
  act();
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    auto* key = static_cast<QKeyEvent*>(event);
    const int row = list_->currentRow(), last = list_->count() - 1;
    if (key->key() == Qt::Key_Down) return list_->setCurrentRow(std::min(row + 1, last)), true;
    if (key->key() == Qt::Key_Up) return list_->setCurrentRow(std::max(row - 1, 0)), true;
    if (key->key() == Qt::Key_PageDown) return list_->setCurrentRow(std::min(row + 10, last)), true;
    if (key->key() == Qt::Key_PageUp) return list_->setCurrentRow(std::max(row - 10, 0)), true;
  }
  return QDialog::eventFilter(watched, event);
}

}  // namespace headroom::gui
