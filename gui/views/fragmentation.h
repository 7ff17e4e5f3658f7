// What keeps reserved memory from being given back: the segments at the peak of reserved memory, the blocks that pin
// them, and what other settings of the allocator would have reserved.
#pragma once

#include "gui/items/rows_model.h"
#include "gui/views/view.h"
#include "reports/fragmentation.h"

class QLabel;
class QSplitter;
class QStackedWidget;
class QTableView;

namespace headroom::gui {

class SegmentTable;

class FragmentationView : public View {
  Q_OBJECT

 public:
  FragmentationView(Session& session, QWidget* parent);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QSizeF page_size(double width) override;
  QAbstractItemModel* table() override { return &segments_; }
  Json state() const override;
  void restore(const Json& state) override;
  bool uses_filter() const override { return true; }
  QString help() const override;

 protected:
  void changeEvent(QEvent* event) override;

 private:
  QWidget* make_content();
  void show_current();
  void fill_segments();
  void fill_replays();
  void follow_selection();
  QString nothing() const;  // why there are no segments; empty: there are
  QString summary() const;
  QString remarks() const;  // on the replays
  QString pinned_by(const SegmentView& segment) const;
  double paint_segments(QPainter& painter, const QRectF& area) const;
  double text_height(const QFont& font, const QString& text, double width) const;

  QStackedWidget* pages_;
  QLabel *sentence_, *summary_, *remarks_;
  QWidget* figures_;
  QSplitter* parts_;
  SegmentTable* list_;
  QTableView* replay_list_;
  RowsModel segments_, replays_;
  FragmentationReport report_;  // of the replays alone
  std::vector<const AllocatorReplay*> ranked_;
  RunHandle run_;
};

}  // namespace headroom::gui
