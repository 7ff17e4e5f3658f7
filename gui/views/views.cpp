#include <QCoreApplication>

#include "gui/views/allocations.h"
#include "gui/views/cache.h"
#include "gui/views/kernels.h"
#include "gui/views/layers.h"
#include "gui/views/overview.h"
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
      {"layers", tr("Layers"), ":/icons/layers.svg", make<Layers>},
      {"tensors", tr("Tensors"), ":/icons/tensors.svg", make<Tensors>},
      {"allocations", tr("Allocations"), ":/icons/allocations.svg", make<Allocations>},
      {"kernels", tr("Kernels"), ":/icons/kernels.svg", make<Kernels>},
      {"cache", tr("KV cache"), ":/icons/cache.svg", make<Cache>},
  };
}

}  // namespace headroom::gui
