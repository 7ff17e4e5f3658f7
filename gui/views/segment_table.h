// The segments of reserved memory as a list, each drawn to scale; its blocks can be pointed at and stepped through.
#pragma once

#include <QTableView>

#include "gui/charts/segment_picture.h"

namespace headroom::gui {

class SegmentTable : public QTableView {
  Q_OBJECT

 public:
  explicit SegmentTable(QWidget* parent);

  // The model's rows are the segments of the run's fragmentation, column 0 is the picture. Null: none.
  void show_run(RunHandle run);
  void mark(SegmentMarks marks);
  const SegmentMarks& marks() const { return marks_; }

  void paint_picture(QPainter& painter, const QRect& cell, int row) const;  // for the delegate

 Q_SIGNALS:
  void block_chosen(qlonglong allocation);

 protected:
  bool viewportEvent(QEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  const SegmentView* segment_at(int row) const;
  std::optional<std::int64_t> block_at(const QPoint& position) const;
  void step(int direction);

  RunHandle run_;
  SegmentMarks marks_;
};

// Where the picture of a segment lies in its cell. Each has its own scale, for the largest one would leave no room.
QRectF segment_rect(const QRectF& cell);

}  // namespace headroom::gui
