#include "gui/window/translation.h"

#include <QApplication>
#include <QLibraryInfo>
#include <QLocale>

namespace headroom::gui {
namespace {

bool install(QApplication& application, QTranslator* translator, const QLocale& locale, const QString& name,
             const QString& folder) {
  return translator->load(locale, name, QStringLiteral("_"), folder) && application.installTranslator(translator);
}

}  // namespace

QString Catalogue::translate(const char*, const char* source, const char* comment, int n) const {
  return QTranslator::translate("Viewer", source, comment, n);
}

bool install_translations(QApplication& application, const QLocale& locale) {
  install(application, new QTranslator(&application), locale, QStringLiteral("qtbase"),
          QLibraryInfo::path(QLibraryInfo::TranslationsPath));
  return install(application, new Catalogue(&application), locale, QStringLiteral("headroom"),
                 QCoreApplication::applicationDirPath() + QStringLiteral("/../share/headroom/translations"));
}

}  // namespace headroom::gui
