#include "gui/window/messages.h"

#include <QListView>
#include <QTime>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/views/row_copy.h"
#include "gui/window/icons.h"

namespace headroom::gui {
namespace {

constexpr int kMostMessages = 1000;

}  // namespace

Messages::Messages(QWidget* parent) : QToolButton(parent) {
  setIcon(named_icon("messages"));
  setAutoRaise(true);
  setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setToolTip(tr("Show all messages"));
  setAccessibleName(tr("Messages"));
  connect(this, &QToolButton::clicked, this, &Messages::open_list);
}

void Messages::say(const QString& message) {
  if (message.isEmpty()) return;
  newest_ = message;
  const int row = model_.rowCount();
  model_.insertRow(row);
  model_.setData(model_.index(row), QStringLiteral("%1  %2").arg(QTime::currentTime().toString(), message));
  if (row >= kMostMessages) model_.removeRow(0);
  setAccessibleDescription(message);
  show_newest();
}

void Messages::show_newest() {
  setText(fontMetrics().elidedText(newest_.simplified(), Qt::ElideRight, std::max(0, width() - 40)));
}

void Messages::resizeEvent(QResizeEvent* event) {
  QToolButton::resizeEvent(event);
  show_newest();
}

QSize Messages::sizeHint() const { return {120, QToolButton::sizeHint().height()}; }

void Messages::open_list() {
  auto* dialog = new QDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Messages"));
  auto* list = new QListView;
  list->setAccessibleName(tr("Messages"));
  list->setModel(&model_);
  list->setWordWrap(true);
  list->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list->setSelectionMode(QAbstractItemView::ExtendedSelection);
  new RowCopy(list);
  auto* layout = new QVBoxLayout(dialog);
  layout->addWidget(list);
  dialog->resize(fontMetrics().averageCharWidth() * 90, fontMetrics().height() * 18);
  dialog->show();
  list->scrollToBottom();
}

}  // namespace headroom::gui
