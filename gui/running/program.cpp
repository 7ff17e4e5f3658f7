#include "gui/running/program.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QSettings>
#include <QStandardPaths>

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Program", text); }

FoundProgram named(const QString& path, const QString& by_whom) {
  const QFileInfo file(path);
  if (file.isFile() && file.isExecutable()) return {file.absoluteFilePath(), {}};
  return {{}, tr("%1, which %2 names, is no program. It should be the path of headroom.").arg(path, by_whom)};
}

}  // namespace

FoundProgram find_program() {
  if (const QString path = qEnvironmentVariable("HEADROOM_PROGRAM"); !path.isEmpty())
    return named(path, QStringLiteral("HEADROOM_PROGRAM"));
  if (const QString path = QSettings().value(QLatin1String(kProgramSetting)).toString(); !path.isEmpty())
    return named(path, tr("the setting %1").arg(QLatin1String(kProgramSetting)));
  const QString name = QStringLiteral("headroom"), folder = QCoreApplication::applicationDirPath();
  for (const QString& path : {QStandardPaths::findExecutable(name, {folder}), QStandardPaths::findExecutable(name)})
    if (!path.isEmpty()) return {path, {}};
  return {{},
          tr("The program headroom, which runs models, is neither in %1 nor in PATH. HEADROOM_PROGRAM can name it.")
              .arg(folder)};
}

QString program_fingerprint(const QString& path) {
  const QFileInfo file(path);
  const QFileInfo worker(file.dir(), QStringLiteral("headroom-worker"));
  QString text;
  for (const QFileInfo& part : {file, worker})
    text += QStringLiteral("%1 %2 %3;")
                .arg(part.absoluteFilePath())
                .arg(part.size())
                .arg(part.lastModified().toMSecsSinceEpoch());
  return text;
}

}  // namespace headroom::gui
