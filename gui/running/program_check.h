// Whether a program is `headroom` and makes runs: it is asked for its version, then for a tiny run on a virtual GPU.
#pragma once

#include <QObject>
#include <QTimer>
#include <memory>

#include "gui/running/run_process.h"

namespace headroom::gui {

class ProgramCheck : public QObject {
  Q_OBJECT

 public:
  enum class State {
    idle,
    asking,     // for its version
    trying,     // a run
    works,      //
    runs_fail,  // it is headroom, and its runs fail: sentence() says why
    no_program  // it is not headroom
  };
  Q_ENUM(State)

  explicit ProgramCheck(QObject* parent = nullptr);
  ~ProgramCheck() override;

  void start(const QString& path);  // what was going on is dropped
  void cancel();

  State state() const { return state_; }
  bool is_busy() const { return state_ == State::asking || state_ == State::trying; }
  bool is_headroom() const { return state_ == State::works || state_ == State::runs_fail; }
  const QString& path() const { return path_; }
  const QString& sentence() const { return sentence_; }

  void set_patience_milliseconds(int milliseconds) { patience_.setInterval(milliseconds); }

 Q_SIGNALS:
  void changed();

 private:
  void drop();
  void take_version(int code, QProcess::ExitStatus status);
  void refuse();
  void try_run(const QString& version);
  void conclude(State state, const QString& sentence);

  State state_ = State::idle;
  QString path_, sentence_;
  QTimer patience_;
  QElapsedTimer clock_;
  std::unique_ptr<QProcess> asked_;
  std::unique_ptr<RunProcess> run_;
};

}  // namespace headroom::gui
