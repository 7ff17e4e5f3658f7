// The cards of the overview, made anew for each run: in one column or two, as wide as there is room.
#pragma once

#include <QWidget>
#include <vector>

#include "gui/session/session.h"

class QBoxLayout;
class QGridLayout;

namespace headroom::gui {

class OverviewCard;

class OverviewPage : public QWidget {
  Q_OBJECT

 public:
  // For a picture there is nothing to press, and nothing scrolls.
  OverviewPage(const LoadedRun& run, bool for_picture, QWidget* parent);

 Q_SIGNALS:
  void link(const QString& link);  // as in items/descriptions.h
  void copied(const QString& what);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  OverviewCard* card(const QString& heading);
  void add_head(const LoadedRun& run);
  void add_outcome(const LoadedRun& run);
  void add_figures(const LoadedRun& run);
  void add_categories(const LoadedRun& run);
  void add_shortfall(const LoadedRun& run);
  void add_place(const LoadedRun& run);
  void add_steps(const LoadedRun& run);
  void add_allocator(const LoadedRun& run);
  void add_forms(const LoadedRun& run);
  void add_remarks(const LoadedRun& run);
  void add_environment(const LoadedRun& run);
  void add_command(const LoadedRun& run, bool for_picture);
  void arrange(int width);

  QBoxLayout* layout_;
  QGridLayout* grid_;
  std::vector<QWidget*> figures_;
  QGridLayout* figure_grid_;
  std::vector<OverviewCard*> cards_;
  int columns_ = 0, figure_columns_ = 0;
};

}  // namespace headroom::gui
