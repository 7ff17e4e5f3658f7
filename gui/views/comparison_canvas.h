// The runs of a comparison as bars that are chosen by mouse and keyboard.
#pragma once

#include <QWidget>

#include "gui/charts/comparison_bars.h"

namespace headroom::gui {

class ComparisonCanvas : public QWidget {
  Q_OBJECT

 public:
  explicit ComparisonCanvas(QWidget* parent = nullptr);

  void set_chart(ComparisonChart chart);
  const ComparisonChart& chart() const { return chart_; }
  int focused() const { return focused_; }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {320, sizeHint().height()}; }

 Q_SIGNALS:
  void run_chosen(int bar);  // to be the current one
  void baseline_chosen(int bar);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void changeEvent(QEvent* event) override;
  bool event(QEvent* event) override;

 private:
  ComparisonLayout layout_now() const;
  void focus_on(int bar);
  void describe();
  QString tooltip(const ComparisonHit& hit) const;

  ComparisonChart chart_;
  int focused_ = 0, hovered_ = -1;
};

}  // namespace headroom::gui
