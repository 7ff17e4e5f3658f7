// What is live at the peak, or at the chosen instant, as areas: by category, layer and tensor.
#pragma once

#include <QStringList>

#include "gui/charts/treemap_picture.h"
#include "gui/items/rows_model.h"
#include "gui/views/background.h"
#include "gui/views/view.h"

class QCheckBox;
class QComboBox;
class QLabel;

namespace headroom::gui {

class FlowLayout;
class TreemapCanvas;

class TreemapView : public View {
  Q_OBJECT

 public:
  TreemapView(Session& session, QWidget* parent);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QAbstractItemModel* table() override;  // every node
  bool is_settled() const override { return !work_.is_busy(); }
  Json state() const override;
  void restore(const Json& state) override;
  bool uses_filter() const override { return true; }
  bool zoom_to_fit() override;
  bool undo_zoom() override;
  QString help() const override;

 protected:
  void showEvent(QShowEvent*) override;
  void changeEvent(QEvent* event) override;

 private:
  QWidget* make_bar();
  TreemapOrder order_chosen() const;
  void show_current();
  void follow_selection();
  void refresh();  // another run, instant or order
  std::shared_ptr<const TreemapOfRun> make_now();
  void take(std::shared_ptr<const TreemapOfRun> of);
  std::vector<bool> lit_nodes(const TreemapOfRun& of);
  void look_at(std::uint32_t node);
  void choose(std::uint32_t node);
  void show_crumbs();
  void describe();
  QString where() const;  // "1.87 GiB at the peak, in backward of step 1"
  std::uint32_t node_at(const QStringList& names) const;
  QStringList names_of_root() const;

  TreemapCanvas* canvas_;
  QComboBox* order_;
  QCheckBox* fold_;
  QLabel* where_;
  QWidget* crumbs_;
  FlowLayout* crumb_row_;
  RowsModel table_;
  RunHandle run_;
  std::shared_ptr<const TreemapOfRun> of_;
  std::optional<std::int64_t> event_;  // of of_ as it was chosen
  QStringList wanted_;                 // the root's path, once there is a tree
  Background work_;
};

}  // namespace headroom::gui
