// What a window has on the screen, as against what it would paint anew.
#pragma once

#include <QBackingStore>
#include <QCoreApplication>
#include <QImage>
#include <QWidget>

namespace headroom::gui {

// A shown widget that is a window of its own, or fills a part of one.
inline QImage on_screen(QWidget& widget) {
  QCoreApplication::processEvents();
  const auto* screen = dynamic_cast<const QImage*>(widget.backingStore()->paintDevice());
  if (screen == nullptr) return {};
  return screen->copy(QRect(widget.mapTo(widget.window(), QPoint()), widget.size()))
      .convertToFormat(QImage::Format_RGB32);
}

inline QImage painted_anew(QWidget& widget) {
  QImage image(widget.size(), QImage::Format_RGB32);
  widget.render(&image);
  return image;
}

}  // namespace headroom::gui
