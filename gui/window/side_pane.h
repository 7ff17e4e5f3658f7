// The left of the window: the runs above the views. Where it is narrow it is a rail of icons, and the runs are chosen
// in the page's header.
#pragma once

#include <QSplitter>

class QListWidget;

namespace headroom::gui {

class SidePane : public QSplitter {
  Q_OBJECT

 public:
  SidePane(QWidget* runs, QListWidget* views, QWidget* parent);

  int usual_width() const;
  int rail_width() const;
  bool is_rail() const { return is_rail_; }

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  QWidget* make_part(const QString& title, QWidget* list);
  void show_rail(bool rail);

  QListWidget* views_;
  QWidget *runs_part_, *views_part_;
  bool is_rail_ = false;
};

// The pane beside everything else. It keeps the width the user gave it, as far as the rest leaves room.
class SideSplitter : public QSplitter {
  Q_OBJECT

 public:
  SideSplitter(SidePane* side, QWidget* rest);

  int side_width() const { return wanted_; }
  void set_side_width(int width);
  void toggle_rail();

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void share();

  SidePane* side_;
  int wanted_;
};

}  // namespace headroom::gui
