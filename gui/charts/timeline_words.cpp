#include "gui/charts/timeline_words.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>

#include "gui/views/places.h"
#include "gui/views/text.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Timeline", text); }

QString joined(QStringList parts) {
  parts.removeAll(QString());
  return parts.join(QStringLiteral(" · "));
}

}  // namespace

QString group_text(const LoadedRun& run, std::size_t group) {
  const std::vector<std::string>& names = run.detail.groups().names;
  return group + 1 == names.size() ? tr("other layers") : to_text(names[group]);
}

LayerId layer_at(const LoadedRun& run, std::int64_t event) {
  const auto& all = run.breakdown.allocations;
  const auto after = std::ranges::upper_bound(all, event, {}, &Allocation::begin);
  return after == all.begin() ? LayerId::root : std::prev(after)->layer;
}

QString allocation_text(const LoadedRun& run, const Allocation& a) {
  const Breakdown& b = run.breakdown;
  const QString tensor = to_text(text_of(b, a.tensor));
  return joined({tensor.isEmpty() ? tr("scratch that no tensor showed") : tensor, to_text(text_of(b, a.op)),
                 to_text(layer_path(b, a.layer)), to_text(text_of(b, a.source))});
}

QString event_text(const LoadedRun& run, std::int64_t event) {
  const auto& all = run.breakdown.allocations;
  if (event < 0 || event >= static_cast<std::int64_t>(run.recording.events.size())) return tr("before the first event");
  const auto at = static_cast<std::size_t>(event);
  const QString size = size_text(run.recording.events.block_bytes[at]);
  if (const auto begun = run.detail.begun_at(event))
    return tr("allocates %1: %2").arg(size_and_exact(all[*begun].block_bytes), allocation_text(run, all[*begun]));
  if (const auto ended = run.detail.ended_at(event))
    return tr("frees %1: %2").arg(size_and_exact(all[*ended].block_bytes), allocation_text(run, all[*ended]));
  if (run.recording.events.action[at] == Action::segment_alloc) return tr("reserves a segment of %1").arg(size);
  if (run.recording.events.action[at] == Action::segment_free) return tr("gives a segment of %1 back").arg(size);
  return tr("frees %1 of which no allocation is known").arg(size);
}

QString instant_name(const LoadedRun& run, std::int64_t event) {
  const Events& e = run.recording.events;
  if (event < 0 || event >= static_cast<std::int64_t>(e.size())) return tr("Before the first event");
  return (event == run.breakdown.peak.event ? tr("The peak, event %1") : tr("Event %1")).arg(count_text(event));
}

QString instant_place(const LoadedRun& run, std::int64_t event) {
  const Events& e = run.recording.events;
  if (event < 0 || event >= static_cast<std::int64_t>(e.size())) return {};
  const auto at = static_cast<std::size_t>(event);
  const bool is_virtual = run.breakdown.environment.device_kind == DeviceKind::virtual_cuda;
  const QString time = is_virtual ? tr("%1 on the host").arg(time_text(e.time_ns[at])) : time_text(e.time_ns[at]);
  return joined({time, moment_text(e.phase[at], e.step[at]), to_text(layer_path(run.breakdown, layer_at(run, event)))});
}

QString instant_text(const LoadedRun& run, std::int64_t event) {
  return joined({instant_name(run, event), instant_place(run, event)});
}

QString phase_title(Phase phase) { return to_text(to_name(kPhaseNames, phase)); }

}  // namespace headroom::gui
