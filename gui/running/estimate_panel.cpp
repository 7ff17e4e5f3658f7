#include "gui/running/estimate_panel.h"

#include <QEvent>
#include <QPainter>
#include <algorithm>

#include "gui/charts/axis.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kBarHeight = 22, kPad = 14;

QFont large(const QFont& font) {
  QFont big = font;
  big.setPointSizeF(font.pointSizeF() * 2.4);
  big.setWeight(QFont::DemiBold);
  return big;
}

}  // namespace

EstimatePanel::EstimatePanel(QWidget* parent) : QWidget(parent) {
  setAccessibleName(tr("Estimate"));
  show_sentence(tr("Choose a model."));
}

void EstimatePanel::show_result(const RunResult& result, const QString& device, const QString& note) {
  if (result_ && !(*result_ == result)) before_ = result_;
  result_ = result;
  device_ = device;
  note_ = note;
  sentence_.clear();
  busy_ = false;
  describe();
}

void EstimatePanel::show_busy(int silent_seconds) {
  busy_ = true;
  silent_seconds_ = silent_seconds;
  sentence_.clear();
  describe();
}

void EstimatePanel::show_sentence(const QString& sentence) {
  sentence_ = sentence;
  busy_ = false;
  describe();
}

QString EstimatePanel::figure() const {
  if (!result_ || result_->kind == RunResult::Kind::failed) return busy_ ? tr("…") : QString();
  if (result_->fits()) return size_text(result_->allocated_bytes);
  return tr("> %1").arg(size_text(result_->device_bytes));
}

QString EstimatePanel::difference() const {
  if (busy_ || !result_ || !before_ || !result_->fits() || !before_->fits()) return {};
  const std::int64_t bytes = result_->allocated_bytes - before_->allocated_bytes;
  if (bytes == 0) return tr("as before");
  return tr("%1%2 than before").arg(size_text(std::abs(bytes)), bytes > 0 ? tr(" more") : tr(" less"));
}

QString EstimatePanel::verdict() const {
  if (busy_ && silent_seconds_ > 0)
    return tr("no sign of life for %1 s; any change here ends that run and asks again").arg(silent_seconds_);
  if (busy_) return tr("a virtual run is being made …");
  if (!result_) return {};
  if (result_->kind == RunResult::Kind::failed) return to_text(result_->message);
  if (!result_->fits()) return tr("✕ does not fit on %1: %2").arg(device_, to_text(result_->message));
  if (result_->device_bytes <= 0) return {};
  return tr("✓ fits on %1, reserves %2, leaves %3")
      .arg(device_, size_text(result_->reserved_bytes), size_text(result_->left_bytes()));
}

void EstimatePanel::describe() {
  QStringList parts;
  if (!sentence_.isEmpty()) {
    parts.append(sentence_);
  } else {
    if (!figure().isEmpty()) parts.append(tr("%1 peak allocated, virtual").arg(figure()));
    for (const QString& part : {difference(), verdict(), note_})
      if (!part.isEmpty()) parts.append(part);
  }
  text_ = parts.join(QStringLiteral("; "));
  setAccessibleDescription(text_);
  setToolTip(
      result_ && result_->fits() && sentence_.isEmpty()
          ? tr("Peak allocated %1\nPeak reserved %2\nat %3")
                .arg(exact_text(result_->allocated_bytes), exact_text(result_->reserved_bytes), to_text(result_->place))
          : QString());
  update();
}

QSize EstimatePanel::sizeHint() const {
  const QFontMetricsF big(large(font())), small(font());
  return {480, static_cast<int>(2 * kPad + big.height() + kBarHeight + 3 * small.height() + 18)};
}

QSize EstimatePanel::minimumSizeHint() const { return {320, sizeHint().height()}; }

void EstimatePanel::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) updateGeometry();
  QWidget::changeEvent(event);
}

void EstimatePanel::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(theme().line, 1));
  painter.setBrush(theme().panel);
  painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
  const QRectF inner = QRectF(rect()).adjusted(kPad, kPad, -kPad, -kPad);
  if (!sentence_.isEmpty()) {
    painter.setPen(theme().soft);
    painter.drawText(inner, Qt::AlignCenter | Qt::TextWordWrap, sentence_);
    return;
  }
  painter.setOpacity(busy_ ? 0.55 : 1);
  draw_figure(painter, inner);
  if (result_ && result_->kind != RunResult::Kind::failed) {
    const double top = QFontMetricsF(large(font())).height() + QFontMetricsF(font()).height() + 8;
    draw_bar(painter, inner.adjusted(0, top, 0, 0));
  }
}

void EstimatePanel::draw_figure(QPainter& painter, const QRectF& area) const {
  const QFontMetricsF big(large(font())), small(font());
  painter.setFont(large(font()));
  painter.setPen(result_ && result_->kind == RunResult::Kind::oom ? theme().bad : theme().ink);
  const QString number = figure();
  painter.drawText(QPointF(area.left(), area.top() + big.ascent()), number);
  double x = area.left() + big.horizontalAdvance(number) + (number.isEmpty() ? 0 : 12);
  painter.setFont(font());
  const double baseline = area.top() + big.ascent();
  const auto word = [&](const QString& text, const QColor& colour) {
    painter.setPen(colour);
    painter.drawText(QPointF(x, baseline), fitted(painter, text, area.right() - x));
    x += small.horizontalAdvance(text) + 12;
  };
  if (!number.isEmpty()) {
    word(tr("peak allocated"), theme().soft);
    word(tr("virtual"), theme().virtual_word);
  }
  word(difference(), difference().contains(tr(" less")) ? theme().good : theme().soft);
  const bool bad = result_ && !result_->fits() && !busy_;
  painter.setPen(bad ? theme().bad : theme().ink);
  const QRectF line(area.left(), area.top() + big.height() + 2, area.width(), small.height());
  painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, fitted(painter, verdict(), line.width()));
}

// The categories at the peak, on the scale of the device where it is near that.
void EstimatePanel::draw_bar(QPainter& painter, const QRectF& area) const {
  const QRectF bar(area.left(), area.top(), area.width(), kBarHeight);
  const auto whole = static_cast<double>(std::max<std::int64_t>(result_->device_bytes, result_->allocated_bytes));
  if (whole <= 0) return;
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme().band);
  painter.drawRoundedRect(bar, 3, 3);
  double x = bar.left();
  std::vector<LegendEntry> legend;
  for (std::size_t i = 0; i < kCategoryCount; ++i) {
    const std::int64_t bytes = result_->categories[i];
    if (bytes <= 0) continue;
    const double width = bar.width() * static_cast<double>(bytes) / whole;
    painter.fillRect(QRectF(x, bar.top(), width, bar.height()), theme().categories[i]);
    x += width;
    legend.push_back(
        {theme().categories[i], QStringLiteral("%1 %2").arg(title_of(static_cast<Category>(i)), size_text(bytes))});
  }
  const double reserved = bar.left() + bar.width() * static_cast<double>(result_->reserved_bytes) / whole;
  painter.setPen(QPen(theme().ink, 1.5));
  if (result_->reserved_bytes > 0)
    painter.drawLine(QPointF(reserved, bar.top() - 2), QPointF(reserved, bar.bottom() + 2));
  draw_legend(painter, QRectF(bar.left(), bar.bottom() + 6, bar.width(), area.bottom() - bar.bottom()), legend);
  if (note_.isEmpty()) return;
  painter.setPen(theme().soft);
  painter.drawText(area, Qt::AlignLeft | Qt::AlignBottom, fitted(painter, note_, area.width()));
}

}  // namespace headroom::gui
