#include "gui/window/notice.h"

#include <QHBoxLayout>
#include <QPushButton>

namespace headroom::gui {

Notice::Notice(QWidget* parent) : QFrame(parent), text_(new QLabel) {
  setObjectName(QStringLiteral("banner"));
  setProperty("kind", QStringLiteral("trouble"));
  auto* layout = new QHBoxLayout(this);
  text_->setWordWrap(true);
  text_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  layout->addWidget(text_, 1);
  auto* close = new QPushButton(tr("Dismiss"));
  layout->addWidget(close, 0, Qt::AlignTop);
  connect(close, &QPushButton::clicked, this, &QWidget::hide);
  hide();
}

void Notice::show_text(const QString& text) {
  text_->setText(text);
  setAccessibleDescription(text);
  show();
}

}  // namespace headroom::gui
