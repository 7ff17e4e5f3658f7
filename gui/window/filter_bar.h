// The bar above the views that edits Selection::filter(): text, categories, a layer, the least size; and says how much
// it leaves out.
#pragma once

#include <QTimer>
#include <QWidget>

#include "gui/session/session.h"
#include "gui/views/background.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QToolButton;

namespace headroom::gui {

class FilterBar : public QWidget {
  Q_OBJECT

 public:
  FilterBar(Session& session, QWidget* parent);

  void focus_text();  // for a shortcut of the window
  bool is_settled() const { return !wait_.isActive() && !background_.is_busy(); }

 protected:
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void build();
  QToolButton* category_button(Category category);
  void connect_fields();
  void show_run();     // another run: its layers and categories
  void show_filter();  // another filter, from elsewhere
  void edited();       // by the user; applied a moment later
  void apply();
  std::optional<Filter> filter_of_fields() const;  // absent: a field cannot be read
  std::optional<std::int64_t> least_bytes() const;
  void count_hidden();
  void tint_buttons();
  void set_style();

  Session& session_;
  QLineEdit *text_, *least_;
  QComboBox* layer_;
  std::array<QToolButton*, kCategoryCount> categories_{};
  QLabel *problem_, *hidden_;
  QToolButton* clear_;
  QTimer wait_;
  Background background_;
  bool is_filling_ = false;
};

}  // namespace headroom::gui
