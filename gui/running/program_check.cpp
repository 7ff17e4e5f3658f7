#include "gui/running/program_check.h"

#include <QFileInfo>
#include <QRegularExpression>

#include "gui/running/estimate.h"

namespace headroom::gui {
namespace {

constexpr int kPatienceMilliseconds = 30'000;
constexpr qint64 kMostOutput = 1 << 16;

// The smallest there is.
RunSpec tiny_spec() {
  RunSpec spec;
  spec.model = "bert-tiny";
  spec.seq = 8;
  spec.mode = Mode::forward;
  spec.steps = 1;
  spec.device = kEstimateDevice;
  return spec;
}

// "headroom 0.1.0" → "0.1.0"; empty: it is something else.
QString version_in(const QByteArray& output) {
  static const QRegularExpression version(QStringLiteral("^headroom (\\d[\\w.+-]*)"));
  return version.match(QString::fromUtf8(output)).captured(1);
}

}  // namespace

ProgramCheck::ProgramCheck(QObject* parent) : QObject(parent) {
  patience_.setSingleShot(true);
  patience_.setInterval(kPatienceMilliseconds);
  connect(&patience_, &QTimer::timeout, this, [this] {
    const bool asked = state_ == State::asking;
    drop();
    conclude(asked ? State::no_program : State::runs_fail,
             tr("%1 does not answer within %2 s.").arg(path_).arg(patience_.interval() / 1000.0));
  });
}

ProgramCheck::~ProgramCheck() { drop(); }

void ProgramCheck::drop() {
  patience_.stop();
  run_.reset();
  if (!asked_) return;
  asked_->disconnect(this);
  asked_->kill();
  asked_->waitForFinished(1000);
  asked_.reset();
}

void ProgramCheck::cancel() {
  drop();
  if (is_busy()) conclude(State::idle, {});
}

void ProgramCheck::start(const QString& path) {
  drop();
  path_ = path;
  const QFileInfo file(path);
  if (!file.isFile() || !file.isExecutable())
    return conclude(State::no_program,
                    file.exists() ? tr("%1 is no program.").arg(path) : tr("There is no file %1.").arg(path));
  clock_.start();
  asked_ = std::make_unique<QProcess>();
  asked_->setStandardInputFile(QProcess::nullDevice());
  asked_->setStandardErrorFile(QProcess::nullDevice());
  connect(asked_.get(), &QProcess::readyReadStandardOutput, this, [this] {
    if (asked_->bytesAvailable() <= kMostOutput) return;
    // Not within its own signal.
    QMetaObject::invokeMethod(
        this, [this] { refuse(); }, Qt::QueuedConnection);
  });
  connect(asked_.get(), &QProcess::finished, this, &ProgramCheck::take_version);
  connect(asked_.get(), &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error != QProcess::FailedToStart) return;
    const QString why = asked_->errorString();
    asked_.release()->deleteLater();
    patience_.stop();
    conclude(State::no_program, tr("%1 could not be started: %2.").arg(path_, why));
  });
  conclude(State::asking, tr("It is asked for its version …"));
  patience_.start();
  asked_->start(path, {QStringLiteral("--version")}, QIODevice::ReadOnly);
}

void ProgramCheck::take_version(int code, QProcess::ExitStatus status) {
  const QString version = version_in(asked_->read(kMostOutput));
  asked_.release()->deleteLater();
  if (status == QProcess::NormalExit && code == 0 && !version.isEmpty()) return try_run(version);
  refuse();
}

void ProgramCheck::refuse() {
  if (state_ != State::asking) return;
  drop();
  conclude(State::no_program,
           tr("%1 is not headroom: it does not say so when it is asked for its version.").arg(path_));
}

void ProgramCheck::try_run(const QString& version) {
  run_ = std::make_unique<RunProcess>(tiny_spec());
  run_->set_program(path_);
  connect(run_.get(), &RunProcess::finished, this, [this, version] {
    patience_.stop();
    const bool well = run_->state() == RunProcess::State::recorded;
    const QString why = run_->problem();
    run_.release()->deleteLater();
    if (!well) return conclude(State::runs_fail, tr("It is headroom %1, but its runs fail: %2").arg(version, why));
    QString sentence = tr("headroom %1 works: a tiny run was made in %2 s.")
                           .arg(version)
                           .arg(static_cast<double>(clock_.elapsed()) / 1000, 0, 'f', 1);
    if (version != QLatin1String(HEADROOM_VERSION))
      sentence += QLatin1Char(' ') + tr("This viewer is of version %1.").arg(QLatin1String(HEADROOM_VERSION));
    conclude(State::works, sentence);
  });
  conclude(State::trying, tr("It is headroom %1. It makes a tiny run …").arg(version));
  patience_.start();
  run_->start();
}

void ProgramCheck::conclude(State state, const QString& sentence) {
  state_ = state;
  sentence_ = sentence;
  Q_EMIT changed();
}

}  // namespace headroom::gui
