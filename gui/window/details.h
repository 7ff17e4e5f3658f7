// What is chosen, in full and to copy: a tensor, a layer, a category, an instant.
#pragma once

#include <QWidget>

#include "gui/session/session.h"
#include "gui/views/background.h"

class QTextBrowser;

namespace headroom::gui {

class Details : public QWidget {
  Q_OBJECT

 public:
  Details(Session& session, QWidget* parent);

  QString text() const;  // what is shown, without its looks
  bool is_settled() const { return !background_.is_busy(); }

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void refresh();
  QString nothing() const;
  void show_parts(const QStringList& parts);
  void follow(const QUrl& link);

  Session& session_;
  QTextBrowser* browser_;
  Background background_;
};

}  // namespace headroom::gui
