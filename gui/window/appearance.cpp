#include "gui/window/appearance.h"

#include <QApplication>
#include <QDBusConnection>
#include <QEvent>

namespace headroom::gui {

Appearance::Appearance(QApplication& application, ThemeChoice choice)
    : QObject(&application), application_(application), choice_(choice) {
  set_theme(application_, choice_);
  QDBusConnection::sessionBus().connect(
      QStringLiteral("org.freedesktop.portal.Desktop"), QStringLiteral("/org/freedesktop/portal/desktop"),
      QStringLiteral("org.freedesktop.portal.Settings"), QStringLiteral("SettingChanged"), this,
      SLOT(hear_portal(QString, QString, QDBusVariant)));
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

void Appearance::hear_portal(const QString& group, const QString& key, const QDBusVariant&) {
  if (group == QStringLiteral("org.freedesktop.appearance") && key == QStringLiteral("color-scheme")) apply();
}

bool Appearance::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::ThemeChange) QMetaObject::invokeMethod(this, &Appearance::apply, Qt::QueuedConnection);
  return QObject::eventFilter(watched, event);
}

}  // namespace headroom::gui
