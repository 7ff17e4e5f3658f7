// Numbers with the marks of the language that is spoken.
#pragma once

#include <QString>

namespace headroom::gui {

QString in_language(QString number);  // "2,40 GiB" of "2.40 GiB" where the language writes it so
QString typed_number(QString typed);  // the other way round, for "1,5 MiB" that somebody typed; without spaces around

}  // namespace headroom::gui
