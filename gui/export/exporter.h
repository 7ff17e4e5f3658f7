// Writes views to files, one after another, without stopping the window: a view that still computes is waited for.
#pragma once

#include <QObject>
#include <QStringList>
#include <QTimer>
#include <filesystem>
#include <functional>
#include <vector>

#include "gui/export/picture.h"

namespace headroom::gui {

struct ExportItem {
  QByteArray view;  // its id
  QString title;
  ExportFormat format = ExportFormat::png;
  int run = -1;    // which of the runs it is of, where there are several to be shown one after another
  QString folder;  // within that of the export; empty: none of its own
};

// "timeline.png", "mha/timeline.png"
QString file_name(const ExportItem& item);

class Exporter : public QObject {
  Q_OBJECT

 public:
  using ViewOf = std::function<View*(const ExportItem& item)>;  // nullptr: there is no such view

  Exporter(ViewOf view_of, QObject* parent = nullptr);

  // Throws Error where the folder cannot be written. Each file is written whole or not at all; one that is there
  // already is replaced.
  void start(std::vector<ExportItem> items, const std::filesystem::path& folder, const PictureOptions& options);
  void cancel();  // what is written stays
  bool is_busy() const { return busy_; }

  std::size_t done() const { return next_; }
  std::size_t count() const { return items_.size(); }

 Q_SIGNALS:
  void progressed();
  // Why it stopped early, with the exit code that belongs to it; empty: all was written, or it was cancelled. What was
  // written before stays.
  void finished(const QString& error, int code);

 private:
  void step();
  void write(const ExportItem& item);
  void finish(const QString& error, int code);

  ViewOf view_of_;
  std::vector<ExportItem> items_;
  std::size_t next_ = 0;
  std::filesystem::path folder_;
  PictureOptions options_;
  bool busy_ = false;
  QTimer timer_;
};

}  // namespace headroom::gui
