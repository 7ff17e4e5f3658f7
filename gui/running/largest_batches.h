// The largest batch of a run that each GPU of the catalogue holds, found by trying; the table of it.
#pragma once

#include <optional>
#include <vector>

#include "analysis/largest.h"
#include "gui/items/rows_model.h"
#include "gui/running/estimate.h"
#include "virtual_gpu/catalog.h"

namespace headroom::gui {

class LargestBatches : public RowsModel {
  Q_OBJECT

 public:
  explicit LargestBatches(QObject* parent = nullptr);

  struct Row {
    const virtual_gpu::DeviceModel* device = nullptr;
    std::optional<Largest> largest;
    QString problem;
    bool is_searched = false;  // now
  };

  // What was found of another spec is forgotten. Its batch and device do not count.
  void set_spec(const RunSpec& spec);
  void find(int row);
  void find_all();
  void stop();
  bool is_running() const { return running_ >= 0; }

  const Row& row(int row) const { return rows_[static_cast<std::size_t>(row)]; }
  int row_of(const std::string& device) const;  // "virtual:h100-80gb"; -1: it is not in the catalogue

 Q_SIGNALS:
  void changed();

 private:
  void fill();
  void start_next();
  bool forget_other_program();
  void begin_search();
  void ask();
  void take();
  void conclude(const QString& problem = {});
  QString text_of(const Row& row) const;

  RunSpec spec_;
  std::vector<Row> rows_;
  std::vector<int> waiting_;
  int running_ = -1;
  std::optional<LargestSearch> search_;
  Estimate estimate_;
  QString made_by_;  // fingerprint of the program whose results these are
};

}  // namespace headroom::gui
