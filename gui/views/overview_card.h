// What the overview is made of: cards with a heading, figures, badges, and their rich texts.
#pragma once

#include <QFrame>
#include <utility>
#include <vector>

#include "analysis/breakdown.h"

class QBoxLayout;
class QLabel;

namespace headroom::gui {

// Rich texts, in the colours of theme().
QString soft(const QString& rich);
QString escaped(const std::string& text);
QString link_to(const QString& to, const QString& text);  // `to` as in items/descriptions.h
QString layer_link(const Breakdown& run, LayerId layer);
QString bytes_value(std::int64_t bytes);  // size and exact bytes

void scale_font(QWidget* widget, double factor, bool bold);  // against the application's
QString card_style(const QColor& ground, const QColor& line);

QLabel* badge(const QString& text, const QColor& colour, const QString& tip, QWidget* parent);
QLabel* chip(const QString& text, QWidget* parent);
QWidget* figure(const QString& name, const QString& value, const QString& note, double size, QWidget* parent);

// A box with a heading; `link` tells of links in its texts.
class OverviewCard : public QFrame {
  Q_OBJECT

 public:
  OverviewCard(const QString& heading, QWidget* parent);

  void add_text(const QString& rich);  // wraps; can be selected
  void add_widget(QWidget* widget);
  void add_pairs(const std::vector<std::pair<QString, QString>>& rows);  // names and rich values

 Q_SIGNALS:
  void link(const QString& link);

 private:
  QBoxLayout* layout_;
};

}  // namespace headroom::gui
