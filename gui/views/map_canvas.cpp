#include "gui/views/map_canvas.h"

#include <QApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QThreadPool>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "gui/charts/memory_map_details.h"
#include "gui/charts/stretched_image.h"
#include "gui/items/block_words.h"
#include "gui/views/emptiness.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kLeastEvents = 4, kLeastBytes = 512, kKeyStep = 0.1, kKeyZoom = 1.5;
constexpr qint64 kGestureMilliseconds = 400;
constexpr std::size_t kMostRemembered = 100;

// Whether the one shows all that the other looks at.
bool covers(const MapWindow& drawn, const MapWindow& seen) {
  return drawn.from_event <= seen.from_event && drawn.to_event >= seen.to_event &&
         drawn.from_bytes <= seen.from_bytes && drawn.to_bytes >= seen.to_bytes;
}

}  // namespace

MapCanvas::MapCanvas(QWidget* parent) : QWidget(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setMinimumSize(240, 160);
  setAttribute(Qt::WA_OpaquePaintEvent);
  setAccessibleName(tr("Memory map"));
}

void MapCanvas::say(const QString& sentence) {
  sentence_ = sentence;
  scene_ = {};
  shapes_ = {};
  before_.clear();
  setAccessibleDescription(sentence);
  update();
}

void MapCanvas::begin(std::shared_ptr<const MapOfRun> of, MapLayout layout, bool keep_events) {
  sentence_.clear();
  scene_.of = std::move(of);
  scene_.picture = {.layout = layout};
  scene_.hovered.reset();
  shapes_ = {};
  before_.clear();
  const MapWindow whole = scene_.of->map.whole(layout, 1, 1);
  if (!keep_events) events_ = ZoomRange(whole.from_event, whole.to_event);
  bytes_ = ZoomRange(whole.from_bytes, whole.to_bytes);
  update();
}

void MapCanvas::show_picture(MapPicture picture, QImage shapes) {
  scene_.picture = std::move(picture);
  // To give tens of MiB back takes milliseconds, which no frame has.
  QThreadPool::globalInstance()->start([before = std::exchange(shapes_, std::move(shapes))] {});
  update();
}

QRectF MapCanvas::plot() const {
  QPixmap nowhere(1, 1);
  QPainter painter(&nowhere);
  painter.setFont(font());
  return map_plot(painter, QRectF(rect()).adjusted(8, 8, -8, -6), scene_).toAlignedRect();
}

MapWindow MapCanvas::window() const {
  const QSizeF pixels = plot().size() * devicePixelRatioF();
  return {events_.from(),
          events_.to(),
          bytes_.from(),
          bytes_.to(),
          std::max(2, static_cast<int>(pixels.width())),
          std::max(2, static_cast<int>(pixels.height()))};
}

void MapCanvas::remember(const MapWindow& window) {
  before_.push_back(window);
  if (before_.size() > kMostRemembered) before_.erase(before_.begin());
}

void MapCanvas::changed() {
  update();
  Q_EMIT window_changed();
}

void MapCanvas::look_at(const MapWindow& to, bool remember) {
  if (remember) this->remember(window());
  events_.show(to.from_event, to.to_event, kLeastEvents, false);
  bytes_.show(to.from_bytes, to.to_bytes, kLeastBytes, false);
  changed();
}

bool MapCanvas::zoom(double across, double upwards, const Place& around, bool remember) {
  const MapWindow old = window();
  const bool moved = events_.zoom(across, around.event, kLeastEvents, false);
  if (!bytes_.zoom(upwards, around.bytes, kLeastBytes, false) && !moved) return false;
  if (remember) this->remember(old);
  changed();
  return true;
}

bool MapCanvas::pan(double events, double bytes, bool remember) {
  const MapWindow old = window();
  const bool moved = events_.move(events, false);
  if (!bytes_.move(bytes, false) && !moved) return false;
  if (remember) this->remember(old);
  changed();
  return true;
}

bool MapCanvas::zoom_by(double factor) {
  if (!scene_.of) return false;
  return zoom(factor, factor, {(events_.from() + events_.to()) / 2, (bytes_.from() + bytes_.to()) / 2}, true);
}

bool MapCanvas::fit() {
  if (!scene_.of || (events_.is_whole() && bytes_.is_whole())) return false;
  remember(window());
  events_.fit(false);
  bytes_.fit(false);
  changed();
  return true;
}

bool MapCanvas::undo() {
  if (before_.empty()) return false;
  const MapWindow last = before_.back();
  before_.pop_back();
  look_at(last, false);
  return true;
}

MapCanvas::Place MapCanvas::place_at(const QPointF& position) const {
  const QRectF place = plot();
  MapScene scene;
  scene.window = window();
  return {scene.event_at(place, position.x()), scene.bytes_at(place, position.y())};
}

