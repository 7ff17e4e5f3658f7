#include "gui/views/category_bar.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>
#include <algorithm>

#include "gui/charts/axis.h"
#include "gui/views/places.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/categories.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

constexpr double kGap = 10, kSwatch = 11;

}  // namespace

CategoryBar::CategoryBar(const CategoryBytes& bytes, QWidget* parent) : QWidget(parent) {
  const auto whole = static_cast<double>(sum(bytes));
  QStringList texts;
  for (std::size_t c = 0; c < kCategoryCount; ++c) {
    if (bytes[c] <= 0) continue;
    parts_.push_back({static_cast<Category>(c), bytes[c], static_cast<double>(bytes[c]) / whole});
    texts << tr("%1 %2").arg(title_of(parts_.back().category), size_and_exact(bytes[c]));
  }
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(tr("Categories at the peak"));
  setAccessibleDescription(texts.join(QStringLiteral(", ")));
}

double CategoryBar::row_height() const { return fontMetrics().height() + 9; }

QSize CategoryBar::sizeHint() const {
  return {360, static_cast<int>(bar().height() + kGap + row_height() * static_cast<double>(parts_.size()))};
}

QSize CategoryBar::minimumSizeHint() const { return {240, sizeHint().height()}; }

QRectF CategoryBar::bar() const { return {1, 1, width() - 2.0, fontMetrics().height() * 1.7}; }

QRectF CategoryBar::row(std::size_t part) const {
  return {0, bar().bottom() + kGap + row_height() * static_cast<double>(part), static_cast<double>(width()),
          row_height()};
}

int CategoryBar::part_at(const QPointF& place) const {
  double x = bar().left();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const double width = bar().width() * parts_[i].share;
    const QRectF in_bar(x, bar().top(), width, bar().height());
    if (in_bar.contains(place) || row(i).contains(place)) return static_cast<int>(i);
    x += width;
  }
  return -1;
}

void CategoryBar::draw_bar(QPainter& painter) const {
  painter.save();
  QPainterPath round;
  round.addRoundedRect(bar(), 5, 5);
  painter.setClipPath(round);
  double x = bar().left();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const QRectF part(x, bar().top(), bar().width() * parts_[i].share, bar().height());
    QColor colour = theme().category(parts_[i].category);
    painter.fillRect(part, colour);
    painter.fillRect(QRectF(part.right() - 1, part.top(), 1, part.height()), theme().panel);
    painter.setPen(Theme::ink_on(colour));
    painter.drawText(part.adjusted(6, 0, -6, 0), Qt::AlignLeft | Qt::AlignVCenter,
                     part.width() < 60 ? QString() : fitted(painter, size_text(parts_[i].bytes), part.width() - 12));
    x += part.width();
  }
  painter.restore();
}

void CategoryBar::draw_row(QPainter& painter, std::size_t part) const {
  const QRectF area = row(part);
  if (static_cast<int>(part) == pointed_) {
    painter.setPen(hasFocus() ? QPen(theme().accent, 1) : QPen(Qt::NoPen));
    painter.setBrush(theme().band);
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
  }
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme().category(parts_[part].category));
  painter.drawRoundedRect(QRectF(6, area.center().y() - kSwatch / 2, kSwatch, kSwatch), 2, 2);
  const QRectF inner = area.adjusted(kSwatch + 14, 0, -8, 0);
  const double share = painter.fontMetrics().horizontalAdvance(QStringLiteral("100.0 %")) + 8;
  const double size = painter.fontMetrics().horizontalAdvance(QStringLiteral("1023.99 MiB")) + 8;
  painter.setPen(theme().ink);
  painter.drawText(inner, Qt::AlignLeft | Qt::AlignVCenter,
                   fitted(painter, title_of(parts_[part].category), inner.width() - share - size));
  painter.drawText(inner.adjusted(0, 0, -share, 0), Qt::AlignRight | Qt::AlignVCenter, size_text(parts_[part].bytes));
  painter.setPen(theme().soft);
  painter.drawText(inner, Qt::AlignRight | Qt::AlignVCenter, percent_text(100 * parts_[part].share));
}

void CategoryBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  draw_bar(painter);
  for (std::size_t i = 0; i < parts_.size(); ++i) draw_row(painter, i);
}

void CategoryBar::point_at(int part) {
  if (part == pointed_) return;
  pointed_ = part;
  setCursor(part < 0 ? Qt::ArrowCursor : Qt::PointingHandCursor);
  update();
}

void CategoryBar::mouseMoveEvent(QMouseEvent* event) { point_at(part_at(event->position())); }

void CategoryBar::mousePressEvent(QMouseEvent* event) {
  if (const int part = part_at(event->position()); part >= 0)
    Q_EMIT chosen(parts_[static_cast<std::size_t>(part)].category);
}

void CategoryBar::keyPressEvent(QKeyEvent* event) {
  const int last = static_cast<int>(parts_.size()) - 1;
  if (event->key() == Qt::Key_Down || event->key() == Qt::Key_Right) return point_at(std::min(pointed_ + 1, last));
  if (event->key() == Qt::Key_Up || event->key() == Qt::Key_Left) return point_at(std::max(pointed_ - 1, 0));
  const bool chooses = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space;
  if (!chooses || pointed_ < 0) return QWidget::keyPressEvent(event);
  Q_EMIT chosen(parts_[static_cast<std::size_t>(pointed_)].category);
}

bool CategoryBar::event(QEvent* event) {
  if (event->type() == QEvent::Leave && !hasFocus()) point_at(-1);
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const int part = part_at(help->pos());
  const QString text = part < 0 ? QString()
                                : tr("%1: %2\n%3")
                                      .arg(title_of(parts_[static_cast<std::size_t>(part)].category),
                                           exact_text(parts_[static_cast<std::size_t>(part)].bytes),
                                           meaning_of(parts_[static_cast<std::size_t>(part)].category));
  QToolTip::showText(help->globalPos(), text, this);
  return true;
}

}  // namespace headroom::gui
