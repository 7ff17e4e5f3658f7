// One run, made by the program `headroom` in a process of its own: asynchronous, told how far it is, ended at any time.
//
// The process leads a process group and has a scratch folder, which is its TMPDIR too; both end with this object at the
// latest. Whatever it writes, the log stays bounded.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <QTemporaryDir>
#include <QTimer>
#include <memory>
#include <optional>

#include "gui/running/run_log.h"
#include "recording/run_spec.h"

namespace headroom::gui {

struct RunProgress {
  QString phase;  // empty: nothing was told yet
  std::int64_t step = 0, steps = 0, allocated_bytes = 0;

  bool operator==(const RunProgress&) const = default;
};

// A document that `headroom … --progress lines` writes; nothing for any other line.
std::optional<RunProgress> parse_progress_line(const QByteArray& line);

class RunProcess : public QObject {
  Q_OBJECT

 public:
  enum class State {
    idle,       // not started
    running,    //
    recorded,   // it left recordings: the run went well, or ran out of memory
    failed,     // problem() says why
    cancelled,  //
  };
  Q_ENUM(State)

  explicit RunProcess(RunSpec spec, QObject* parent = nullptr);
  ~RunProcess() override;

  const RunSpec& spec() const { return spec_; }
  State state() const { return state_; }
  bool is_running() const { return state_ == State::running; }
  const RunProgress& progress() const { return progress_; }
  const RunLog& log() const { return log_; }
  int exit_code() const { return exit_code_; }                   // once it has ended; -1: a signal ended it
  const QString& problem() const { return problem_; }            // of `failed`: one sentence or more
  const QStringList& recordings() const { return recordings_; }  // in the scratch folder, gone with this object
  qint64 elapsed_ms() const { return ended_ms_ >= 0 ? ended_ms_ : clock_.isValid() ? clock_.elapsed() : 0; }
  // How long it has said nothing; 0 while that is no cause for concern.
  int silent_seconds() const;

  void start();   // once; finished() comes later, even where there is no program
  void cancel();  // asks it to end, and makes it after kPatienceMilliseconds

  void set_program(const QString& path) { program_ = path; }  // before the start; else it is found
  void set_silence_milliseconds(int milliseconds) { silence_ms_ = milliseconds; }

  static constexpr int kPatienceMilliseconds = 3000;
  static constexpr int kSilenceMilliseconds = 30'000;

 Q_SIGNALS:
  void progressed();  // progress() changed
  void log_grew();
  void silent(int seconds);  // no sign of life for so long; again each second
  void finished();           // state() is one of the last three

 private:
  void read(QProcess::ProcessChannel channel, QByteArray& partial);
  void take_line(const QByteArray& line);
  void take_end(int code, QProcess::ExitStatus status);
  void finish(State state, const QString& problem = {});
  void check_silence();
  void signal_group(int number) const;
  QStringList arguments() const;

  RunSpec spec_;
  State state_ = State::idle;
  RunProgress progress_;
  RunLog log_;
  QString program_, problem_;
  QStringList recordings_;
  int exit_code_ = 0;
  int silence_ms_ = kSilenceMilliseconds;
  bool cancelling_ = false;
  qint64 process_id_ = 0, ended_ms_ = -1;
  QElapsedTimer clock_, last_sign_;
  QTimer silence_timer_, patience_;
  QByteArray partial_out_, partial_err_;
  std::unique_ptr<QTemporaryDir> scratch_;
  QProcess* process_;
};

// The folder under which scratch folders are made; those that a crash left behind and nobody uses are removed.
QString scratch_root();
void clean_scratch_root();

}  // namespace headroom::gui
