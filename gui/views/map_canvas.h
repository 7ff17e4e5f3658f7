// The map of memory as a widget: zoom, pan, and what is under the pointer. It asks for pictures (window_changed), which
// are painted elsewhere, and shows the one that it has, stretched, until the next one comes.
#pragma once

#include <QElapsedTimer>
#include <QImage>
#include <QWidget>

#include "gui/charts/axis.h"
#include "gui/charts/memory_map_picture.h"

namespace headroom::gui {

class MapCanvas : public QWidget {
  Q_OBJECT

 public:
  explicit MapCanvas(QWidget* parent);

  void say(const QString& sentence);  // instead of a map
  // Of another run or layout: all of it is seen. `keep_events`: of the same run.
  void begin(std::shared_ptr<const MapOfRun> of, MapLayout layout, bool keep_events);
  void show_picture(MapPicture picture, QImage shapes);  // map_shapes_image() of it
  MapScene& scene() { return scene_; }                   // colours, legend, what is marked; then repaint()
  const MapScene& scene() const { return scene_; }

  MapWindow window() const;  // in pixels of the device
  void look_at(const MapWindow& window, bool remember);
  bool zoom_by(double factor);
  bool fit();
  bool undo();
  QRectF plot() const;

  QSize sizeHint() const override { return {800, 500}; }

 Q_SIGNALS:
  void window_changed();
  void block_chosen(qlonglong allocation);
  void nothing_chosen();
  void instant_chosen(qlonglong event);

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent*) override;
  void resizeEvent(QResizeEvent*) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent*) override;

 private:
  struct Place {
    double event, bytes;
  };
  Place place_at(const QPointF& position) const;
  std::optional<std::int64_t> block_at(const QPointF& position) const;
  const MapShape* shape_at(const Place& place) const;
  const SegmentSpan* segment_of_block(std::int64_t allocation) const;  // null: none was reserved for it
  QString tooltip_at(const QPointF& position) const;
  bool zoom(double across, double upwards, const Place& around, bool remember);
  bool pan(double events, double bytes, bool remember);
  void remember(const MapWindow& window);
  void changed();
  void choose_neighbour(int direction);
  void hover(std::optional<std::int64_t> block);
  void move_instant(int by);
  bool zoom_key(int key);
  bool pan_key(int key);

  MapScene scene_;
  QString sentence_;
  ZoomRange events_, bytes_;
  std::vector<MapWindow> before_;
  QImage shapes_;  // of the picture, each of its pixels one of the device
  QElapsedTimer last_wheel_;
  QPointF pressed_at_, moved_to_;
  bool pressed_ = false, dragging_ = false;
};

}  // namespace headroom::gui
