#include <QCoreApplication>

#include "gui/running/fit_map.h"
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
      {"fit", tr("What fits"), ":/icons/fit.svg", make<FitMap>},
  };
}

}  // namespace headroom::gui
