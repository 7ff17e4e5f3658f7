#include "gui/views/text.h"

#include <QCoreApplication>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/device_words.h"
#include "reports/summary.h"

namespace headroom::gui {

QString to_text(std::string_view text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }
QString size_text(std::int64_t bytes) { return to_text(format_bytes(bytes)); }
QString exact_text(std::int64_t bytes) {
  return QCoreApplication::translate("Text", "%1 bytes").arg(count_text(bytes));
}
QString size_and_exact(std::int64_t bytes) {
  return QStringLiteral("%1 (%2)").arg(size_text(bytes), exact_text(bytes));
}
QString count_text(std::int64_t count) { return to_text(format_count(count)); }
QString percent_text(double percent) { return to_text(format_percent(percent)); }
QString time_text(std::int64_t ns) { return to_text(duration_text(ns)); }
QString title_of(Category category) { return to_text(style_of(category).title); }
QString truth_text(const Environment& environment) { return to_text(truth_word(environment)); }

}  // namespace headroom::gui
