// The attention mechanisms of a run: several at once, each with its options; those that are undefined for the model say
// why. Beside each stands what it takes, once that is known.
#pragma once

#include <QWidget>
#include <map>
#include <string>
#include <vector>

#include "gui/running/run_result.h"
#include "recording/run_spec.h"

class QFormLayout;
class QLabel;
class QTreeWidget;
class QTreeWidgetItem;

namespace headroom::gui {

class MechanismList : public QWidget {
  Q_OBJECT

 public:
  explicit MechanismList(QWidget* parent = nullptr);

  // Of which model, positions and compression; the mechanisms that do not go with it are disabled.
  void set_spec(const RunSpec& spec);

  // What is checked and can run, with options: "window:window=256". None checked: "", the model's own.
  std::vector<std::string> checked() const;
  void set_checked(const std::vector<std::string>& mechanisms);

  // Beside a checked one. `before`: that of the first, with which it is compared; null: it is the first.
  void show_result(const std::string& mechanism, const RunResult& result, const RunResult* before);
  void show_busy(const std::string& mechanism);
  void clear_results();

  QTreeWidget* tree() const { return tree_; }

 Q_SIGNALS:
  void changed();  // checked()

 private:
  void add_mechanisms();
  void update_item(QTreeWidgetItem* item);
  void edit_options();
  QWidget* option_input(const std::string& mechanism, std::size_t index);
  std::string text_of(const std::string& mechanism) const;
  QTreeWidgetItem* item_of(const std::string& mechanism) const;

  QTreeWidget* tree_;
  QWidget* options_;
  QFormLayout* option_rows_ = nullptr;
  QLabel* note_;
  RunSpec spec_;
  std::map<std::string, std::map<std::string, std::string>> given_;  // mechanism, option, value
  std::map<std::string, std::string> problems_;                      // of mechanisms that cannot run as they are
  bool updating_ = false;
};

}  // namespace headroom::gui
