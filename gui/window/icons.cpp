#include "gui/window/icons.h"

#include <QIconEngine>
#include <QPainter>
#include <QPixmap>
#include <QSvgRenderer>
#include <memory>

#include "gui/window/theme.h"

// A resource of a library is there once somebody asks for it.
static void load_resources() { Q_INIT_RESOURCE(resources); }

namespace headroom::gui {
namespace {

// Drawn anew each time, so that it follows the theme and is sharp at every scale.
class TintedIcon : public QIconEngine {
 public:
  explicit TintedIcon(const QString& resource) : drawing_(std::make_shared<QSvgRenderer>(resource)) {}

  void paint(QPainter* painter, const QRect& area, QIcon::Mode mode, QIcon::State) override {
    const qreal ratio = painter->device()->devicePixelRatioF();
    painter->drawPixmap(area, drawn(area.size() * ratio, mode));
  }
  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State) override { return drawn(size, mode); }
  QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State, qreal) override { return drawn(size, mode); }
  QIconEngine* clone() const override { return new TintedIcon(*this); }
  bool isNull() override { return !drawing_->isValid(); }

 private:
  QPixmap drawn(const QSize& size, QIcon::Mode mode) const {
    QPixmap pixmap(size);
    pixmap.fill(Qt::transparent);
    if (!drawing_->isValid()) return pixmap;
    QPainter painter(&pixmap);
    drawing_->render(&painter, QRectF(QPointF(0, 0), size));
    painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
    painter.fillRect(pixmap.rect(), colour(mode));
    return pixmap;
  }
  static QColor colour(QIcon::Mode mode) {
    QColor colour = theme().ink;
    if (mode == QIcon::Disabled) colour.setAlphaF(0.4F);
    return colour;
  }

  std::shared_ptr<QSvgRenderer> drawing_;
};

}  // namespace

QIcon application_icon() {
  load_resources();
  return QIcon(QStringLiteral(":/icons/headroom-viewer.svg"));
}

QIcon tinted_icon(const QString& resource) {
  load_resources();
  return QIcon(new TintedIcon(resource));
}

}  // namespace headroom::gui
