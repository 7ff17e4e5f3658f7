#include "gui/views/row_menu.h"

#include <QCoreApplication>

#include "gui/views/text.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("RowMenu", text); }

template <class Change>
void change_filter(Selection& selection, Change change) {
  Filter filter = selection.filter();
  change(filter);
  selection.set_filter(filter);
}

void add_layer_actions(QMenu& menu, Session& session, LayerId layer) {
  const QString path = to_text(layer_path(session.current_loaded()->breakdown, layer));
  Selection& selection = session.selection();
  menu.addAction(tr("Choose the layer %1").arg(path), &selection,
                 [&selection, layer] { selection.choose_layer(layer); });
  menu.addAction(tr("Show this layer alone"), &selection,
                 [&selection, layer] { change_filter(selection, [layer](Filter& f) { f.layer = layer; }); });
}

void add_category_actions(QMenu& menu, Session& session, Category category) {
  Selection& selection = session.selection();
  menu.addAction(tr("Show %1 alone").arg(title_of(category)), &selection, [&selection, category] {
    change_filter(selection, [category](Filter& f) {
      f.categories.fill(false);
      f.categories[static_cast<std::size_t>(category)] = true;
    });
  });
}

}  // namespace

void add_place_actions(QMenu& menu, Session& session, View& view, const RowPlace& place) {
  const RunHandle run = session.current_loaded();
  if (!run) return;
  menu.addSeparator();
  if (place.layer) add_layer_actions(menu, session, *place.layer);
  if (place.category) add_category_actions(menu, session, *place.category);
  Selection& selection = session.selection();
  if (!selection.filter().shows_everything())
    menu.addAction(tr("Clear the filter"), &selection, [&selection] { selection.set_filter({}); });
  if (!place.allocation) return;
  const std::int64_t allocation = *place.allocation;
  const std::int64_t event = run->breakdown.allocations[static_cast<std::size_t>(allocation)].begin;
  menu.addAction(tr("Show in the timeline"), &view, [&selection, &view, allocation, event] {
    selection.choose({.allocation = allocation, .event = event});
    Q_EMIT view.view_wanted("timeline");
  });
}

}  // namespace headroom::gui
