#include "gui/window/appearance.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusVariant>
#include <QEvent>

namespace headroom::gui {
namespace {

// The desktop's settings, over D-Bus, whose signals are connected by name.
class Portal : public QObject {
  Q_OBJECT

 public:
  explicit Portal(QObject* parent) : QObject(parent) {
    QDBusConnection::sessionBus().connect(
        QStringLiteral("org.freedesktop.portal.Desktop"), QStringLiteral("/org/freedesktop/portal/desktop"),
        QStringLiteral("org.freedesktop.portal.Settings"), QStringLiteral("SettingChanged"), this,
        SLOT(hear(QString, QString, QDBusVariant)));
  }

 Q_SIGNALS:
  void colours_changed();

 private Q_SLOTS:
  void hear(const QString& group, const QString& key, const QDBusVariant&) {
    if (group == QStringLiteral("org.freedesktop.appearance") && key == QStringLiteral("color-scheme"))
      Q_EMIT colours_changed();
  }
};

}  // namespace

Appearance::Appearance(QApplication& application, ThemeChoice choice)
    : QObject(&application), application_(application), choice_(choice) {
  set_theme(application_, choice_);
  auto* portal = new Portal(this);
  connect(portal, &Portal::colours_changed, this, &Appearance::apply);
  application_.installEventFilter(this);
}

void Appearance::choose(ThemeChoice choice) {
  choice_ = choice;
  apply();
}

void Appearance::apply() {
  const bool dark = choice_ == ThemeChoice::dark || (choice_ == ThemeChoice::system && system_is_dark());
  if (dark != theme().dark) set_theme(application_, dark ? ThemeChoice::dark : ThemeChoice::light);
}

bool Appearance::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::ThemeChange) QMetaObject::invokeMethod(this, &Appearance::apply, Qt::QueuedConnection);
  return QObject::eventFilter(watched, event);
}

}  // namespace headroom::gui

#include "appearance.moc"