const MapShape* MapCanvas::shape_at(const Place& place) const {
  const auto& shapes = scene_.picture.shapes;
  const auto found = std::find_if(shapes.rbegin(), shapes.rend(), [&](const MapShape& s) {
    return place.event >= s.from_event && place.event < s.to_event && place.bytes >= s.from_bytes &&
           place.bytes < s.to_bytes;
  });
  return found == shapes.rend() ? nullptr : &*found;
}

// Of a shape that stands for several the very one, or the largest where none is just there.
std::optional<std::int64_t> MapCanvas::block_at(const QPointF& position) const {
  if (!scene_.of || !plot().contains(position)) return std::nullopt;
  const Place place = place_at(position);
  const MapShape* shape = shape_at(place);
  if (shape == nullptr) return std::nullopt;
  if (shape->count == 1) return shape->allocation;
  auto event = static_cast<std::int64_t>(std::floor(place.event));
  for (const MapColumn& column : scene_.picture.columns)
    if (place.event >= column.from_event && place.event < column.to_event) event = column.event;
  return scene_.of->map.at(scene_.picture.layout, event, place.bytes).value_or(shape->allocation);
}

QString MapCanvas::tooltip_at(const QPointF& position) const {
  if (!scene_.of || !plot().contains(position)) return {};
  const Breakdown& run = scene_.of->run->breakdown;
  const Place place = place_at(position);
  if (const auto block = block_at(position)) {
    QString text = block_tooltip(run, run.allocations[static_cast<std::size_t>(*block)]);
    if (const SegmentSpan* segment = segment_of_block(*block))
      text += QStringLiteral("<p style='white-space:pre'>%1</p>").arg(tr("in the %1").arg(segment_text(*segment)));
    const MapShape* shape = shape_at(place);
    if (shape != nullptr && shape->count > 1)
      text += tr("<p>one of %1 smaller blocks drawn as one here</p>").arg(count_text(shape->count));
    return text;
  }
  if (scene_.picture.layout != MapLayout::address) return {};
  const auto event = static_cast<std::int64_t>(std::floor(place.event));
  if (const SegmentSpan* segment = segment_of(scene_.of->map, scene_.of->map.address_at(place.bytes), event))
    return tr("<p style='white-space:pre'><b>free</b><br>in the %1</p>").arg(segment_text(*segment));
  return {};
}

const SegmentSpan* MapCanvas::segment_of_block(std::int64_t allocation) const {
  const Allocation& block = scene_.of->run->breakdown.allocations[static_cast<std::size_t>(allocation)];
  return segment_of(scene_.of->map, block.address, block.begin);
}

bool MapCanvas::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    auto* help = static_cast<QHelpEvent*>(event);
    const QString text = dragging_ ? QString() : tooltip_at(help->pos());
    text.isEmpty() ? QToolTip::hideText() : QToolTip::showText(help->globalPos(), text, this);
    return true;
  }
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) changed();
  return QWidget::event(event);
}

void MapCanvas::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const QRectF place = plot();
  scene_.window = window();
  const bool is_covered = scene_.of && !shapes_.isNull() && covers(scene_.picture.window, scene_.window);
  const QRegion around = is_covered ? QRegion(rect()).subtracted(place.toAlignedRect()) : QRegion(rect());
  for (const QRect& part : around) painter.fillRect(part, theme().panel);
  if (!scene_.of) return paint_sentence(painter, rect(), sentence_);
  if (!shapes_.isNull()) {
    const MapWindow& drawn = scene_.picture.window;
    const QPointF corner(scene_.x_of(place, drawn.from_event), scene_.y_of(place, drawn.to_bytes));
    const QPointF end(scene_.x_of(place, drawn.to_event), scene_.y_of(place, drawn.from_bytes));
    draw_stretched(painter, place, QRectF(corner, end), shapes_);
  }
  paint_map_frame(painter, QRectF(rect()).adjusted(8, 8, -8, -6), place, scene_);
  paint_map_overlay(painter, place, scene_);
  if (!hasFocus()) return;
  painter.setPen(QPen(theme().accent, 2));
  painter.drawRect(place.adjusted(-1, -1, 1, 1));
}

void MapCanvas::resizeEvent(QResizeEvent*) { changed(); }

void MapCanvas::wheelEvent(QWheelEvent* event) {
  if (!scene_.of) return event->ignore();
  const QPoint turned = event->angleDelta();
  const double steps = (turned.y() != 0 ? turned.y() : turned.x()) / 120.0;
  const double factor = std::pow(1.25, steps);
  const bool only_events = event->modifiers() & Qt::ControlModifier,
             only_bytes = event->modifiers() & Qt::ShiftModifier;
  const bool is_new_gesture = !last_wheel_.isValid() || last_wheel_.elapsed() > kGestureMilliseconds;
  last_wheel_.start();
  zoom(only_bytes ? 1 : factor, only_events ? 1 : factor, place_at(event->position()), is_new_gesture);
  event->accept();
}

bool MapCanvas::zoom_key(int key) {
  if (key == Qt::Key_Plus || key == Qt::Key_Equal) return zoom_by(kKeyZoom), true;
  if (key == Qt::Key_Minus) return zoom_by(1 / kKeyZoom), true;
  if (key == Qt::Key_0 || key == Qt::Key_Home) return fit(), true;
  if (key == Qt::Key_Backspace) return undo(), true;
  return false;
}

