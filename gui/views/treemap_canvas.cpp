#include "gui/views/treemap_canvas.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPaintEvent>
#include <QToolTip>
#include <algorithm>
#include <utility>

#include "gui/charts/column_image.h"
#include "gui/items/block_words.h"
#include "gui/views/emptiness.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

std::uint32_t parent_of(const TreemapScene& scene, const TreemapCell& cell) {
  return cell.is_group() ? cell.node : scene.of->tree.nodes[cell.node].parent;
}

}  // namespace

TreemapCanvas::TreemapCanvas(QWidget* parent) : QWidget(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setMinimumSize(240, 160);
  setAttribute(Qt::WA_OpaquePaintEvent);
  setAccessibleName(tr("Treemap"));
}

void TreemapCanvas::say(const QString& sentence) {
  sentence_ = sentence;
  scene_ = {};
  root_ = 0;
  setAccessibleDescription(sentence);
  redraw();
}

void TreemapCanvas::show_tree(std::shared_ptr<const TreemapOfRun> of, std::vector<bool> lit, std::uint32_t root) {
  sentence_.clear();
  const std::uint32_t left = of == scene_.of ? root_ : 0;
  scene_ = {.of = std::move(of), .lit = std::move(lit)};
  root_ = root;
  lay_out_again();
  for (std::size_t i = 1; i < scene_.cells.size() && left != 0; ++i)  // coming out, what one was in is found again
    if (scene_.cells[i].node == left && !scene_.cells[i].is_group()) scene_.cursor = i;
}

void TreemapCanvas::light(std::vector<bool> lit) {
  scene_.lit = std::move(lit);
  redraw();
}

void TreemapCanvas::lay_out_again() {
  scene_.hovered.reset();
  scene_.cursor.reset();
  if (scene_.of) {
    const Box box{8, 4, std::max(1.0, width() - 16.0), std::max(1.0, height() - 12.0)};
    scene_.cells = lay_out(scene_.of->tree, root_, box, treemap_style(QFontMetricsF(font())));
  }
  redraw();
}

void TreemapCanvas::redraw() {
  picture_is_old_ = true;
  update();
}

void TreemapCanvas::put_cursor_on(std::optional<std::int64_t> allocation) {
  if (!scene_.of || !allocation) return;
  for (std::size_t i = 0; i < scene_.cells.size(); ++i)
    if (!scene_.cells[i].is_group() && scene_.of->tree.nodes[scene_.cells[i].node].allocation == *allocation)
      scene_.cursor = i;
  update();
}

// Children come after their parents, so the last one is the innermost.
std::optional<std::size_t> TreemapCanvas::cell_at(const QPointF& p) const {
  for (std::size_t i = scene_.cells.size(); i-- > 0;) {
    const Box& box = scene_.cells[i].box;
    if (p.x() >= box.left && p.x() < box.right() && p.y() >= box.top && p.y() < box.bottom()) return i;
  }
  return std::nullopt;
}

QString TreemapCanvas::tooltip_of(std::size_t index) const {
  const TreemapCell& cell = scene_.cells[index];
  const TreemapNode& node = scene_.of->tree.nodes[cell.node];
  const Breakdown& run = scene_.of->run->breakdown;
  if (node.kind == TreemapKind::tensor && !cell.is_group())
    return block_tooltip(run, run.allocations[static_cast<std::size_t>(node.allocation)]);
  const double share = 100.0 * static_cast<double>(cell.bytes) /
                       static_cast<double>(std::max<std::int64_t>(1, scene_.of->tree.nodes[0].bytes));
  const QString blocks = cell.is_group() ? tr("%1 parts too small to be seen here").arg(count_text(cell.group_count))
                                         : tr("%1 blocks").arg(count_text(node.block_count));
  return tr("<p style='white-space:pre'><b>%1</b><br>%2<br>%3 of all that is live<br>%4</p>")
      .arg(node_path(*scene_.of, cell.node).toHtmlEscaped(), size_and_exact(cell.bytes), percent_text(share), blocks);
}

bool TreemapCanvas::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    auto* help = static_cast<QHelpEvent*>(event);
    const auto cell = cell_at(help->pos());
    cell ? QToolTip::showText(help->globalPos(), tooltip_of(*cell), this) : QToolTip::hideText();
    return true;
  }
  if (event->type() == QEvent::FontChange) lay_out_again();
  if (event->type() == QEvent::PaletteChange) redraw();
  return QWidget::event(event);
}

