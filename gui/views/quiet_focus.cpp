#include "gui/views/quiet_focus.h"

#include <QAbstractItemView>
#include <QEvent>
#include <QSignalBlocker>

namespace headroom::gui {
namespace {

// Before Qt does: the row is current, so that arrow keys go on from it, and nobody is told.
class QuietFocus : public QObject {
 public:
  using QObject::QObject;

  bool eventFilter(QObject* watched, QEvent* event) override {
    auto* view = static_cast<QAbstractItemView*>(watched);
    QItemSelectionModel* selection = view->selectionModel();
    if (event->type() == QEvent::FocusIn && selection != nullptr && !selection->currentIndex().isValid()) {
      const QSignalBlocker quiet(selection);
      selection->setCurrentIndex(view->model()->index(0, 0, view->rootIndex()), QItemSelectionModel::NoUpdate);
    }
    return false;
  }
};

}  // namespace

void keep_focus_quiet(QAbstractItemView* view) { view->installEventFilter(new QuietFocus(view)); }

}  // namespace headroom::gui
