#include "gui/views/overview_card.h"

#include <QApplication>
#include <QGridLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QLabel* rich_label(const QString& rich, QWidget* parent) {
  auto* label = new QLabel(rich, parent);
  label->setTextFormat(Qt::RichText);
  label->setWordWrap(true);
  label->setTextInteractionFlags(Qt::TextBrowserInteraction);
  return label;
}

}  // namespace

QString soft(const QString& rich) {
  return QStringLiteral("<span style=\"color:%1\">%2</span>").arg(theme().soft.name(), rich);
}

QString escaped(const std::string& text) { return to_text(text).toHtmlEscaped(); }

QString link_to(const QString& to, const QString& text) {
  return QStringLiteral("<a href=\"%1\" style=\"color:%2\">%3</a>").arg(to, theme().accent.name(), text);
}

QString layer_link(const Breakdown& run, LayerId layer) {
  return link_to(QStringLiteral("layer:%1").arg(static_cast<qlonglong>(layer)), escaped(layer_path(run, layer)));
}

// Exact bytes when pointed at would hide them from the keyboard, so they stand beside the size.
QString bytes_value(std::int64_t bytes) {
  return QStringLiteral("%1 %2").arg(size_text(bytes), soft(exact_text(bytes)));
}

void scale_font(QWidget* widget, double factor, bool bold) {
  QFont font = widget->font();
  font.setPointSizeF(QApplication::font().pointSizeF() * factor);
  font.setBold(bold);
  widget->setFont(font);
}

QString card_style(const QColor& ground, const QColor& line) {
  return QStringLiteral("#card { background: %1; border: 1px solid %2; border-radius: 8px; }")
      .arg(ground.name(), line.name());
}

QLabel* badge(const QString& text, const QColor& colour, const QString& tip, QWidget* parent) {
  auto* label = new QLabel(text, parent);
  label->setToolTip(tip);
  label->setStyleSheet(QStringLiteral("color: %1; border: 1px solid %1; border-radius: 4px; padding: 1px 8px; "
                                      "font-weight: bold;")
                           .arg(colour.name()));
  return label;
}

QLabel* chip(const QString& text, QWidget* parent) {
  auto* label = new QLabel(text, parent);
  label->setStyleSheet(QStringLiteral("color: %1; background: %2; border-radius: 4px; padding: 2px 8px;")
                           .arg(theme().ink.name(), theme().band.name()));
  return label;
}

QWidget* figure(const QString& name, const QString& value, const QString& note, double size, QWidget* parent) {
  auto* frame = new QFrame(parent);
  frame->setObjectName(QStringLiteral("card"));
  frame->setStyleSheet(card_style(theme().panel, theme().line));
  auto* layout = new QVBoxLayout(frame);
  layout->setContentsMargins(14, 10, 14, 10);
  layout->setSpacing(2);
  auto* number = new QLabel(value, frame);
  scale_font(number, size, true);
  number->setTextInteractionFlags(Qt::TextSelectableByMouse);
  layout->addWidget(rich_label(soft(name), frame));
  layout->addWidget(number);
  layout->addWidget(rich_label(soft(note), frame));
  layout->addStretch(1);
  frame->setAccessibleName(QStringLiteral("%1: %2").arg(name, value));
  return frame;
}

OverviewCard::OverviewCard(const QString& heading, QWidget* parent) : QFrame(parent), layout_(new QVBoxLayout(this)) {
  setObjectName(QStringLiteral("card"));
  setStyleSheet(card_style(theme().panel, theme().line));
  setAccessibleName(heading);
  layout_->setContentsMargins(14, 12, 14, 12);
  layout_->setSpacing(8);
  if (heading.isEmpty()) return;
  auto* title = new QLabel(heading, this);
  scale_font(title, 1.1, true);
  layout_->addWidget(title);
}

void OverviewCard::add_text(const QString& rich) {
  QLabel* label = rich_label(rich, this);
  connect(label, &QLabel::linkActivated, this, &OverviewCard::link);
  layout_->addWidget(label);
}

void OverviewCard::add_widget(QWidget* widget) { layout_->addWidget(widget); }

void OverviewCard::add_pairs(const std::vector<std::pair<QString, QString>>& rows) {
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(16);
  grid->setVerticalSpacing(5);
  grid->setColumnStretch(1, 1);
  int row = 0;
  for (const auto& [name, value] : rows) {
    if (value.isEmpty()) continue;
    auto* title = new QLabel(soft(name), this);
    QLabel* label = rich_label(value, this);
    connect(label, &QLabel::linkActivated, this, &OverviewCard::link);
    grid->addWidget(title, row, 0, Qt::AlignTop | Qt::AlignLeft);
    grid->addWidget(label, row++, 1);
  }
  layout_->addLayout(grid);
}

}  // namespace headroom::gui
