#include <QCoreApplication>

#include "gui/views/fragmentation.h"
#include "gui/views/memory_map.h"
#include "gui/views/overview.h"
#include "gui/views/treemap.h"
#include "gui/views/view.h"

namespace headroom::gui {
namespace {

template <class V>
View* make(Session& session, QWidget* parent) {
  return new V(session, parent);
}

QString tr(const char* text) { return QCoreApplication::translate("Views", text); }

}  // namespace

std::vector<ViewKind> view_kinds() {
  return {
      {"overview", tr("Overview"), ":/icons/overview.svg", make<Overview>},
      {"map", tr("Memory map"), ":/icons/map.svg", make<MemoryMapView>},
      {"treemap", tr("Treemap"), ":/icons/treemap.svg", make<TreemapView>},
      {"fragmentation", tr("Fragmentation"), ":/icons/fragmentation.svg", make<FragmentationView>},
  };
}

}  // namespace headroom::gui
