#include "gui/views/turning_splitter.h"

#include <QLayout>
#include <QResizeEvent>
#include <algorithm>

namespace headroom::gui {
namespace {

// At the width it has: wrapped texts need more height the narrower they are.
QSize least(const QWidget& part) {
  QSize size = part.minimumSizeHint();
  if (part.layout() != nullptr && part.layout()->hasHeightForWidth() && part.width() >= size.width())
    size.setHeight(part.layout()->totalMinimumHeightForWidth(part.width()));
  return {part.minimumWidth() > 0 ? part.minimumWidth() : size.width(),
          part.minimumHeight() > 0 ? part.minimumHeight() : size.height()};
}

}  // namespace

QSize TurningSplitter::minimumSizeHint() const {
  QSize size(0, 0);
  for (int i = 0; i < count(); ++i) {
    const QSize part = least(*widget(i));
    size.setWidth(std::max(size.width(), part.width()));
    size.setHeight(orientation() == Qt::Vertical ? size.height() + part.height()
                                                 : std::max(size.height(), part.height()));
  }
  return orientation() == Qt::Vertical ? size + QSize(0, handleWidth() * std::max(count() - 1, 0)) : size;
}

// Qt's own division of the height knows nothing of texts that wrap. The last part gives what the others are short of.
void TurningSplitter::give_each_its_least() {
  if (orientation() != Qt::Vertical || count() < 2) return;
  QList<int> now = sizes();
  int lacking = 0;
  for (int i = 0; i + 1 < count(); ++i) {
    const int more = std::max(least(*widget(i)).height() - now[i], 0);
    now[i] += more;
    lacking += more;
  }
  now.back() -= lacking;
  if (lacking > 0) setSizes(now);
}

bool TurningSplitter::event(QEvent* event) {
  const bool done = QSplitter::event(event);
  if (event->type() == QEvent::LayoutRequest) give_each_its_least();
  return done;
}

void TurningSplitter::resizeEvent(QResizeEvent* event) {
  int all = handleWidth() * std::max(count() - 1, 0);
  for (int i = 0; i < count(); ++i) all += least(*widget(i)).width();
  const Qt::Orientation wanted = width() >= all ? Qt::Horizontal : Qt::Vertical;
  if (wanted != orientation()) setOrientation(wanted);
  QSplitter::resizeEvent(event);
  if (event->size().width() != event->oldSize().width()) updateGeometry();
  give_each_its_least();
}

}  // namespace headroom::gui
