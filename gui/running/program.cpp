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

FoundProgram named(const QString& path, const QString& by_whom, ProgramSource source) {
  const QFileInfo file(path);
  if (file.isFile() && file.isExecutable()) return {file.absoluteFilePath(), {}, source};
  return {{}, tr("%1, which %2 names, is no program. It should be the path of headroom.").arg(path, by_whom), source};
}

}  // namespace

FoundProgram find_program() {
  if (const QString path = qEnvironmentVariable("HEADROOM_PROGRAM"); !path.isEmpty())
    return named(path, QStringLiteral("HEADROOM_PROGRAM"), ProgramSource::environment);
  if (const QString path = QSettings().value(QLatin1String(kProgramSetting)).toString(); !path.isEmpty())
    return named(path, tr("the setting %1").arg(QLatin1String(kProgramSetting)), ProgramSource::setting);
  const QString name = QStringLiteral("headroom"), folder = QCoreApplication::applicationDirPath();
  if (const QString path = QStandardPaths::findExecutable(name, {folder}); !path.isEmpty())
    return {path, {}, ProgramSource::beside_viewer};
  if (const QString path = QStandardPaths::findExecutable(name); !path.isEmpty())
    return {path, {}, ProgramSource::search_path};
  return {{},
          tr("The program headroom, which runs models, is neither in %1 nor in PATH. It can be chosen, or "
             "HEADROOM_PROGRAM can name it.")
              .arg(folder)};
}

QString title_of(ProgramSource source) {
  switch (source) {
    case ProgramSource::environment:
      return tr("named by HEADROOM_PROGRAM");
    case ProgramSource::setting:
      return tr("chosen here");
    case ProgramSource::beside_viewer:
      return tr("found beside the viewer");
    case ProgramSource::search_path:
      return tr("found in PATH");
  }
  return {};
}

QString program_fingerprint(const QString& path) {
  const QFileInfo file(path);
  const QString own_worker = qEnvironmentVariable("HEADROOM_WORKER");
  const QFileInfo worker =
      own_worker.isEmpty() ? QFileInfo(file.dir(), QStringLiteral("headroom-worker")) : QFileInfo(own_worker);
  QString text;
  for (const QFileInfo& part : {file, worker})
    text += QStringLiteral("%1 %2 %3;")
                .arg(part.absoluteFilePath())
                .arg(part.size())
                .arg(part.lastModified().toMSecsSinceEpoch());
  return text;
}

}  // namespace headroom::gui
