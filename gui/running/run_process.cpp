#include "gui/running/run_process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <QDateTime>
#include <QDir>
#include <QDirIterator>
#include <QStandardPaths>
#include <algorithm>

#include "base/json.h"
#include "gui/running/program.h"
#include "gui/views/text.h"

namespace headroom::gui {
namespace {

constexpr int kLastWords = 3;  // lines of a log that stand for a reason nobody gave
constexpr int kDestructorMilliseconds = 200;
constexpr int kStaleDays = 2;

std::int64_t integer_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

// "headroom: …" without that; of a crash the last lines.
QString reason_in(const RunLog& log) {
  const QByteArray prefix = "headroom: ";
  for (auto line = log.lines().rbegin(); line != log.lines().rend(); ++line)
    if (line->startsWith(prefix)) return QString::fromUtf8(line->mid(prefix.size()));
  QStringList words;
  for (auto line = log.lines().rbegin(); line != log.lines().rend() && words.size() < kLastWords; ++line)
    if (!line->trimmed().isEmpty()) words.prepend(QString::fromUtf8(line->trimmed()));
  return words.join(QLatin1Char('\n'));
}

QStringList recordings_below(const QString& folder) {
  QStringList found;
  QDirIterator files(folder, {QStringLiteral("*.headroom")}, QDir::Files);
  while (files.hasNext()) found.append(files.next());
  found.sort();
  return found;
}

}  // namespace

QString scratch_root() {
  const QString root = QStandardPaths::writableLocation(QStandardPaths::CacheLocation) + QStringLiteral("/running");
  QDir().mkpath(root);
  return root;
}

void clean_scratch_root() {
  const QDateTime stale = QDateTime::currentDateTime().addDays(-kStaleDays);
  for (const QFileInfo& folder : QDir(scratch_root()).entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot))
    if (folder.lastModified() < stale) QDir(folder.absoluteFilePath()).removeRecursively();
}

std::optional<RunProgress> parse_progress_line(const QByteArray& line) {
  if (!line.startsWith('{') || line.size() > RunLog::kLongestLine) return {};
  const Json json = Json::parse(line.begin(), line.end(), nullptr, false);
  if (!json.is_object() || !json.contains("run") || !json.contains("phase") || !json["phase"].is_string()) return {};
  return RunProgress{to_text(json["phase"].get<std::string>()), integer_of(json, "step"), integer_of(json, "steps"),
                     integer_of(json, "allocated_bytes")};
}

RunProcess::RunProcess(RunSpec spec, QObject* parent)
    : QObject(parent), spec_(std::move(spec)), process_(new QProcess(this)) {
  process_->setStandardInputFile(QProcess::nullDevice());
  process_->setChildProcessModifier([] {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  });
  connect(process_, &QProcess::readyReadStandardOutput, this, [this] { read(QProcess::StandardOutput, partial_out_); });
  connect(process_, &QProcess::readyReadStandardError, this, [this] { read(QProcess::StandardError, partial_err_); });
  connect(process_, &QProcess::finished, this, &RunProcess::take_end);
  connect(process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error == QProcess::FailedToStart)
      finish(State::failed, tr("%1 could not be started: %2.").arg(process_->program(), process_->errorString()));
  });
  silence_timer_.setInterval(1000);
  connect(&silence_timer_, &QTimer::timeout, this, &RunProcess::check_silence);
  patience_.setSingleShot(true);
  connect(&patience_, &QTimer::timeout, this, [this] { signal_group(SIGKILL); });
}

RunProcess::~RunProcess() {
  process_->disconnect(this);
  if (process_->state() == QProcess::NotRunning) return;
  signal_group(SIGTERM);
  if (!process_->waitForFinished(kDestructorMilliseconds)) {
    signal_group(SIGKILL);
    process_->waitForFinished();
  }
}

QStringList RunProcess::arguments() const {
  const std::vector<std::string> words = reproduction_words(spec_);
  QStringList all{to_text(words.at(1)), QStringLiteral("--out"), scratch_->filePath(QStringLiteral("out"))};
  if (!is_program(spec_)) {
    all << QStringLiteral("--quiet") << QStringLiteral("--progress") << QStringLiteral("lines");
    if (spec_.mode == Mode::generate) all << QStringLiteral("--no-fit");
  }
  for (std::size_t i = 2; i < words.size(); ++i) all.append(to_text(words[i]));
  return all;
}

