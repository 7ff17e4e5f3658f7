// Every block of a run over time: packed by lifetime, so that the top is what is allocated, or where its address is.
#pragma once

#include <memory>

#include "gui/charts/memory_map_picture.h"
#include "gui/items/rows_model.h"
#include "gui/views/background.h"
#include "gui/views/view.h"

class QComboBox;

namespace headroom::gui {

class MapCanvas;

enum class MapColour : std::uint8_t { category, layer };

// What is drawn alike: twice the number of a colour, and one more where it is dimmed.
struct MapGroups {
  std::vector<std::uint16_t> of;            // by allocation
  std::vector<std::int64_t> bytes_at_peak;  // by colour
  std::vector<bool> is_used;                // by colour
  std::vector<std::string> layer_names;     // by colour, where layers are colours
};
MapGroups map_groups(const Breakdown& run, MapColour by, const Chosen& chosen, const Filter& filter);

class MemoryMapView : public View {
  Q_OBJECT

 public:
  MemoryMapView(Session& session, QWidget* parent);

  void paint_page(QPainter& painter, const QRectF& page) override;
  QAbstractItemModel* table() override;  // the blocks that the window shows and the filter does not hide
  bool is_settled() const override { return !work_.is_busy(); }
  Json state() const override;
  void restore(const Json& state) override;
  bool uses_filter() const override { return true; }
  bool zoom_by(double factor) override;
  bool zoom_to_fit() override;
  bool undo_zoom() override;
  QString help() const override;

 protected:
  void showEvent(QShowEvent*) override;
  void changeEvent(QEvent* event) override;

 private:
  struct Found {
    std::shared_ptr<const MapOfRun> of;
    std::shared_ptr<const MapGroups> groups;
    MapPicture picture;
    QImage shapes;  // the picture, painted
  };

  QWidget* make_bar();
  void connect_canvas();
  MapLayout layout_chosen() const;
  MapColour colour_chosen() const;
  void show_current();
  void start_over();  // another layout
  void regroup();     // other colours, or something else stands out
  void refresh();     // another window
  void take(Found found);
  static void paint(Found& found, const Chosen& chosen, const Filter& filter, const QFont& font, double ratio);
  static void colour(MapScene& scene, const MapGroups& groups, bool dims);
  void mark(MapScene& scene);
  void describe();

  MapCanvas* canvas_;
  QComboBox *layout_, *colour_, *axis_;
  RowsModel table_;
  RunHandle run_;
  std::shared_ptr<const MapOfRun> of_;
  std::shared_ptr<const MapGroups> groups_;
  std::optional<MapWindow> wanted_;  // by restore(), once there is a map
  Background work_;
};

}  // namespace headroom::gui
