#include "gui/views/timeline_canvas.h"

#include <QKeyEvent>
#include <QNativeGestureEvent>
#include <QPaintEvent>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "gui/charts/column_image.h"
#include "gui/charts/timeline_marks.h"
#include "gui/charts/timeline_words.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kKeyZoom = 1.5, kKeyMove = 0.1;  // of what is seen
constexpr double kLeastEvents = 8;
constexpr int kDragDistance = 4;
constexpr qint64 kGestureMilliseconds = 400;  // steps closer to each other than that are one, to go back from at once

void begin_image(QImage& image, const QSize& size, double ratio) {
  if (image.size() != size) image = QImage(size, QImage::Format_RGB32);
  image.setDevicePixelRatio(ratio);
}

void fill_around(QPainter& painter, const QRect& area, const QRect& hole, const QColor& colour) {
  for (const QRect& part : QRegion(area).subtracted(hole)) painter.fillRect(part, colour);
}

std::size_t device_width(const QRectF& area, double ratio) {
  return static_cast<std::size_t>(std::max(1.0, std::round(area.width() * ratio)));
}

// Hatching depends on where in the window it is painted, and would not go on where a part is painted from a picture.
bool is_hatched(const TimelineScene& s) { return ran_out(s) && place_of_event(s, s.run->detail.event_count()) <= s.to; }

}  // namespace

TimelineCanvas::TimelineCanvas(QWidget* parent) : QWidget(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setAttribute(Qt::WA_OpaquePaintEvent);
  setAccessibleName(tr("Timeline"));
}

void TimelineCanvas::set_run(RunHandle run) {
  scene_.run = run && run->detail.event_count() > 0 ? std::move(run) : nullptr;
  scene_.share = nullptr;
  scene_.chosen = {};
  pointed_.reset();
  if (scene_.run) {
    const auto [first, last] = whole_axis(scene_);
    range_ = ZoomRange(first, last);
    scene_.from = first;
    scene_.to = last;
  }
  redraw();
  Q_EMIT range_changed();
}

void TimelineCanvas::set_stacking(Stacking stacking) {
  scene_.stacking = stacking;
  redraw();
}

void TimelineCanvas::set_by_time(bool by_time) {
  if (by_time == scene_.by_time) return;
  if (!scene_.run) {
    scene_.by_time = by_time;
    return;
  }
  const bool whole = range_.is_whole();
  const std::int64_t first = event_at(scene_, scene_.from), last = event_at(scene_, scene_.to);
  scene_.by_time = by_time;
  const auto [from, to] = whole_axis(scene_);
  range_ = ZoomRange(from, to);
  if (!whole) range_.show(place_of_event(scene_, first), place_of_event(scene_, last), least_span(), false);
  overview_is_old_ = true;
  range_moved(true);
}

void TimelineCanvas::set_fit_height(bool fit) {
  scene_.fit_height = fit;
  redraw();
}

void TimelineCanvas::set_chosen(const Chosen& chosen, const std::array<bool, kCategoryCount>& categories) {
  scene_.chosen = chosen;
  scene_.categories = categories;
  redraw();
}

void TimelineCanvas::set_share(const ShareCurve* share, const QString& name) {
  scene_.share = share;
  scene_.share_name = name;
  redraw();
}

void TimelineCanvas::set_hint(const QString& hint) {
  hint_ = hint;
  describe();
  update();
}

void TimelineCanvas::redraw() {
  layout_is_old_ = picture_is_old_ = overview_is_old_ = true;
  describe();
  update();
}

// At least some events, however long these took.
double TimelineCanvas::least_span() const {
  if (!scene_.by_time) return kLeastEvents;
  const auto [first, last] = whole_axis(scene_);
  return std::max(100.0, (last - first) / static_cast<double>(scene_.run->detail.event_count()) / 4);
}

void TimelineCanvas::range_moved(bool changed) {
  if (!changed) return;
  scene_.from = range_.from();
  scene_.to = range_.to();
  layout_is_old_ = picture_is_old_ = true;
  update();
  Q_EMIT range_changed();
}

bool TimelineCanvas::show_range(double from, double to, bool remember) {
  if (!scene_.run || !std::isfinite(from) || !std::isfinite(to) || to <= from) return false;
  const bool changed = range_.show(from, to, least_span(), remember);
  range_moved(changed);
  return changed;
}

