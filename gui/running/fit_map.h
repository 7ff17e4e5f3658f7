// What fits: batch against sequence length on one GPU, each cell a run that was made; what a GPU holds at most; and the
// exact result of any size.
#pragma once

#include "gui/items/rows_model.h"
#include "gui/running/fit_canvas.h"
#include "gui/running/fit_search.h"
#include "gui/running/fit_sizes.h"
#include "gui/running/largest_batches.h"
#include "gui/views/view.h"

class QComboBox;
class QLabel;
class QPushButton;
class QTableView;

namespace headroom::gui {

class FitMap : public View {
  Q_OBJECT

 public:
  FitMap(Session& session, QWidget* parent);

  void show_spec(const RunSpec& spec);  // whichever run is current
  const RunSpec& spec() const { return search_.spec(); }
  FitSearch& search() { return search_; }
  LargestBatches& batches() { return batches_; }
  FitCanvas& canvas() { return *canvas_; }
  QString exact_text() const;

  void paint_page(QPainter& painter, const QRectF& page) override;
  QAbstractItemModel* table() override { return &table_; }
  bool is_settled() const override;
  Json state() const override;
  void restore(const Json& state) override;
  QString help() const override;

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  void arrange();
  QWidget* make_controls();
  QWidget* make_result();
  QWidget* make_batches();
  void connect_parts();
  void connect_sizes();
  void follow_current();
  void set_spec(RunSpec spec);
  void choose_device(const std::string& device);
  void choose_sizes(std::int64_t batch, std::int64_t seq);
  void ask_exact();
  void show_exact();
  void open_exact();
  void update_words();
  QString title() const;
  std::int64_t batch() const;
  std::int64_t seq() const;

  FitSearch search_;
  LargestBatches batches_;
  Estimate exact_;
  RowsModel table_;
  FitCanvas* canvas_;
  QLabel *title_, *sentence_, *progress_, *trouble_, *hint_, *result_;
  QWidget* body_;
  QComboBox* device_;
  QPushButton *find_, *open_, *find_largest_, *choose_program_;
  FitSizes* sizes_;
  QTableView* gpus_;
  bool own_spec_ = false;  // of somebody who asked; the current run does not replace it until another is chosen
};

}  // namespace headroom::gui
