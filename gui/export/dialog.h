// Asks which views, formats, colours and size an export has, shows a page of it, and writes.
#pragma once

#include <QDialog>
#include <memory>
#include <vector>

#include "gui/export/exporter.h"
#include "gui/export/stage.h"

class QCheckBox;
class QComboBox;
class QDialogButtonBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace headroom::gui {

struct ExportChoice {
  QByteArray view;
  QString title;
  bool chosen = false;
};

class ExportDialog : public QDialog {
  Q_OBJECT

 public:
  // `view_of`: of what the window shows. `session`: whose runs can be exported all at once; nullptr: only what is
  // shown.
  ExportDialog(const std::vector<ExportChoice>& choices, Exporter::ViewOf view_of, QWidget* parent,
               const Session* session = nullptr);

  void set_folder(const QString& folder);
  void choose_all_runs(bool all);
  void start();
  QString status() const;  // what it says below: how many files, what went wrong
  const Exporter& exporter() const { return exporter_; }

  void reject() override;  // stops what is being written first

 Q_SIGNALS:
  void message(const QString& text);

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* make_choices(const std::vector<ExportChoice>& choices);
  QWidget* make_options();
  QComboBox* make_runs();
  QWidget* make_preview();
  QWidget* make_folder();
  void make_buttons();
  PictureOptions options() const;
  std::vector<ExportItem> items() const;
  bool is_of_all_runs() const;
  View* view_of(const ExportItem& item);
  void show_preview();
  void show_plan();
  void show_progress();
  void finish(const QString& error);

  Exporter::ViewOf view_of_;
  const Session* session_;
  std::unique_ptr<ExportStage> stage_;  // while all runs are exported
  Exporter exporter_;
  QListWidget* views_ = nullptr;
  std::vector<QCheckBox*> formats_;  // in the order of export_formats()
  QComboBox *runs_ = nullptr, *colours_ = nullptr;
  QSpinBox *width_ = nullptr, *height_ = nullptr;
  QDoubleSpinBox* scale_ = nullptr;
  QLineEdit* folder_ = nullptr;
  QLabel *preview_ = nullptr, *status_ = nullptr;
  QProgressBar* progress_ = nullptr;
  QPushButton* export_ = nullptr;
  QDialogButtonBox* buttons_ = nullptr;
  QTimer preview_timer_;
};

}  // namespace headroom::gui
