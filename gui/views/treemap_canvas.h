// The treemap as a widget: areas to point at, to go into and to come out of.
#pragma once

#include <QImage>
#include <QWidget>

#include "gui/charts/treemap_picture.h"

namespace headroom::gui {

class TreemapCanvas : public QWidget {
  Q_OBJECT

 public:
  explicit TreemapCanvas(QWidget* parent);

  void say(const QString& sentence);  // instead of a map
  void show_tree(std::shared_ptr<const TreemapOfRun> of, std::vector<bool> lit, std::uint32_t root);
  void light(std::vector<bool> lit);
  void put_cursor_on(std::optional<std::int64_t> allocation);
  std::uint32_t root() const { return root_; }
  const TreemapScene& scene() const { return scene_; }
  void redraw();

  QSize sizeHint() const override { return {800, 500}; }

 Q_SIGNALS:
  void root_wanted(uint node);  // to be seen alone
  void node_chosen(uint node);
  void nothing_chosen();

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent*) override;
  void keyPressEvent(QKeyEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent*) override;

 private:
  std::optional<std::size_t> cell_at(const QPointF& position) const;
  QString tooltip_of(std::size_t cell) const;
  void paint_picture(QPainter& painter, const QRegion& region);
  void draw_picture(QPainter& painter);
  void hover(std::optional<std::size_t> cell);
  void lay_out_again();
  void move_cursor(int by);
  void move_to(std::size_t cell);
  void enter(std::size_t cell);
  void leave_root();

  TreemapScene scene_;
  QString sentence_;
  std::uint32_t root_ = 0;
  QImage picture_;
  bool picture_is_old_ = true;
};

}  // namespace headroom::gui
