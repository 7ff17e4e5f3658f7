// The memory of a run over its events or over time, stacked by what it was for.
#pragma once

#include <optional>

#include "gui/items/rows_model.h"
#include "gui/views/background.h"
#include "gui/views/timeline_canvas.h"
#include "gui/views/view.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QToolButton;

namespace headroom::gui {

class Timeline : public View {
  Q_OBJECT

 public:
  Timeline(Session& session, QWidget* parent);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QAbstractItemModel* table() override;
  bool is_settled() const override { return !background_.is_busy(); }
  Json state() const override;
  void restore(const Json& state) override;
  bool uses_filter() const override { return true; }
  bool zoom_by(double factor) override { return canvas_->zoom_by(factor); }
  bool zoom_to_fit() override { return canvas_->zoom_to_fit(); }
  bool undo_zoom() override { return canvas_->undo_zoom(); }
  QString help() const override;

  TimelineCanvas* canvas() { return canvas_; }

 protected:
  void changeEvent(QEvent* event) override;

 private:
  QWidget* make_zoom_buttons();
  QToolButton* add_button(QLayout* row, const QString& text, const QString& tip);
  void build_controls();
  void connect_controls();
  void show_current();
  void show_truth();
  void follow_selection();
  void start_share();
  void choose_instant(std::int64_t event);
  void apply_wanted_range();
  QString hint() const;

  TimelineCanvas* canvas_;
  QComboBox *stacking_, *axis_;
  QCheckBox* fit_height_;
  QLabel* truth_;
  RowsModel table_;
  ShareCurve share_;
  std::optional<Chosen> share_of_;                   // what share_ is of, or will be
  std::optional<std::pair<double, double>> wanted_;  // a range to show once there is a run
  Background background_;
};

}  // namespace headroom::gui