bool TimelineCanvas::zoom_by(double factor, std::optional<double> around, bool remember) {
  if (!scene_.run) return false;
  const bool changed = range_.zoom(factor, around.value_or((scene_.from + scene_.to) / 2), least_span(), remember);
  range_moved(changed);
  return changed;
}

bool TimelineCanvas::zoom_to_fit() {
  const bool changed = scene_.run && range_.fit(true);
  range_moved(changed);
  return changed;
}

bool TimelineCanvas::undo_zoom() {
  const bool changed = scene_.run && range_.undo();
  range_moved(changed);
  return changed;
}

void TimelineCanvas::center_on(double place, bool remember) {
  range_moved(range_.move(place - (scene_.from + scene_.to) / 2, remember));
}

// Many steps of wheel or fingers zoom once: what was seen before the first of them is what undo_zoom() comes back to.
void TimelineCanvas::zoom_in_steps(double factor, double x) {
  if (!last_step_.isValid() || last_step_.elapsed() > kGestureMilliseconds) gesture_is_kept_ = false;
  last_step_.start();
  if (zoom_by(factor, layout_.place_at(scene_, x), !gesture_is_kept_)) gesture_is_kept_ = true;
}

void TimelineCanvas::show_event(std::int64_t event) {
  if (!scene_.run) return;
  const double place = place_of_event(scene_, event);
  if (place < scene_.from || place > scene_.to) center_on(place, false);
}

std::int64_t TimelineCanvas::current_event() const {
  if (pointed_) return *pointed_;
  return scene_.chosen.event.value_or(scene_.run ? scene_.run->breakdown.peak.event : 0);
}

void TimelineCanvas::prepare() {
  if (std::exchange(picture_is_old_, false)) {
    const double ratio = devicePixelRatioF();
    begin_image(picture_, size() * ratio, ratio);
    QPainter painter(&picture_);
    painter.setFont(font());
    draw_picture(painter);
  }
  if (std::exchange(overview_is_old_, false)) draw_overview_picture();
}

void TimelineCanvas::draw_picture(QPainter& painter) {
  layout_is_old_ = false;
  const double ratio = devicePixelRatioF();
  layout_ = lay_out_timeline(painter, QRectF(rect()).adjusted(8, 8, -8, -4), scene_);
  fill_around(painter, rect(), layout_.plot.toAlignedRect().adjusted(1, 1, -1, -1), theme().ground);
  draw_timeline(painter, layout_, scene_, curve_of(scene_, scene_.from, scene_.to, device_width(layout_.plot, ratio)));
}

void TimelineCanvas::draw_overview_picture() {
  const double ratio = devicePixelRatioF();
  if (layout_.overview.isEmpty()) {
    overview_ = {};
    return;
  }
  begin_image(overview_, (layout_.overview.size() * ratio).toSize(), ratio);
  overview_.fill(theme().panel);
  QPainter painter(&overview_);
  const auto [first, last] = whole_axis(scene_);
  draw_timeline_overview(painter, QRectF(QPointF(0, 0), layout_.overview.size()), scene_,
                         curve_of(scene_, first, last, device_width(layout_.overview, ratio)));
}

// While it is zoomed and moved, every picture is seen once and painted where it is seen; of millions of pixels a copy
// would take as long again. Of what follows the pointer only the changed region is painted, from a picture that is
// kept.
void TimelineCanvas::paint_picture(QPainter& painter, const QRegion& region) {
  if (const QSize wanted = size() * devicePixelRatioF(); painted_size_ != wanted) {
    layout_is_old_ = picture_is_old_ = overview_is_old_ = true;
    painted_size_ = wanted;
  }
  const bool is_whole = QRegion(rect()).subtracted(region).isEmpty();
  if (picture_is_old_ && is_whole && is_on_pixels(painter, rect()) && !is_hatched(scene_)) {
    draw_picture(painter);
    if (std::exchange(overview_is_old_, false)) draw_overview_picture();
    return;
  }
  prepare();
  painter.drawImage(0, 0, picture_);
}

