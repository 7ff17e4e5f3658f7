// What a view says where it has nothing to show.
#pragma once

#include <QPainter>
#include <QString>

#include "gui/session/session.h"

namespace headroom::gui {

// Why the current run cannot be shown: none is open, it is being read, it could not be read, it allocated nothing.
// Empty: it can.
QString why_nothing(const Session& session);

// Such a sentence in the middle of `area`.
void paint_sentence(QPainter& painter, const QRectF& area, const QString& sentence);

}  // namespace headroom::gui
