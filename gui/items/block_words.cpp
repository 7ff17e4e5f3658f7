#include "gui/items/block_words.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>

#include "gui/views/places.h"
#include "gui/views/text.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Block", text); }

QString string_of(const Breakdown& run, StringId id) { return to_text(text_of(run, id)); }

// The time that an event happened is not in a Breakdown; what part of the run it was in is.
QString moment_of(const Breakdown& run, std::int64_t event) {
  const auto after = std::upper_bound(run.marks.begin(), run.marks.end(), event,
                                      [](std::int64_t e, const Mark& mark) { return e < mark.event; });
  if (after == run.marks.begin()) return {};
  return to_text(moment(std::prev(after)->phase, std::prev(after)->step));
}

}  // namespace

QString block_name(const Breakdown& run, const Allocation& block) {
  if (const QString tensor = string_of(run, block.tensor); !tensor.isEmpty()) return tensor;
  if (const QString op = string_of(run, block.op); !op.isEmpty()) return tr("scratch of %1").arg(op);
  return tr("scratch");
}

QString lifetime_text(const Breakdown& run, const Allocation& block) {
  const QString born = moment_text(block.phase, block.step);
  const QString died = block.end == kNeverFreed ? tr("end") : moment_of(run, block.end);
  return died.isEmpty() || died == born ? born : QStringLiteral("%1 – %2").arg(born, died);
}

QString address_text(std::uint64_t address) { return QStringLiteral("0x%1").arg(address, 0, 16); }

QString block_tooltip(const Breakdown& run, const Allocation& block) {
  QStringList lines{QStringLiteral("<b>%1</b>").arg(block_name(run, block).toHtmlEscaped())};
  lines << QStringLiteral("%1 · %2").arg(title_of(block.category),
                                         to_text(layer_path(run, block.layer)).toHtmlEscaped());
  if (const QString op = string_of(run, block.op); !op.isEmpty() && block.tensor != StringId::none)
    lines << tr("made by %1").arg(op.toHtmlEscaped());
  if (const QString line = string_of(run, block.source); !line.isEmpty()) lines << line.toHtmlEscaped();
  lines << size_and_exact(block.block_bytes);
  if (block.requested_bytes != block.block_bytes) lines << tr("requested: %1").arg(exact_text(block.requested_bytes));
  lines << lifetime_text(run, block).toHtmlEscaped() << tr("at %1").arg(address_text(block.address));
  return QStringLiteral("<p style='white-space:pre'>%1</p>").arg(lines.join(QStringLiteral("<br>")));
}

QString block_sentence(const Breakdown& run, const Allocation& block) {
  return tr("%1, %2, %3, %4, alive in %5")
      .arg(block_name(run, block), title_of(block.category), to_text(layer_path(run, block.layer)),
           size_and_exact(block.block_bytes), lifetime_text(run, block));
}

}  // namespace headroom::gui
