// The icons of gui/resources/icons: one colour, that of the text they stand beside in the theme of the moment.
#pragma once

#include <QIcon>

namespace headroom::gui {

QIcon application_icon();  // in its own colours

QIcon tinted_icon(const QString& resource);  // ":/icons/timeline.svg"
inline QIcon named_icon(const char* name) {
  return tinted_icon(QStringLiteral(":/icons/%1.svg").arg(QLatin1String(name)));
}

}  // namespace headroom::gui