bool MapCanvas::pan_key(int key) {
  const double across = events_.span() * kKeyStep, upwards = bytes_.span() * kKeyStep;
  if (key == Qt::Key_Left) return pan(-across, 0, true), true;
  if (key == Qt::Key_Right) return pan(across, 0, true), true;
  if (key == Qt::Key_Up) return pan(0, upwards, true), true;
  if (key == Qt::Key_Down) return pan(0, -upwards, true), true;
  return false;
}

void MapCanvas::keyPressEvent(QKeyEvent* event) {
  if (!scene_.of) return QWidget::keyPressEvent(event);
  if (event->matches(QKeySequence::Undo)) {
    undo();
    return;
  }
  const bool is_sideways = event->key() == Qt::Key_Left || event->key() == Qt::Key_Right;
  if (is_sideways && event->modifiers() & Qt::ControlModifier)
    return move_instant(event->key() == Qt::Key_Left ? -1 : 1);
  if (event->key() == Qt::Key_N || event->key() == Qt::Key_P)
    return choose_neighbour(event->key() == Qt::Key_N ? 1 : -1);
  if (event->key() == Qt::Key_Escape) {
    Q_EMIT nothing_chosen();
    return;
  }
  if (!zoom_key(event->key()) && !pan_key(event->key())) QWidget::keyPressEvent(event);
}

void MapCanvas::move_instant(int by) {
  const std::int64_t last = scene_.of->map.event_count() - 1;
  Q_EMIT instant_chosen(static_cast<qlonglong>(std::clamp<std::int64_t>(scene_.instant + by, 0, last)));
}

// Of the blocks that have a shape of their own, in the order in which they were allocated.
void MapCanvas::choose_neighbour(int direction) {
  std::vector<std::int64_t> blocks;
  for (const MapShape& s : scene_.picture.shapes)
    if (s.count == 1) blocks.push_back(s.allocation);
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  if (blocks.empty()) return;
  if (!scene_.chosen) return Q_EMIT block_chosen(direction > 0 ? blocks.front() : blocks.back());
  if (direction > 0) {
    const auto next = std::upper_bound(blocks.begin(), blocks.end(), *scene_.chosen);
    if (next != blocks.end()) Q_EMIT block_chosen(*next);
  } else {
    const auto next = std::lower_bound(blocks.begin(), blocks.end(), *scene_.chosen);
    if (next != blocks.begin()) Q_EMIT block_chosen(*std::prev(next));
  }
}

void MapCanvas::mousePressEvent(QMouseEvent* event) {
  if (!scene_.of || event->button() != Qt::LeftButton) return;
  pressed_ = true;
  dragging_ = false;
  pressed_at_ = moved_to_ = event->position();
}

void MapCanvas::mouseMoveEvent(QMouseEvent* event) {
  if (!scene_.of) return;
  if (!pressed_) {
    const MapShape* shape = plot().contains(event->position()) ? shape_at(place_at(event->position())) : nullptr;
    const auto block = shape != nullptr && shape->count == 1 ? std::optional(shape->allocation) : std::nullopt;
    return hover(block);
  }
  const bool starts =
      !dragging_ && (event->position() - pressed_at_).manhattanLength() >= QApplication::startDragDistance();
  if (!dragging_ && !starts) return;
  dragging_ = true;
  setCursor(Qt::ClosedHandCursor);
  const Place from = place_at(moved_to_), to = place_at(event->position());
  moved_to_ = event->position();
  pan(from.event - to.event, from.bytes - to.bytes, starts);
}

void MapCanvas::mouseReleaseEvent(QMouseEvent* event) {
  if (!pressed_ || event->button() != Qt::LeftButton) return;
  pressed_ = false;
  unsetCursor();
  if (std::exchange(dragging_, false) || !plot().contains(event->position())) return;
  if (event->modifiers() & Qt::ShiftModifier) {
    const auto last = static_cast<double>(scene_.of->map.event_count() - 1);
    return Q_EMIT instant_chosen(
        static_cast<qlonglong>(std::clamp(std::floor(place_at(event->position()).event), 0.0, last)));
  }
  const auto block = block_at(event->position());
  block ? Q_EMIT block_chosen(*block) : Q_EMIT nothing_chosen();
}

void MapCanvas::mouseDoubleClickEvent(QMouseEvent*) { fit(); }

void MapCanvas::leaveEvent(QEvent*) { hover({}); }

// Only what is outlined, or was, is painted anew.
void MapCanvas::hover(std::optional<std::int64_t> block) {
  if (block == scene_.hovered) return;
  const QRectF place = plot();
  scene_.window = window();
  for (const auto& outlined : {std::exchange(scene_.hovered, block), block})
    if (outlined) update(outline_bounds(place, scene_, *outlined).toAlignedRect());
}

}  // namespace headroom::gui
