// All runs that are open beside each other: their peaks as bars on one scale, what each saves against the baseline,
// layer by layer, and in the tables of the paper on attention with multiple-head embeddings.
#pragma once

#include "gui/charts/comparison_bars.h"
#include "gui/items/compared_runs.h"
#include "gui/items/signed_rows_model.h"
#include "gui/views/background.h"
#include "gui/views/view.h"

class QComboBox;
class QLabel;
class QScrollArea;
class QTabWidget;
class QTableView;

namespace headroom::gui {

class ComparisonCanvas;

class ComparisonView : public View {
  Q_OBJECT

 public:
  ComparisonView(Session& session, QWidget* parent);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QSizeF page_size(double width) override;
  QAbstractItemModel* table() override { return &savings_; }
  bool is_settled() const override { return !background_.is_busy(); }
  Json state() const override;
  void restore(const Json& state) override;
  QString help() const override;

  ComparisonCanvas* canvas() { return canvas_; }
  QAbstractItemModel* layers() { return &layers_; }
  QAbstractItemModel* paper() { return &paper_; }

 private:
  void make_controls();
  void make_tables();
  QTableView* add_table(QAbstractItemModel& model, const QString& title, const QString& about);
  void refresh();  // adds up anew
  void show_result(ComparedRuns runs);
  void show_in_order();
  ComparisonChart chart() const;
  QString remark() const;
  void choose(int bar, bool as_baseline);
  RunOrder order() const;

  Background background_;
  ComparedRuns added_up_;     // in the session's order
  ComparedRunsHandle shown_;  // as ordered; never null
  SignedRowsModel savings_, layers_, paper_;
  QComboBox* order_;
  QLabel* remark_;
  ComparisonCanvas* canvas_;
  QScrollArea* bars_ = nullptr;
  QTabWidget* tabs_;
};

}  // namespace headroom::gui