void TreemapCanvas::draw_picture(QPainter& painter) {
  const QRect root = scene_.cells.empty() ? QRect() : treemap_area(scene_).toAlignedRect();
  for (const QRect& around : QRegion(rect()).subtracted(root.adjusted(1, 1, -1, -1)))
    painter.fillRect(around, theme().panel);
  paint_treemap(painter, scene_);
}

// A new picture is painted where it is seen; what follows the pointer is painted from one that is kept.
void TreemapCanvas::paint_picture(QPainter& painter, const QRegion& region) {
  const double ratio = devicePixelRatioF();
  const bool is_whole = QRegion(rect()).subtracted(region).isEmpty();
  if (picture_is_old_ && is_whole && is_on_pixels(painter, rect())) return draw_picture(painter);
  if (const QSize wanted = size() * ratio; picture_.size() != wanted) {
    picture_ = QImage(wanted, QImage::Format_RGB32);
    picture_is_old_ = true;
  }
  if (std::exchange(picture_is_old_, false)) {
    picture_.setDevicePixelRatio(ratio);
    QPainter drawing(&picture_);
    drawing.setFont(font());
    draw_picture(drawing);
  }
  painter.drawImage(0, 0, picture_);
}

void TreemapCanvas::paintEvent(QPaintEvent* event) {
  QPainter painter(this);
  if (!scene_.of) {
    painter.fillRect(rect(), theme().panel);
    return paint_sentence(painter, rect(), sentence_);
  }
  paint_picture(painter, event->region());
  paint_treemap_marks(painter, scene_);
  if (!hasFocus()) return;
  painter.setPen(QPen(theme().accent, 2));
  painter.drawRect(QRectF(rect()).adjusted(7, 3, -7, -7));
}

void TreemapCanvas::resizeEvent(QResizeEvent*) { lay_out_again(); }

void TreemapCanvas::move_to(std::size_t cell) {
  scene_.cursor = cell;
  update();
  if (!scene_.cells[cell].is_group()) Q_EMIT node_chosen(scene_.cells[cell].node);
}

void TreemapCanvas::move_cursor(int by) {
  if (scene_.cells.size() < 2) return;
  if (!scene_.cursor || *scene_.cursor == 0) return move_to(1);
  const std::uint32_t parent = parent_of(scene_, scene_.cells[*scene_.cursor]);
  std::size_t at = *scene_.cursor;
  do {
    at = (at + scene_.cells.size() + static_cast<std::size_t>(by)) % scene_.cells.size();
  } while (at != *scene_.cursor && (at == 0 || parent_of(scene_, scene_.cells[at]) != parent));
  move_to(at);
}

// The node, or the one that holds it where it has nothing inside.
void TreemapCanvas::enter(std::size_t index) {
  const TreemapCell& cell = scene_.cells[index];
  const TreemapNode& node = scene_.of->tree.nodes[cell.node];
  const std::uint32_t wanted = node.children.empty() ? node.parent : cell.node;
  if (wanted != root_) Q_EMIT root_wanted(wanted);
}

void TreemapCanvas::leave_root() {
  if (root_ != 0) return Q_EMIT root_wanted(scene_.of->tree.nodes[root_].parent);
  scene_.cursor.reset();
  update();
  Q_EMIT nothing_chosen();
}

void TreemapCanvas::keyPressEvent(QKeyEvent* event) {
  if (!scene_.of) return QWidget::keyPressEvent(event);
  switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Up:
      return move_cursor(-1);
    case Qt::Key_Right:
    case Qt::Key_Down:
      return move_cursor(1);
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (scene_.cursor) enter(*scene_.cursor);
      return;
    case Qt::Key_Backspace:
    case Qt::Key_Escape:
      return leave_root();
    default:
      QWidget::keyPressEvent(event);
  }
}

void TreemapCanvas::mouseMoveEvent(QMouseEvent* event) { hover(cell_at(event->position())); }

void TreemapCanvas::hover(std::optional<std::size_t> cell) {
  if (cell == scene_.hovered) return;
  for (const auto& marked : {std::exchange(scene_.hovered, cell), cell})
    if (marked) update(treemap_mark_bounds(scene_, *marked).toAlignedRect());
}

void TreemapCanvas::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || !scene_.of) return;
  if (const auto cell = cell_at(event->position())) move_to(*cell);
}

void TreemapCanvas::mouseDoubleClickEvent(QMouseEvent* event) {
  if (!scene_.of) return;
  if (const auto cell = cell_at(event->position())) enter(*cell);
}

void TreemapCanvas::leaveEvent(QEvent*) { hover(std::nullopt); }

}  // namespace headroom::gui
