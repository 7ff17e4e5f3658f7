#include "gui/views/overview_words.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <algorithm>
#include <map>
#include <tuple>

#include "gui/items/allocation_rows.h"
#include "gui/views/overview_card.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/device_words.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("OverviewPage", text); }

QString where_text(const Breakdown& run, const ShortfallGroup& group) {
  if (group.layer_count == 1) return layer_link(run, group.first_layer);
  return tr("%1 layers, %2 to %3")
      .arg(count_text(group.layer_count), layer_link(run, group.first_layer), layer_link(run, group.last_layer));
}

QString enough_text(const ShortfallGroup& group) {
  if (group.count == 1) return group.enough == 0 ? tr("alone not enough") : tr("enough");
  if (group.enough == 0) return tr("all of them are not enough");
  if (group.enough == 1) return tr("one of them is enough");
  return tr("%1 of them are enough").arg(count_text(group.enough));
}

}  // namespace

QString truth_meaning(const Environment& environment) {
  return environment.device_kind == DeviceKind::virtual_cuda
             ? tr("No GPU ran this. PyTorch's own CUDA code and caching allocator ran over a virtual CUDA "
                  "device: its allocations, no measurement.")
             : tr("It really ran on this device; every allocation was recorded.");
}

QStringList chips_of(const Breakdown& run) {
  const RunPhrases words = phrases(run);
  QStringList chips;
  if (!run.model.attention.empty()) chips << to_text(run.model.attention);
  for (const std::string& phrase :
       {words.command, words.shape, words.mode, words.dtype, words.optimizer, words.attention_kernel, words.conditions})
    for (const std::string& part : parts_of(phrase)) chips << to_text(part);
  return chips;
}

QString sentence_of_failure(const Outcome& outcome) {
  QString where;
  if (!outcome.phase.empty()) where += tr(" in %1").arg(escaped(outcome.phase));
  if (!outcome.layer.empty()) where += tr(" at %1").arg(escaped(outcome.layer));
  return tr("<b>Out of memory</b>%1: it asked for <b>%2</b> where %3 were free. The allocator had %4 live "
            "and %5 reserved.")
      .arg(where, size_and_exact(outcome.failed_request_bytes), size_and_exact(outcome.free_bytes),
           size_text(outcome.allocated_bytes), size_text(outcome.reserved_bytes));
}

// The peak of a run that ran out is of when it did, or before.
QString largest_then(const Breakdown& run) {
  QStringList largest;
  for (std::size_t i = 0; i < std::min<std::size_t>(run.peak.live.size(), 3); ++i) {
    const Allocation& a = run.allocations[static_cast<std::size_t>(run.peak.live[i])];
    largest << tr("%1 %2 of %3")
                   .arg(size_text(a.block_bytes),
                        link_to(QStringLiteral("allocation:%1").arg(run.peak.live[i]),
                                tensor_text(run, a).toHtmlEscaped()),
                        layer_link(run, a.layer));
  }
  return largest.isEmpty() ? QString()
                           : tr("Largest at the most that was reached: %1.").arg(largest.join(QStringLiteral("; ")));
}

QString missing_text(const Breakdown& run, const Shortfall& shortfall) {
  const QString missing =
      tr("At least <b>%1</b> more would have had to be free.").arg(size_and_exact(shortfall.missing_bytes));
  if (shortfall.gap_bytes <= 0) return missing;
  const QString gaps = tr("%1 of what the allocator had reserved were in no block").arg(size_text(shortfall.gap_bytes));
  const QString asked = size_text(run.outcome.failed_request_bytes);
  const QString verdict =
      shortfall.gaps_are_enough
          ? tr("in one piece they would have held the %1 asked for. The view <i>Fragmentation</i> shows what "
               "lies between them.")
          : tr("even in one piece they would not have held the %1 asked for.");
  return QStringLiteral("%1 %2: %3").arg(missing, gaps, verdict.arg(asked));
}

QString group_text(const Breakdown& run, const ShortfallGroup& group) {
  const Allocation& largest = run.allocations[static_cast<std::size_t>(group.largest)];
  const QString name =
      link_to(QStringLiteral("allocation:%1").arg(group.largest), tensor_text(run, largest).toHtmlEscaped());
  const QString times = group.count > 1 ? tr("%1 × ").arg(count_text(group.count)) : QString();
  return QStringLiteral("%1%2, %3<br>%4")
      .arg(times, name, title_of(group.category), soft(tr("%1; %2").arg(where_text(run, group), enough_text(group))));
}

std::vector<FormGroup> grouped_forms(const Breakdown& run) {
  std::map<std::tuple<std::string, QString, std::string, std::int64_t, std::int64_t>, std::size_t> places;
  std::vector<FormGroup> groups;
  for (const ClosedFormCheck& check : run.closed_forms) {
    static const QRegularExpression digits(QStringLiteral("\\d+"));
    QString pattern = to_text(check.form.layer);
    pattern.replace(digits, QStringLiteral("*"));
    const auto [place, is_new] = places.try_emplace(
        {check.form.quantity, pattern, check.form.formula, check.form.bytes, check.recorded_bytes}, groups.size());
    if (is_new) groups.push_back({check, to_text(check.form.layer), 0});
    FormGroup& group = groups[place->second];
    if (++group.count > 1) group.layer = pattern;
  }
  std::ranges::stable_sort(groups, {}, [](const FormGroup& group) { return agrees(group.check) ? 1 : 0; });
  return groups;
}

QString verdict(const ClosedFormCheck& check) {
  if (!was_recorded(check)) return soft(tr("not in this run"));
  const std::int64_t difference = check.recorded_bytes - check.form.bytes;
  const QString text = difference == 0
                           ? tr("✓ equal")
                           : tr("✗ %1%2").arg(difference > 0 ? QStringLiteral("+") : QString(), exact_text(difference));
  return QStringLiteral("<span style=\"color:%1\">%2</span>")
      .arg((difference == 0 ? theme().good : theme().bad).name(), text);
}

}  // namespace headroom::gui
