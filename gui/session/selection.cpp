#include "gui/session/selection.h"

namespace headroom::gui {

void Selection::choose(const Chosen& chosen) {
  if (chosen == chosen_) return;
  chosen_ = chosen;
  Q_EMIT changed();
}

void Selection::choose_allocation(std::int64_t allocation) {
  choose({.allocation = allocation, .event = chosen_.event});
}

void Selection::choose_layer(LayerId layer) { choose({.layer = layer, .event = chosen_.event}); }

void Selection::choose_category(Category category) { choose({.category = category, .event = chosen_.event}); }

void Selection::choose_event(std::optional<std::int64_t> event) {
  Chosen next = chosen_;
  next.event = event;
  choose(next);
}

void Selection::set_filter(const Filter& filter) {
  if (filter == filter_) return;
  filter_ = filter;
  Q_EMIT filter_changed();
}

}  // namespace headroom::gui
