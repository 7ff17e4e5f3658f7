// The model of a run: a preset, found by typing a part of its name, or a config.json that is opened or dropped.
#pragma once

#include <QString>
#include <QWidget>

class QLabel;
class QLineEdit;
class QTreeWidget;
class QTreeWidgetItem;

namespace headroom::gui {

// "BERT and its kin": under which a preset is listed.
QString family_of(const QString& preset);

class ModelList : public QWidget {
  Q_OBJECT

 public:
  explicit ModelList(QWidget* parent = nullptr);

  QString model() const;  // a preset's name or a file's path; empty: none is chosen
  void set_model(const QString& model);
  void show_problem(const QString& message);  // empty: there is none

 Q_SIGNALS:
  void changed();

 private:
  void add_presets();
  void filter(const QString& text);
  void tell_what_is_hidden();
  void open_file();
  QTreeWidgetItem* item_of(const QString& model) const;
  bool eventFilter(QObject* watched, QEvent* event) override;

  QLineEdit* search_;
  QTreeWidget* tree_;
  QTreeWidgetItem* files_ = nullptr;
  QLabel *problem_, *note_;
};

}  // namespace headroom::gui
