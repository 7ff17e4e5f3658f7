#include <QCoreApplication>

#include "gui/views/comparison.h"
#include "gui/views/diff.h"
#include "gui/views/fragmentation.h"
#include "gui/views/memory_map.h"
#include "gui/views/overview.h"
#include "gui/views/timeline.h"
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
      {"timeline", tr("Timeline"), ":/icons/timeline.svg", make<Timeline>},
      {"map", tr("Memory map"), ":/icons/map.svg", make<MemoryMapView>},
      {"treemap", tr("Treemap"), ":/icons/treemap.svg", make<TreemapView>},
      {"comparison", tr("Comparison"), ":/icons/comparison.svg", make<ComparisonView>},
      {"diff", tr("Diff"), ":/icons/diff.svg", make<DiffView>},
      {"fragmentation", tr("Fragmentation"), ":/icons/fragmentation.svg", make<FragmentationView>},
  };
}

}  // namespace headroom::gui
