// What the newest estimate says: the peak as a large figure, its categories, and whether it fits.
#pragma once

#include <QWidget>
#include <optional>

#include "gui/running/run_result.h"

class QPainter;

namespace headroom::gui {

class EstimatePanel : public QWidget {
  Q_OBJECT

 public:
  explicit EstimatePanel(QWidget* parent = nullptr);

  // `device`: on which it was asked, as a person reads it; `note`: what else must be said of it.
  void show_result(const RunResult& result, const QString& device, const QString& note);
  void show_busy(int silent_seconds = 0);       // above 0: its run may hang
  void show_sentence(const QString& sentence);  // there is nothing to estimate
  const QString& text() const { return text_; }

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void describe();
  void draw_figure(QPainter& painter, const QRectF& area) const;
  void draw_bar(QPainter& painter, const QRectF& area) const;
  QString figure() const;
  QString verdict() const;
  QString difference() const;

  std::optional<RunResult> result_, before_;
  QString device_, note_, sentence_, text_;
  bool busy_ = false;
  int silent_seconds_ = 0;
};

}  // namespace headroom::gui
