#include "gui/items/descriptions.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>

#include "analysis/allocation_order.h"
#include "gui/items/allocation_filter.h"
#include "gui/items/allocation_rows.h"
#include "gui/views/places.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/categories.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

constexpr std::size_t kLargest = 8;  // tensors that are named

QString tr(const char* text) { return QCoreApplication::translate("Details", text); }

QString link(const QString& kind, std::int64_t id, const QString& text) {
  return QStringLiteral("<a href=\"%1:%2\">%3</a>").arg(kind).arg(id).arg(text.toHtmlEscaped());
}

QString layer_link(const Breakdown& run, LayerId layer) {
  return link(QStringLiteral("layer"), static_cast<std::int64_t>(layer), to_text(layer_path(run, layer)));
}

QString event_link(const LoadedRun& run, std::int64_t event) {
  return link(QStringLiteral("event"), event, tr("%1, event %2").arg(moment_of_event(run, event), count_text(event)));
}

QString swatch(Category category) {
  return QStringLiteral("<span style=\"color:%1\">■</span>&nbsp;").arg(theme().category(category).name());
}

QString category_link(Category category) {
  return swatch(category) + link(QStringLiteral("category"), static_cast<std::int64_t>(category), title_of(category));
}

QString soft(const QString& text) {
  return QStringLiteral("<small><span style=\"color:%1\">%2</span></small>").arg(theme().soft.name(), text);
}

QString size_over_exact(std::int64_t bytes) {
  return QStringLiteral("%1<br>%2").arg(size_text(bytes), soft(exact_text(bytes)));
}

// Names and values below a heading.
class Card {
 public:
  explicit Card(const QString& heading) : html_(QStringLiteral("<h3>%1</h3>").arg(heading)) {}

  void paragraph(const QString& rich) {
    close();
    html_ += QStringLiteral("<p>%1</p>").arg(rich);
  }
  void row(const QString& name, const QString& rich) {
    if (rich.isEmpty()) return;
    if (!open_) html_ += QStringLiteral("<table width=\"100%\" cellspacing=\"0\" cellpadding=\"2\">");
    open_ = true;
    html_ += QStringLiteral(
                 "<tr><td width=\"46%\" style=\"color:%1; padding-right:8px\">%2</td><td width=\"54%\">%3</td></tr>")
                 .arg(theme().soft.name(), name, rich);
  }
  QString html() {
    close();
    return html_;
  }

 private:
  void close() {
    if (open_) html_ += QStringLiteral("</table>");
    open_ = false;
  }
  QString html_;
  bool open_ = false;
};

// A link; a name of one word is not broken within it.
QString category_name(Category category) {
  const QString title = title_of(category), name = category_link(category);
  return title.contains(' ') || title.contains('-') ? name
                                                    : QStringLiteral("<p style='white-space:pre'>%1</p>").arg(name);
}

void add_categories(Card& card, const CategoryBytes& bytes, std::int64_t whole) {
  for (std::size_t c = 0; c < kCategoryCount; ++c) {
    if (bytes[c] == 0) continue;
    const double share = whole == 0 ? 0 : 100.0 * static_cast<double>(bytes[c]) / static_cast<double>(whole);
    card.row(category_name(static_cast<Category>(c)),
             QStringLiteral("%1, %2<br>%3")
                 .arg(size_text(bytes[c]), percent_text(share).replace(u' ', QChar::Nbsp), soft(exact_text(bytes[c]))));
  }
}

// The largest of `live` for which `wanted` holds.
template <class Wanted>
void add_largest(Card& card, const Breakdown& run, const std::vector<std::int64_t>& live, Wanted wanted) {
  std::size_t count = 0;
  for (const std::int64_t i : live) {
    const Allocation& a = run.allocations[static_cast<std::size_t>(i)];
    if (!wanted(a)) continue;
    if (count == kLargest) break;
    if (count++ == 0) card.paragraph(tr("<b>Largest then</b>"));
    card.row(size_text(a.block_bytes), link(QStringLiteral("allocation"), i, tensor_text(run, a)) +
                                           QStringLiteral("<br>") + to_text(layer_path(run, a.layer)).toHtmlEscaped());
  }
}

template <class Values>
std::int64_t column_value(const Values& values, std::int64_t event) {
  return values.empty() ? 0 : static_cast<std::int64_t>(values[static_cast<std::size_t>(event)]);
}

void add_life(Card& card, const LoadedRun& run, const Allocation& a) {
  card.row(tr("allocated"), event_link(run, a.begin));
  card.row(tr("freed"), a.end == kNeverFreed ? tr("never: it was alive when the run ended") : event_link(run, a.end));
  card.row(
      tr("lifetime"),
      tr("%1 events, %2").arg(count_text(lifetime_events(run.recording, a)), time_text(lifetime_ns(run.recording, a))));
}

