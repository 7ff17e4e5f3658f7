#include "gui/views/number_marks.h"

#include <QLocale>

namespace headroom::gui {

QString in_language(QString number) {
  const QLocale language;
  if (language.decimalPoint() == QLatin1String(".")) return number;
  for (QChar& c : number) {
    if (c == '.')
      c = language.decimalPoint().front();
    else if (c == ',')
      c = language.groupSeparator().front();
  }
  return number;
}

QString typed_number(QString text) { return text.trimmed().replace(QLocale().decimalPoint(), QLatin1String(".")); }

}  // namespace headroom::gui
