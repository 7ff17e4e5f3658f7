#include <QCoreApplication>

#include "gui/views/comparison.h"
#include "gui/views/diff.h"
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
      {"comparison", tr("Comparison"), ":/icons/comparison.svg", make<ComparisonView>},
      {"diff", tr("Diff"), ":/icons/diff.svg", make<DiffView>},
  };
}

}  // namespace headroom::gui