// "[8, 128, 768] float32" apart.
std::pair<QString, QString> shape_and_dtype(const QString& tensor) {
  const qsizetype end = tensor.indexOf(u']');
  if (end < 0) return {tensor, {}};
  return {tensor.left(end + 1), tensor.mid(end + 1).trimmed()};
}

void add_closed_forms(Card& card, const Breakdown& run, const std::string& path) {
  for (const ClosedFormCheck& check : run.closed_forms) {
    if (check.form.layer != path) continue;
    const QString expected =
        QStringLiteral("%1 = %2").arg(to_text(check.form.formula).toHtmlEscaped(), size_and_exact(check.form.bytes));
    const QString verdict = !was_recorded(check) ? tr("not in this run")
                            : agrees(check)      ? tr("recorded: equal")
                                                 : tr("recorded: %1").arg(exact_text(check.recorded_bytes));
    card.row(to_text(check.form.quantity).replace(u'_', u' '), expected + QStringLiteral("<br>") + verdict);
  }
}

void add_layer_rows(Card& card, const Breakdown& run, const std::vector<bool>& below) {
  LayerRow sum;
  for (std::size_t i = 0; i < run.layer_rows.size(); ++i) {
    if (!below[i]) continue;
    const LayerRow& row = run.layer_rows[i];
    sum.parameter_bytes += row.parameter_bytes;
    sum.gradient_bytes += row.gradient_bytes;
    sum.optimizer_state_bytes += row.optimizer_state_bytes;
    sum.activation_bytes += row.activation_bytes;
    sum.kv_cache_bytes += row.kv_cache_bytes;
    sum.forward_peak_bytes = std::max(sum.forward_peak_bytes, row.forward_peak_bytes);
    sum.backward_peak_bytes = std::max(sum.backward_peak_bytes, row.backward_peak_bytes);
  }
  const auto add = [&](const QString& name, std::int64_t bytes) {
    if (bytes != 0) card.row(name, size_over_exact(bytes));
  };
  add(tr("parameters"), sum.parameter_bytes);
  add(tr("gradients"), sum.gradient_bytes);
  add(tr("optimizer state"), sum.optimizer_state_bytes);
  add(tr("kept for backward"), sum.activation_bytes);
  add(tr("KV cache"), sum.kv_cache_bytes);
  add(tr("device in forward, most"), sum.forward_peak_bytes);
  add(tr("device in backward, most"), sum.backward_peak_bytes);
}

QString why_by_lifetime(const LoadedRun& run, const Allocation& a) {
  const bool generates = run.breakdown.cache.any();
  switch (a.category) {
    case Category::activation:
      return tr("Allocated in the forward pass and alive when the backward pass went on, so it was kept for it.");
    case Category::temporary:
      return a.step == 0 ? tr("Allocated and freed while the model was built.")
             : generates ? tr("Allocated and freed within one step; nothing is kept for a backward pass.")
                         : tr("Allocated and freed within one step, and not kept for the backward pass.");
    case Category::workspace:
      return tr("It outlived its step and no tensor ever showed it: scratch of a library, such as cuBLAS's.");
    default:
      return tr("None of the rules for the other categories holds for it.");
  }
}

}  // namespace

QString why_category(const LoadedRun& run, const Allocation& a) {
  const Category tagged = run.recording.events.category[static_cast<std::size_t>(a.begin)];
  if (tagged == Category::unresolved) return why_by_lifetime(run, a);
  return tr("The profiler knew it when it was made. %1").arg(meaning_of(a.category));
}

QString describe_allocation(const LoadedRun& run, std::int64_t allocation) {
  const Breakdown& breakdown = run.breakdown;
  const Allocation& a = breakdown.allocations[static_cast<std::size_t>(allocation)];
  const Events& events = run.recording.events;
  const auto [shape, dtype] = shape_and_dtype(tensor_text(breakdown, a));
  Card card(tr("Tensor %1").arg(tensor_text(breakdown, a).toHtmlEscaped()));
  card.row(tr("shape"), shape.toHtmlEscaped());
  card.row(tr("dtype"), dtype.toHtmlEscaped());
  card.row(tr("block"), size_over_exact(a.block_bytes));
  card.row(tr("requested"), size_over_exact(a.requested_bytes));
  card.row(tr("rounding"), exact_text(a.block_bytes - a.requested_bytes));
  card.row(tr("category"), category_link(a.category));
  card.row(tr("why"), why_category(run, a));
  card.row(tr("layer"), layer_link(breakdown, a.layer));
  card.row(tr("operator"), to_text(text_of(breakdown, a.op)).toHtmlEscaped());
  card.row(tr("line"), to_text(text_of(breakdown, a.source)).toHtmlEscaped());
  add_life(card, run, a);
  card.row(tr("address"), QStringLiteral("0x%1").arg(a.address, 0, 16));
  const std::int64_t stream = column_value(events.stream, a.begin), pool = column_value(events.pool, a.begin);
  card.row(tr("stream"), stream == 0 ? tr("the default one") : count_text(stream));
  card.row(tr("pool"), pool == 0 ? tr("the common one") : tr("private pool %1").arg(count_text(pool)));
  return card.html();
}

