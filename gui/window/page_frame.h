// Around a view: its title and the run it is of, buttons for help and export, what is wrong with the run, and the
// filter where the view has use for it.
#pragma once

#include <QAction>
#include <QFrame>
#include <QLabel>
#include <QStackedWidget>
#include <QToolButton>

#include "gui/session/session.h"
#include "gui/views/view.h"

class QHBoxLayout;
class QProgressBar;
class QPushButton;
class QVBoxLayout;

namespace headroom::gui {

// A line in the page where something went wrong, or is still going on.
class Banner : public QFrame {
  Q_OBJECT

 public:
  Banner(Session& session, QWidget* parent);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  QPixmap warning() const;
  void follow_session();

  Session& session_;
  QLabel *icon_, *text_;
  QProgressBar* progress_;
  QPushButton *retry_, *close_;
};

// Which run the page is of, as much of it as there is room for; opens the list of runs to choose another.
class RunButton : public QToolButton {
  Q_OBJECT

 public:
  RunButton(Session& session, QWidget* parent);

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void follow_session();
  void fill_menu();
  int room_beside_text() const;

  Session& session_;
  QString line_;
};

class PageFrame : public QWidget {
  Q_OBJECT

 public:
  PageFrame(Session& session, const std::vector<QAction*>& buttons, QWidget* parent);

  void add_page(View* view) { pages_->addWidget(view); }
  void show_page(View* view, const QString& title);
  void set_filter_bar(QWidget* bar);  // shown above views that use the filter

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  QHBoxLayout* make_header(Session& session, const std::vector<QAction*>& buttons);

  QLabel* title_;
  std::vector<QToolButton*> buttons_;
  QVBoxLayout* filter_spot_;
  QWidget* filter_bar_ = nullptr;
  QStackedWidget* pages_;
};

}  // namespace headroom::gui
