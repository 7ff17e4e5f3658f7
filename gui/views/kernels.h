// What the driver saw of a run: its kernels, the work of each layer and phase, and memory that was asked of the driver.
#pragma once

#include <QSortFilterProxyModel>

#include "gui/items/rows_model.h"
#include "gui/views/item_panel.h"
#include "gui/views/view.h"

class QLabel;
class QStackedWidget;

namespace headroom::gui {

class Segments;

class Kernels : public View {
  Q_OBJECT

 public:
  Kernels(Session& session, QWidget* parent);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QSizeF page_size(double width) override;
  QAbstractItemModel* table() override;
  Json state() const override;
  void restore(const Json& state) override;
  bool uses_filter() const override { return true; }
  bool begin_find() override;
  QString help() const override;

 private:
  struct Part {  // a table of its own
    ItemPanel* panel = nullptr;
    RowsModel* rows = nullptr;
    QSortFilterProxyModel* sorted = nullptr;
    std::vector<std::optional<LayerId>> layers;  // of each row
  };

  Part make_part(const QString& name);
  Part& current();
  void refresh();
  void fill(Part& part, std::vector<Column> columns, std::vector<std::optional<LayerId>> layers, const QString& caption,
            const QString& empty);
  void show_kernels(const RunHandle& run);
  void show_places(const RunHandle& run);
  void show_memory(const RunHandle& run);
  void choose(const Part& part, const QModelIndex& index);
  void show_chosen();
  QString summary() const;
  QString sentence() const;

  Segments* which_;
  QLabel* summary_;
  QStackedWidget* stack_;
  std::vector<Part> parts_;
};

}  // namespace headroom::gui
