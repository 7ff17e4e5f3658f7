// The map of what fits: a click and the arrow keys choose a cell, Enter and a double click open its run, page up and
// down want another GPU.
#pragma once

#include <QWidget>
#include <optional>

#include "gui/running/fit_search.h"

namespace headroom::gui {

struct FitChart;

class FitCanvas : public QWidget {
  Q_OBJECT

 public:
  explicit FitCanvas(const FitSearch& search, QWidget* parent = nullptr);

  std::optional<FitCell> chosen() const { return chosen_; }
  void choose(std::optional<FitCell> cell);
  QRectF rect_of(FitCell cell) const;  // in the widget
  FitChart chart() const;
  QString describe(FitCell cell) const;

 Q_SIGNALS:
  void cell_chosen(FitCell cell);  // by the user
  void cell_opened(FitCell cell);
  void gpu_wanted(int further);  // 1: the next one of the catalogue, -1: the one before

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool event(QEvent* event) override;

 private:
  QRectF plot() const;
  void pick(FitCell cell);

  const FitSearch& search_;
  std::optional<FitCell> chosen_;
};

}  // namespace headroom::gui
