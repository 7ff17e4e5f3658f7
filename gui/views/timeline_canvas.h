// A timeline on the screen: zoomed, moved and pointed at with mouse, trackpad and keyboard.
#pragma once

#include <QElapsedTimer>
#include <QImage>
#include <QWidget>
#include <optional>

#include "gui/charts/axis.h"
#include "gui/charts/timeline_chart.h"

namespace headroom::gui {

class TimelineCanvas : public QWidget {
  Q_OBJECT

 public:
  explicit TimelineCanvas(QWidget* parent = nullptr);

  // Another run, or none: the whole of it is seen.
  void set_run(RunHandle run);
  void set_stacking(Stacking stacking);
  void set_by_time(bool by_time);  // what is seen stays
  void set_fit_height(bool fit);
  void set_chosen(const Chosen& chosen, const std::array<bool, kCategoryCount>& categories);
  void set_share(const ShareCurve* share, const QString& name);
  void set_hint(const QString& hint);  // what is said where there is no run
  const TimelineScene& scene() const { return scene_; }
  const QString& hint() const { return hint_; }
  bool has_run() const { return scene_.run != nullptr; }

  bool show_range(double from, double to, bool remember = true);
  bool zoom_by(double factor, std::optional<double> around = {}, bool remember = true);
  bool zoom_to_fit();
  bool undo_zoom();
  void show_event(std::int64_t event);  // moved there where it is not seen

  std::int64_t current_event() const;  // pointed at; else chosen; else the peak's
  void redraw();                       // everything anew: colours, fonts

  QSize sizeHint() const override { return {900, 560}; }
  QSize minimumSizeHint() const override { return {360, 280}; }

 Q_SIGNALS:
  void event_chosen(std::int64_t event);
  void range_changed();

 protected:
  void paintEvent(QPaintEvent* event) override;
  bool event(QEvent* event) override;
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  enum class Gesture { none, press, move, band, overview };

  void range_moved(bool changed);
  void prepare();  // layout and pictures, where they are out of date
  void paint_picture(QPainter& painter, const QRegion& region);
  void draw_picture(QPainter& painter);
  void draw_overview_picture();
  double least_span() const;
  void point_at(const QPointF& at);
  void point_event(std::optional<std::int64_t> event);
  void update_instant(std::int64_t event);
  void describe();
  void center_on(double place, bool remember);
  void zoom_in_steps(double factor, double x);
  bool zoom_key(int key);
  bool cursor_key(const QKeyEvent& event);

  TimelineScene scene_;
  ZoomRange range_;
  QString hint_;
  TimelineLayout layout_;
  QImage picture_, overview_;
  QSize painted_size_;  // of the device
  bool layout_is_old_ = true, picture_is_old_ = true, overview_is_old_ = true;
  std::optional<std::int64_t> pointed_;
  Gesture gesture_ = Gesture::none;
  QPointF pressed_at_, last_at_;
  QElapsedTimer last_step_;
  bool gesture_is_kept_ = false;  // of zooming in steps: what was seen before is remembered
};

}  // namespace headroom::gui
