// A bitmap stretched to another place and size, nearest pixel for pixel: what a view shows of the picture that it has
// until one of the new part is painted.
#pragma once

#include <QImage>
#include <QPainter>

namespace headroom::gui {

// Seen within `clip`. `image` (RGB32) has pixels of its own size; `place`: where the whole of it goes.
void draw_stretched(QPainter& painter, const QRectF& clip, const QRectF& place, const QImage& image);

}  // namespace headroom::gui