void TimelineCanvas::paintEvent(QPaintEvent* event) {
  QPainter painter(this);
  if (!scene_.run) {
    painter.fillRect(rect(), theme().ground);
    painter.setPen(theme().soft);
    painter.drawText(rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, hint_);
    return;
  }
  paint_picture(painter, event->region());
  if (!overview_.isNull()) painter.drawImage(layout_.overview.topLeft(), overview_);
  draw_overview_window(painter, layout_, scene_);
  if (pointed_) draw_instant(painter, layout_, scene_, *pointed_);
  if (gesture_ == Gesture::band) {
    QColor fill = theme().accent;
    fill.setAlphaF(0.18F);
    const QRectF band(QPointF(pressed_at_.x(), layout_.plot.top()), QPointF(last_at_.x(), layout_.plot.bottom()));
    painter.fillRect(band.normalized() & layout_.plot, fill);
  }
  if (event->region().intersects(layout_.readout.toAlignedRect()))
    draw_readout(painter, layout_, scene_, current_event());
  if (!hasFocus()) return;
  painter.setPen(QPen(theme().accent, 1.5));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(layout_.plot.adjusted(-0.5, -0.5, 0.5, 0.5));
}

// For those who hear the chart.
void TimelineCanvas::describe() {
  if (!scene_.run) return setAccessibleDescription(hint_);
  const std::int64_t event = current_event();
  const CurveColumn at = scene_.run->detail.at(event, scene_.stacking);
  setAccessibleDescription(
      tr("%1: %2 allocated; %3")
          .arg(instant_text(*scene_.run, event), size_and_exact(at.allocated_bytes), event_text(*scene_.run, event)));
}

void TimelineCanvas::point_event(std::optional<std::int64_t> event) {
  if (event == pointed_) return;
  for (const auto& instant : {std::exchange(pointed_, event), event})
    if (instant) update_instant(*instant);
  update(layout_.readout.toAlignedRect());
  describe();
}

// The column of pixels in which it is drawn.
void TimelineCanvas::update_instant(std::int64_t event) {
  const double x = layout_.x_of(scene_, place_of_event(scene_, event));
  update(QRectF(x - 2, layout_.steps.top(), 4, layout_.plot.bottom() - layout_.steps.top() + 1).toAlignedRect());
}

void TimelineCanvas::point_at(const QPointF& at) {
  const QRectF chart(layout_.steps.topLeft(), layout_.axis.bottomRight());
  if (!chart.contains(at)) return point_event({});
  point_event(event_at(scene_, layout_.place_at(scene_, at.x())));
}

bool TimelineCanvas::event(QEvent* event) {
  if (event->type() == QEvent::NativeGesture && scene_.run) {
    const auto* gesture = static_cast<QNativeGestureEvent*>(event);
    if (gesture->gestureType() == Qt::ZoomNativeGesture) {
      zoom_in_steps(1 + gesture->value(), gesture->position().x());
      return true;
    }
  }
  return QWidget::event(event);
}

void TimelineCanvas::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange ||
      event->type() == QEvent::StyleChange)
    redraw();
  QWidget::changeEvent(event);
}

void TimelineCanvas::resizeEvent(QResizeEvent* event) {
  layout_is_old_ = picture_is_old_ = overview_is_old_ = true;
  QWidget::resizeEvent(event);
}

// Up and down zooms, with Ctrl or without; sideways, or with Shift, moves.
void TimelineCanvas::wheelEvent(QWheelEvent* event) {
  if (!scene_.run) return event->ignore();
  QPointF by = event->pixelDelta().isNull() ? QPointF(event->angleDelta()) / 2 : QPointF(event->pixelDelta());
  if (event->modifiers() & Qt::ShiftModifier && by.x() == 0) by = {by.y(), 0};
  if (std::abs(by.x()) > std::abs(by.y()))
    range_moved(range_.move(-by.x() * range_.span() / std::max(layout_.plot.width(), 1.0), false));
  else if (by.y() != 0)
    zoom_in_steps(std::exp(by.y() / 180), event->position().x());
  event->accept();
}

void TimelineCanvas::mousePressEvent(QMouseEvent* event) {
  if (!scene_.run) return;
  if (layout_is_old_) prepare();
  pressed_at_ = last_at_ = event->position();
  const bool band = event->button() == Qt::RightButton ||
                    (event->button() == Qt::LeftButton && event->modifiers() & Qt::ShiftModifier);
  if (layout_.overview.contains(pressed_at_)) {
    gesture_ = Gesture::overview;
    center_on(layout_.overview_place_at(scene_, pressed_at_.x()), true);
  } else if (band) {
    gesture_ = Gesture::band;
  } else if (event->button() == Qt::LeftButton) {
    gesture_ = Gesture::press;
  }
}

