// What the view that is shown shows, and what each number in it means.
#pragma once

#include <QTextBrowser>

#include "gui/views/view.h"

namespace headroom::gui {

class HelpPanel : public QTextBrowser {
  Q_OBJECT

 public:
  explicit HelpPanel(QWidget* parent);

  void explain(const QString& title, View& view);

 private:
  void show_text(const QString& text);

  QMetaObject::Connection table_;
  QString shown_;
};

// The view's own words, then a line for each column of its table.
QString help_text(const QString& title, View& view);

}  // namespace headroom::gui
