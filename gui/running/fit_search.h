// Fills a FitGrid with virtual runs of one spec on one GPU, several at once, from the cache where they were made
// before. When the program is replaced by another one, what it had found is forgotten.
#pragma once

#include <QObject>
#include <map>
#include <memory>
#include <vector>

#include "analysis/fit_grid.h"
#include "gui/running/estimate.h"

namespace headroom::gui {

class FitSearch : public QObject {
  Q_OBJECT

 public:
  explicit FitSearch(QObject* parent = nullptr);

  // Another spec or GPU: what runs ends, and what the cache knows is there at once.
  void set_spec(const RunSpec& spec);
  const RunSpec& spec() const { return spec_; }
  bool has_spec() const { return !spec_.model.empty(); }

  void start();
  void stop();  // what was found stays
  // What somebody else's run of this spec found; nothing where it is of no cell, or a failure.
  void learn(const RunSpec& spec, const RunResult& result);
  bool is_running() const { return started_; }
  // Why it ended before all was found: nothing but failures came, and this is what the last one said. Empty: it did
  // not.
  const QString& problem() const { return problem_; }

  const FitGrid& grid() const { return grid_; }
  const RunResult* result(FitCell cell) const;  // nullptr: it was not tried
  bool is_running(FitCell cell) const;
  RunSpec spec_of(FitCell cell) const;
  RunSpec spec_of(std::int64_t batch, std::int64_t seq) const;
  std::int64_t most_seq() const { return most_seq_; }  // that the model takes

 Q_SIGNALS:
  void changed();  // a cell, or what runs
  void ended();    // is_running() became false

 private:
  struct Worker {
    Estimate estimate;
    FitCell cell;
  };
  void recall();
  void forget_other_program();
  void feed();
  void take(Worker& worker);
  void tell(FitCell cell, const RunResult& result);

  RunSpec spec_;
  FitGrid grid_;
  std::int64_t most_seq_ = 0;
  std::map<std::pair<std::size_t, std::size_t>, RunResult> results_;
  std::vector<std::unique_ptr<Worker>> workers_;
  ResultCache cache_;
  int at_once_;
  bool started_ = false;
  QString problem_;
  QString made_by_;  // fingerprint of the program whose results these are
};

}  // namespace headroom::gui
