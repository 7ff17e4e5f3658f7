// The KV cache of a run that generates: how it grew with each token, and what each layer keeps.
#pragma once

#include <QSortFilterProxyModel>

#include "gui/charts/growth_chart.h"
#include "gui/items/rows_model.h"
#include "gui/views/item_panel.h"
#include "gui/views/view.h"

class QLabel;

namespace headroom::gui {

// Two charts side by side: the cache after each step, and the peak within each. A step is chosen by clicking, or with
// the arrow keys.
class CacheCharts : public QWidget {
  Q_OBJECT

 public:
  explicit CacheCharts(QWidget* parent);

  void show_run(RunHandle run);  // null: none
  void mark(int step);           // -1: none

 Q_SIGNALS:
  void step_chosen(int step);  // index into steps()

 public:
  const std::vector<CacheStep>& steps() const { return steps_; }
  void paint(QPainter& painter, const QRectF& area) const;
  QSize sizeHint() const override { return {600, 240}; }
  QSize minimumSizeHint() const override { return {200, 200}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool event(QEvent* event) override;

 private:
  std::vector<GrowthChart> charts() const;
  std::vector<QRectF> places(const QRectF& area) const;
  int step_at(const QPointF& place) const;
  QString step_text(int step) const;

  RunHandle run_;
  std::vector<CacheStep> steps_;
  int marked_ = -1;
};

class Cache : public View {
  Q_OBJECT

 public:
  Cache(Session& session, QWidget* parent);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QSizeF page_size(double width) override;
  QAbstractItemModel* table() override { return sorted_; }
  Json state() const override { return {{"columns", panel_->state()}}; }
  void restore(const Json& state) override;
  bool begin_find() override { return panel_->begin_find(); }
  QString help() const override;
  CacheCharts* charts() { return charts_; }

 private:
  void refresh();
  void fill_rows(const RunHandle& run);
  void choose(const QModelIndex& index);
  void choose_step(int step);
  void show_chosen();
  QString summary() const;
  QString sentence() const;
  std::vector<LayerId> layers_;  // of each row

  QLabel* summary_;
  CacheCharts* charts_;
  ItemPanel* panel_;
  RowsModel* rows_;
  QSortFilterProxyModel* sorted_;
};

// The last event of a step of the run; absent where it has none.
std::optional<std::int64_t> last_event_of(const LoadedRun& run, std::int32_t step);

}  // namespace headroom::gui
