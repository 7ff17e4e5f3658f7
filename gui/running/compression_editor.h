// How weights are made smaller, as fields: one or several methods of the catalogue, each with its options. Its text is
// what --compress takes, "int4:group=64+lora:rank=8"; a text that is not of the catalogue comes back as it was.
#pragma once

#include <QWidget>
#include <string>
#include <utility>
#include <vector>

#include "recording/run_spec.h"

class QComboBox;
class QFormLayout;
class QLabel;
class QToolButton;
class QVBoxLayout;

namespace headroom::gui {

class CompressionEditor : public QWidget {
  Q_OBJECT

 public:
  explicit CompressionEditor(QWidget* parent = nullptr);

  std::string text() const;
  void set_text(const std::string& text);

  // Of which model and mode: what options are where they are not given depends on them.
  void set_spec(const RunSpec& spec);

  int method_count() const { return static_cast<int>(methods_.size()); }
  QComboBox* method_box(int method) const;
  QWidget* option_input(int method, const std::string& option) const;  // null: the method has none of that name
  QToolButton* add_button() const { return add_; }
  QToolButton* remove_button(int method) const;

 Q_SIGNALS:
  void changed();  // text()

 private:
  struct Method {
    std::string name;                                        // empty: none
    std::vector<std::pair<std::string, std::string>> given;  // options and their values, in the order of the text
    std::string rest;                                        // parts of the text that are no options of the catalogue
    QWidget* block = nullptr;
    QComboBox* box = nullptr;
    QToolButton* remove = nullptr;
    QFormLayout* options = nullptr;
    std::vector<std::pair<std::string, QWidget*>> inputs = {};
  };

  static Method parse(std::string_view text);
  static std::string text_of(const Method& method);
  static void give(Method& method, const std::string& option, const std::string& value);
  void add_method(Method method);
  void make_block(Method& method);
  void make_options(Method& method);
  void choose(int at, const std::string& name);
  void remove(int at);
  int index_of(const QWidget* block) const;
  void update_fallbacks();
  void update_buttons();
  void take_change();

  QVBoxLayout* blocks_;
  QToolButton* add_;
  QLabel* written_;
  std::vector<Method> methods_;
  RunSpec spec_;
};

}  // namespace headroom::gui
