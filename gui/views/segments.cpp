#include "gui/views/segments.h"

#include <QHBoxLayout>
#include <QToolButton>

namespace headroom::gui {

Segments::Segments(const QStringList& choices, const QString& name, QWidget* parent)
    : QWidget(parent), group_(new QButtonGroup(this)) {
  setAccessibleName(name);
  setToolTip(name);
  setStyleSheet(
      QStringLiteral("QToolButton { border: 1px solid palette(mid); padding: 3px 10px; background: palette(base); }"
                     "QToolButton:checked { background: palette(highlight); color: palette(highlighted-text); }"
                     "QToolButton:focus { border-color: palette(text); }"));
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  for (const QString& choice : choices) {
    auto* button = new QToolButton(this);
    button->setText(choice);
    button->setCheckable(true);
    button->setFocusPolicy(Qt::StrongFocus);
    group_->addButton(button, static_cast<int>(group_->buttons().size()));
    layout->addWidget(button);
  }
  group_->button(0)->setChecked(true);
  connect(group_, &QButtonGroup::idToggled, this, [this](int choice, bool on) {
    if (on) Q_EMIT changed(choice);
  });
}

void Segments::set_current(int choice) {
  if (QAbstractButton* button = group_->button(choice)) button->setChecked(true);
}

void Segments::set_tip(int choice, const QString& tip) {
  if (QAbstractButton* button = group_->button(choice)) button->setToolTip(tip);
}

}  // namespace headroom::gui
