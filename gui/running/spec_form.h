// The fields that decide a run, all but its model and its mechanisms, each with what is wrong with it below.
#pragma once

#include <QWidget>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gui/running/spec_check.h"
#include "recording/run_spec.h"

class QCheckBox;
class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QSpinBox;
class QToolButton;
class QVBoxLayout;

namespace headroom::gui {

class CompressionEditor;

class SpecForm : public QWidget {
  Q_OBJECT

 public:
  explicit SpecForm(QWidget* parent = nullptr);

  // Writes the fields into `spec`; those that say nothing of its mode keep their defaults. The first field that holds
  // no value is told.
  std::optional<SpecProblem> store(RunSpec& spec) const;
  void load(const RunSpec& spec);
  // The model and what is asked of it: what stands where nothing is given depends on them.
  void set_model(const RunSpec& spec);

  std::vector<std::string> flags() const;
  // Below the field; false where there is no such field, or it is not shown.
  bool show_problem(const SpecProblem& problem);
  void clear_problems();
  QWidget* input(const std::string& flag) const;  // nullptr: there is none

 Q_SIGNALS:
  void changed();

 private:
  using Applies = std::function<bool(const RunSpec&)>;
  struct Field {
    std::string flag;
    QLabel* title;
    QWidget* input;
    QLabel* problem;
    std::function<void(RunSpec&)> store;  // throws Error
    std::function<void(const RunSpec&)> load;
    Applies applies;
  };
  struct Words {
    const char* flag;
    QString title, meaning;
  };

  void add_section(const QString& title);
  void begin_advanced();
  void add_shape();
  void add_training();
  void add_generation();
  void add_device();
  void add_model_options();
  void add_tracing();
  void add_virtual_options();

  template <class T>
  void add_count(const Words& words, T member, std::int64_t low, std::int64_t high, const Applies& applies);
  template <class T, class Names>
  void add_choice(const Words& words, T member, const Names& names, const Applies& applies);
  template <class T>
  void add_text(const Words& words, T member, const QString& placeholder, const Applies& applies);
  template <class T>
  void add_number(const Words& words, T member, const QString& placeholder, const Applies& applies);
  template <class T>
  void add_switch(const Words& words, T member, const Applies& applies);
  void add_compression();
  void add_positions();
  void add_reserve();
  void add_trace();
  void add_device_list();
  Field& add(const Words& words, QWidget* input, const Applies& applies, bool has_title = true);
  void follow_mode();
  bool says_more() const;

  QVBoxLayout* layout_;
  QGridLayout* grid_ = nullptr;
  QWidget* advanced_ = nullptr;
  QToolButton* advanced_button_ = nullptr;
  CompressionEditor* compression_ = nullptr;
  std::vector<Field> fields_;
  bool loading_ = false;
};

}  // namespace headroom::gui
