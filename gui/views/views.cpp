#include <QCoreApplication>

#include "gui/running/fit_map.h"
#include "gui/views/allocations.h"
#include "gui/views/cache.h"
#include "gui/views/comparison.h"
#include "gui/views/diff.h"
#include "gui/views/fragmentation.h"
#include "gui/views/kernels.h"
#include "gui/views/layers.h"
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
      {"layers", tr("Layers"), ":/icons/layers.svg", make<Layers>},
      {"tensors", tr("Tensors"), ":/icons/tensors.svg", make<Tensors>},
      {"allocations", tr("Allocations"), ":/icons/allocations.svg", make<Allocations>},
      {"kernels", tr("Kernels"), ":/icons/kernels.svg", make<Kernels>},
      {"cache", tr("KV cache"), ":/icons/cache.svg", make<Cache>},
      {"comparison", tr("Comparison"), ":/icons/comparison.svg", make<ComparisonView>},
      {"diff", tr("Diff"), ":/icons/diff.svg", make<DiffView>},
      {"fragmentation", tr("Fragmentation"), ":/icons/fragmentation.svg", make<FragmentationView>},
      {"fit", tr("What fits"), ":/icons/fit.svg", make<FitMap>},
  };
}

}  // namespace headroom::gui