void TimelineCanvas::mouseMoveEvent(QMouseEvent* event) {
  if (!scene_.run) return;
  const QPointF at = event->position();
  if (gesture_ == Gesture::press && (at - pressed_at_).manhattanLength() > kDragDistance) {
    gesture_ = Gesture::move;
    setCursor(Qt::ClosedHandCursor);
  }
  if (gesture_ == Gesture::move) {
    const double by = layout_.place_at(scene_, last_at_.x()) - layout_.place_at(scene_, at.x());
    range_moved(range_.move(by, false));
  }
  if (gesture_ == Gesture::overview) center_on(layout_.overview_place_at(scene_, at.x()), false);
  last_at_ = at;
  if (gesture_ == Gesture::band) update();
  point_at(at);
}

void TimelineCanvas::mouseReleaseEvent(QMouseEvent* event) {
  const Gesture gesture = std::exchange(gesture_, Gesture::none);
  unsetCursor();
  if (!scene_.run) return;
  const double from = layout_.place_at(scene_, pressed_at_.x()), to = layout_.place_at(scene_, event->position().x());
  if (gesture == Gesture::band && std::abs(event->position().x() - pressed_at_.x()) > kDragDistance)
    show_range(std::min(from, to), std::max(from, to));
  if (gesture == Gesture::press && event->position().y() <= layout_.axis.bottom()) {
    point_at(event->position());
    if (pointed_) Q_EMIT event_chosen(*pointed_);
  }
  update();
}

void TimelineCanvas::mouseDoubleClickEvent(QMouseEvent*) { zoom_to_fit(); }

void TimelineCanvas::leaveEvent(QEvent* event) {
  point_event({});
  QWidget::leaveEvent(event);
}

bool TimelineCanvas::zoom_key(int key) {
  const double span = scene_.to - scene_.from;
  switch (key) {
    case Qt::Key_Plus:
    case Qt::Key_Equal:
    case Qt::Key_Up:
      return zoom_by(kKeyZoom), true;
    case Qt::Key_Minus:
    case Qt::Key_Down:
      return zoom_by(1 / kKeyZoom), true;
    case Qt::Key_Left:
      return range_moved(range_.move(-kKeyMove * span, false)), true;
    case Qt::Key_Right:
      return range_moved(range_.move(kKeyMove * span, false)), true;
    case Qt::Key_PageUp:
      return range_moved(range_.move(-span, true)), true;
    case Qt::Key_PageDown:
      return range_moved(range_.move(span, true)), true;
    case Qt::Key_Home:
      return center_on(whole_axis(scene_).first, false), true;
    case Qt::Key_End:
      return center_on(whole_axis(scene_).second, false), true;
    case Qt::Key_0:
      return zoom_to_fit(), true;
    case Qt::Key_Backspace:
      return undo_zoom(), true;
    default:
      return false;
  }
}

// The cursor goes from event to event; Return chooses what is under it.
bool TimelineCanvas::cursor_key(const QKeyEvent& event) {
  const std::int64_t last = scene_.run->detail.event_count() - 1, now = current_event();
  switch (event.key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
      if (!(event.modifiers() & Qt::ShiftModifier)) return false;
      point_event(std::clamp<std::int64_t>(now + (event.key() == Qt::Key_Left ? -1 : 1), 0, last));
      break;
    case Qt::Key_P:
      point_event(scene_.run->breakdown.peak.event);
      break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      Q_EMIT event_chosen(now);
      return true;
    default:
      return false;
  }
  show_event(*pointed_);
  return true;
}

void TimelineCanvas::keyPressEvent(QKeyEvent* event) {
  if (scene_.run && event->matches(QKeySequence::Undo)) {
    undo_zoom();
    return;
  }
  if (!scene_.run || !(cursor_key(*event) || zoom_key(event->key()))) QWidget::keyPressEvent(event);
}

void TimelineCanvas::focusInEvent(QFocusEvent* event) {
  update();
  QWidget::focusInEvent(event);
}

void TimelineCanvas::focusOutEvent(QFocusEvent* event) {
  update();
  QWidget::focusOutEvent(event);
}

}  // namespace headroom::gui