QString describe_layer(const LoadedRun& run, LayerId layer) {
  const Breakdown& breakdown = run.breakdown;
  const std::string path = layer_path(breakdown, layer);
  const std::vector<bool> below = layers_below(breakdown.layers, layer);
  CategoryBytes bytes{};
  std::int64_t whole = 0;
  for (const LayerBytes& row : breakdown.peak.layers) {
    if (!below[static_cast<std::size_t>(row.layer)]) continue;
    whole += row.bytes;
    for (std::size_t c = 0; c < kCategoryCount; ++c) bytes[c] += row.categories[c];
  }
  Card card(tr("Layer %1").arg(to_text(path).toHtmlEscaped()));
  card.row(tr("kind"), to_text(to_name(kLayerKindNames, breakdown.layer(layer).kind)));
  if (layer != LayerId::root) card.row(tr("within"), layer_link(breakdown, breakdown.layer(layer).parent));
  card.row(tr("at the peak"), QStringLiteral("<b>%1</b>").arg(size_over_exact(whole)));
  add_categories(card, bytes, whole);
  card.paragraph(tr("<b>Over the run</b>, with the layers below"));
  add_layer_rows(card, breakdown, below);
  add_closed_forms(card, breakdown, path);
  add_largest(card, breakdown, breakdown.peak.live,
              [&](const Allocation& a) { return below[static_cast<std::size_t>(a.layer)]; });
  return card.html();
}

QString describe_category(const LoadedRun& run, Category category) {
  const Breakdown& breakdown = run.breakdown;
  const std::int64_t bytes = bytes_of(breakdown.peak.categories, category), whole = breakdown.peak.allocated_bytes;
  Card card(swatch(category) + title_of(category));
  card.paragraph(meaning_of(category));
  card.row(tr("at the peak"), size_over_exact(bytes));
  if (whole > 0) card.row(tr("share"), percent_text(100.0 * static_cast<double>(bytes) / static_cast<double>(whole)));
  card.row(tr("in the last step"),
           tr("%1 requested").arg(size_and_exact(bytes_of(breakdown.last_step_bytes, category))));
  add_largest(card, breakdown, breakdown.peak.live, [&](const Allocation& a) { return a.category == category; });
  return card.html();
}

QString describe_instant(const LoadedRun& run, const PeakView& instant, bool is_peak) {
  Card card(is_peak ? tr("The peak") : tr("After event %1").arg(count_text(instant.event)));
  card.row(tr("when"),
           tr("%1, %2 since the start").arg(moment_text(instant.phase, instant.step), time_text(instant.time_ns)));
  if (run.recording.events.action[static_cast<std::size_t>(instant.event)] == Action::alloc)
    card.row(tr("layer"), layer_link(run.breakdown, instant.layer));
  card.row(tr("allocated"), QStringLiteral("<b>%1</b>").arg(size_over_exact(instant.allocated_bytes)));
  card.row(tr("requested"), size_over_exact(instant.requested_bytes));
  card.row(tr("reserved"), size_over_exact(instant.reserved_bytes));
  card.row(tr("blocks alive"), count_text(static_cast<std::int64_t>(instant.live.size())));
  if (!is_peak)
    card.row(tr("below the peak"),
             tr("%1, <a href=\"peak:\">go there</a>")
                 .arg(size_and_exact(run.breakdown.peak.allocated_bytes - instant.allocated_bytes)));
  add_categories(card, instant.categories, instant.allocated_bytes);
  add_largest(card, run.breakdown, instant.live, [](const Allocation&) { return true; });
  return card.html();
}

bool follow_link(const LoadedRun& run, Selection& selection, const QString& link) {
  const QString kind = link.section(u':', 0, 0);
  if (kind == QStringLiteral("peak")) {
    selection.choose_event(std::nullopt);
    return true;
  }
  bool is_number = false;
  const qlonglong id = link.section(u':', 1).toLongLong(&is_number);
  const auto is_within = [&](std::size_t count) {
    return is_number && id >= 0 && static_cast<std::size_t>(id) < count;
  };
  if (kind == QStringLiteral("layer") && is_within(run.breakdown.layers.size()))
    selection.choose_layer(static_cast<LayerId>(id));
  else if (kind == QStringLiteral("category") && is_within(kCategoryCount))
    selection.choose_category(static_cast<Category>(id));
  else if (kind == QStringLiteral("allocation") && is_within(run.breakdown.allocations.size()))
    selection.choose_allocation(id);
  else if (kind == QStringLiteral("event") && is_within(run.recording.events.size()))
    selection.choose_event(id);
  else
    return false;
  return true;
}

}  // namespace headroom::gui