void RunProcess::start() {
  if (state_ != State::idle) return;
  state_ = State::running;
  const auto fail = [this](const QString& problem) {
    QMetaObject::invokeMethod(
        this, [this, problem] { finish(State::failed, problem); }, Qt::QueuedConnection);
  };
  const FoundProgram program = program_.isEmpty() ? find_program() : FoundProgram{program_, {}};
  if (program.path.isEmpty()) return fail(program.problem);
  scratch_ = std::make_unique<QTemporaryDir>(scratch_root() + QStringLiteral("/run-XXXXXX"));
  if (!scratch_->isValid())
    return fail(tr("No folder can be made in %1: %2.").arg(scratch_root(), scratch_->errorString()));
  QDir(scratch_->path()).mkdir(QStringLiteral("out"));
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  environment.insert(QStringLiteral("TMPDIR"), scratch_->path());
  process_->setProcessEnvironment(environment);
  clock_.start();
  last_sign_.start();
  silence_timer_.setInterval(std::min(1000, silence_ms_));
  silence_timer_.start();
  process_->start(program.path, arguments(), QIODevice::ReadOnly);
  process_id_ = process_->processId();
}

void RunProcess::cancel() {
  if (state_ != State::running || cancelling_) return;
  cancelling_ = true;
  if (process_->state() == QProcess::NotRunning) return;  // there is no program: finished() is on its way
  signal_group(SIGTERM);
  patience_.start(kPatienceMilliseconds);
}

void RunProcess::signal_group(int number) const {
  if (process_id_ <= 0 || process_->state() == QProcess::NotRunning) return;
  const auto leader = static_cast<pid_t>(process_id_);
  if (::kill(-leader, number) != 0) ::kill(leader, number);  // it leads no group yet
}

void RunProcess::read(QProcess::ProcessChannel channel, QByteArray& partial) {
  process_->setReadChannel(channel);
  const std::int64_t before = log_.written();
  const RunProgress told = progress_;
  partial += process_->readAll();
  qsizetype begin = 0;
  for (qsizetype end; (end = partial.indexOf('\n', begin)) >= 0; begin = end + 1)
    take_line(partial.mid(begin, std::min(end - begin, RunLog::kLongestLine + 1)));
  partial.remove(0, begin);
  if (partial.size() > RunLog::kLongestLine) {  // of a line without an end a part will do
    take_line(partial.left(RunLog::kLongestLine));
    partial.clear();
  }
  last_sign_.restart();
  if (log_.written() != before) Q_EMIT log_grew();
  if (progress_ != told) Q_EMIT progressed();
}

void RunProcess::take_line(const QByteArray& line) {
  if (const auto progress = parse_progress_line(line))
    progress_ = *progress;
  else
    log_.add(line);
}

void RunProcess::take_end(int code, QProcess::ExitStatus status) {
  read(QProcess::StandardOutput, partial_out_);
  read(QProcess::StandardError, partial_err_);
  for (QByteArray* rest : {&partial_out_, &partial_err_})
    if (!rest->isEmpty()) take_line(*rest);
  exit_code_ = status == QProcess::NormalExit ? code : -1;
  if (cancelling_) return finish(State::cancelled);
  recordings_ = recordings_below(scratch_->filePath(QStringLiteral("out")));
  // A program's exit code is its own business.
  const bool is_result =
      is_program(spec_) || exit_code_ == 0 || exit_code_ == static_cast<int>(ExitCode::could_not_measure);
  if (is_result && !recordings_.isEmpty()) return finish(State::recorded);
  const QString reason = reason_in(log_);
  if (!reason.isEmpty()) return finish(State::failed, reason);
  finish(State::failed, exit_code_ < 0 ? tr("headroom was ended by a signal, %1.").arg(code)
                                       : tr("headroom ended with exit code %1 and left no recording.").arg(code));
}

void RunProcess::finish(State state, const QString& problem) {
  if (state_ != State::running) return;
  silence_timer_.stop();
  patience_.stop();
  ended_ms_ = clock_.isValid() ? clock_.elapsed() : 0;
  state_ = cancelling_ ? State::cancelled : state;
  problem_ = problem;
  Q_EMIT finished();
}

int RunProcess::silent_seconds() const {
  if (state_ != State::running || !last_sign_.isValid() || last_sign_.elapsed() < silence_ms_) return 0;
  return std::max(1, static_cast<int>(last_sign_.elapsed() / 1000));
}

void RunProcess::check_silence() {
  if (const int seconds = silent_seconds(); seconds > 0) Q_EMIT silent(seconds);
}

}  // namespace headroom::gui
