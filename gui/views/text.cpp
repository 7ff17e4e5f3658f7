#include "gui/views/text.h"

#include <QCoreApplication>

#include "base/bytes.h"
#include "gui/views/number_marks.h"
#include "gui/views/places.h"
#include "reports/categories.h"
#include "reports/device_words.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

// Words of reports/ that are translated when they are shown; here lupdate finds them.
[[maybe_unused]] constexpr const char* kWords[] = {
    QT_TRANSLATE_NOOP("Text", "parameters"),
    QT_TRANSLATE_NOOP("Text", "The weights of the model."),
    QT_TRANSLATE_NOOP("Text", "gradients"),
    QT_TRANSLATE_NOOP("Text", "One gradient for each trainable parameter."),
    QT_TRANSLATE_NOOP("Text", "optimizer state"),
    QT_TRANSLATE_NOOP("Text", "What the optimizer keeps between steps, such as Adam's two moments."),
    QT_TRANSLATE_NOOP("Text", "activations"),
    QT_TRANSLATE_NOOP("Text", "Made in the forward pass and kept for the backward pass."),
    QT_TRANSLATE_NOOP("Text", "temporaries"),
    QT_TRANSLATE_NOOP("Text", "Allocated and freed within one step."),
    QT_TRANSLATE_NOOP("Text", "KV cache"),
    QT_TRANSLATE_NOOP("Text", "Keys and values kept for the tokens seen so far."),
    QT_TRANSLATE_NOOP("Text", "inputs"),
    QT_TRANSLATE_NOOP("Text", "Token ids, labels and masks fed to the model."),
    QT_TRANSLATE_NOOP("Text", "workspace"),
    QT_TRANSLATE_NOOP("Text", "Scratch of libraries such as cuBLAS that outlives the step."),
    QT_TRANSLATE_NOOP("Text", "other"),
    QT_TRANSLATE_NOOP("Text", "Everything that is none of the above."),
    QT_TRANSLATE_NOOP("Text", "virtual"),
    QT_TRANSLATE_NOOP("Text", "measured"),
    QT_TRANSLATE_NOOP("Text", "reported")};

QString tr(const char* text) { return QCoreApplication::translate("Text", text); }
QString translated(std::string_view text) { return tr(std::string(text).c_str()); }

}  // namespace

QString to_text(std::string_view text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }
QString size_text(std::int64_t bytes) { return in_language(to_text(format_bytes(bytes))); }
QString exact_text(std::int64_t bytes) { return tr("%1 bytes").arg(count_text(bytes)); }
QString size_and_exact(std::int64_t bytes) {
  return QStringLiteral("%1 (%2)").arg(size_text(bytes), exact_text(bytes));
}
QString count_text(std::int64_t count) { return in_language(to_text(format_count(count))); }
QString percent_text(double percent) { return in_language(to_text(format_percent(percent))); }
QString time_text(std::int64_t ns) { return in_language(to_text(duration_text(ns))); }
QString title_of(Category category) { return translated(style_of(category).title); }
QString meaning_of(Category category) { return translated(style_of(category).meaning); }
QString truth_text(const Environment& environment) { return translated(truth_word(environment)); }

QString moment_text(Phase phase, std::int32_t step) {
  const QString name = to_text(to_name(kPhaseNames, phase));
  if (step == 0 || phase == Phase::prefill) return name;
  return (phase == Phase::decode ? tr("%1 of token %2") : tr("%1 of step %2")).arg(name).arg(step);
}

QString place_text(const Breakdown& run, const PeakView& peak) {
  const QString layer = to_text(layer_path(run, peak.layer)), when = moment_text(peak.phase, peak.step);
  return layer.isEmpty() ? when : tr("%1 at %2").arg(when, layer);
}

}  // namespace headroom::gui
