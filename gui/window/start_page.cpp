#include "gui/window/start_page.h"

#include <QDir>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

#include "gui/window/icons.h"
#include "gui/window/settings.h"

namespace headroom::gui {
namespace {

QLabel* label(const QString& text, double size, int weight) {
  auto* label = new QLabel(text);
  QFont font = label->font();
  font.setPointSizeF(font.pointSizeF() * size);
  font.setWeight(static_cast<QFont::Weight>(weight));
  label->setFont(font);
  label->setWordWrap(true);
  return label;
}

// Follows the action in everything, its shortcut at the right.
QPushButton* button_of(QAction* action) {
  auto* button = new QPushButton(action->icon(), QString());
  button->setIconSize({20, 20});
  button->setProperty("start", true);
  const auto follow = [action, button] {
    const QString keys = action->shortcut().toString(QKeySequence::NativeText);
    button->setText(action->text() + (keys.isEmpty() ? QString() : QStringLiteral("    ") + keys));
    button->setAccessibleName(QString(action->text()).remove('&'));
    button->setEnabled(action->isEnabled());
    button->setVisible(action->isVisible());
  };
  follow();
  QObject::connect(action, &QAction::changed, button, follow);
  QObject::connect(button, &QPushButton::clicked, action, &QAction::trigger);
  return button;
}

}  // namespace

StartPage::StartPage(const std::vector<QAction*>& actions, QWidget* parent) : QWidget(parent) {
  auto* outer = new QHBoxLayout(this);
  outer->addStretch(1);
  auto* column = new QWidget;
  column->setMaximumWidth(fontMetrics().averageCharWidth() * 110);
  auto* layout = new QVBoxLayout(column);
  layout->addStretch(1);
  layout->addWidget(label(tr("Headroom"), 2.2, QFont::Bold));
  QLabel* words = label(tr("How much memory a transformer takes, and where every byte goes."), 1.1, QFont::Normal);
  words->setForegroundRole(QPalette::PlaceholderText);
  layout->addWidget(words);
  layout->addSpacing(24);
  auto* halves = new QHBoxLayout;
  halves->setSpacing(32);
  halves->addWidget(make_beginning(actions), 2);
  halves->addWidget(make_recent(), 3);
  layout->addLayout(halves);
  layout->addStretch(2);
  outer->addWidget(column, 6);
  outer->addStretch(1);
}

QWidget* StartPage::make_beginning(const std::vector<QAction*>& actions) {
  auto* half = new QWidget;
  auto* layout = new QVBoxLayout(half);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(label(tr("Begin"), 1, QFont::DemiBold));
  buttons_ = new QVBoxLayout;
  layout->addLayout(buttons_);
  for (QAction* action : actions) add_action(action);
  QLabel* drop =
      label(tr("Recordings (.headroom) and sessions can also be dropped anywhere in this window."), 0.9, QFont::Normal);
  drop->setForegroundRole(QPalette::PlaceholderText);
  layout->addWidget(drop);
  layout->addStretch(1);
  return half;
}

void StartPage::add_action(QAction* action) { buttons_->addWidget(button_of(action)); }

QWidget* StartPage::make_recent() {
  auto* half = new QWidget;
  auto* layout = new QVBoxLayout(half);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(label(tr("Recent files"), 1, QFont::DemiBold));
  recent_ = new QListWidget;
  recent_->setProperty("calm", true);
  recent_->setAccessibleName(tr("Recent files"));
  recent_->setIconSize({18, 18});
  recent_->setMinimumHeight(fontMetrics().height() * 14);
  connect(recent_, &QListWidget::itemActivated, this,
          [this](QListWidgetItem* item) { Q_EMIT file_wanted(item->data(Qt::UserRole).toString()); });
  connect(recent_, &QListWidget::itemClicked, this,
          [this](QListWidgetItem* item) { Q_EMIT file_wanted(item->data(Qt::UserRole).toString()); });
  layout->addWidget(recent_);
  return half;
}

void StartPage::refresh() {
  recent_->clear();
  for (const QString& path : Settings().recent_files()) {
    const QFileInfo file(path);
    auto* item = new QListWidgetItem(
        named_icon(path.endsWith(QStringLiteral("-session")) ? "session" : "recent"),
        QStringLiteral("%1\n%2").arg(file.fileName(), QDir::toNativeSeparators(file.path())), recent_);
    item->setData(Qt::UserRole, path);
    item->setToolTip(file.exists() ? QDir::toNativeSeparators(path)
                                   : tr("%1 is gone").arg(QDir::toNativeSeparators(path)));
    if (!file.exists()) item->setFlags(Qt::ItemIsSelectable);
  }
  if (recent_->count() > 0) return;
  auto* nothing = new QListWidgetItem(tr("Nothing was opened yet."), recent_);
  nothing->setFlags(Qt::NoItemFlags);
}

void StartPage::showEvent(QShowEvent* event) {
  refresh();
  QWidget::showEvent(event);
}

}  // namespace headroom::gui
