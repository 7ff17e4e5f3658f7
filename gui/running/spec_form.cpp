#include "gui/running/spec_form.h"

#include <QFont>
#include <QGridLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>
#include <map>

#include "base/error.h"
#include "gui/running/compression_editor.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {

SpecForm::SpecForm(QWidget* parent) : QWidget(parent), layout_(new QVBoxLayout(this)) {
  layout_->setContentsMargins(0, 0, 0, 0);
  layout_->setSpacing(6);
  add_shape();
  add_device();
  add_training();
  add_generation();
  begin_advanced();
  add_model_options();
  add_virtual_options();
  add_tracing();
  layout_->addStretch(1);
  load(RunSpec());
}

void SpecForm::add_section(const QString& title) {
  auto* heading = new QLabel(title);
  QFont font = heading->font();
  font.setBold(true);
  heading->setFont(font);
  auto* block = new QWidget;
  auto* column = new QVBoxLayout(block);
  column->setContentsMargins(0, 6, 0, 4);
  column->addWidget(heading);
  grid_ = new QGridLayout;
  grid_->setHorizontalSpacing(12);
  grid_->setVerticalSpacing(4);
  grid_->setColumnMinimumWidth(0, fontMetrics().averageCharWidth() * 19);
  grid_->setColumnStretch(1, 1);
  column->addLayout(grid_);
  (advanced_ ? static_cast<QVBoxLayout*>(advanced_->layout()) : layout_)->addWidget(block);
}

void SpecForm::begin_advanced() {
  advanced_button_ = new QToolButton;
  advanced_button_->setText(tr("More settings"));
  advanced_button_->setCheckable(true);
  advanced_button_->setAutoRaise(true);
  advanced_button_->setArrowType(Qt::RightArrow);
  advanced_button_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  layout_->addWidget(advanced_button_);
  advanced_ = new QWidget;
  auto* column = new QVBoxLayout(advanced_);
  column->setContentsMargins(0, 0, 0, 0);
  layout_->addWidget(advanced_);
  advanced_->hide();
  connect(advanced_button_, &QToolButton::toggled, this, [this](bool shown) {
    advanced_->setVisible(shown);
    advanced_button_->setArrowType(shown ? Qt::DownArrow : Qt::RightArrow);
  });
}

SpecForm::Field& SpecForm::add(const Words& words, QWidget* input, const Applies& applies, bool has_title) {
  auto* title = new QLabel(has_title ? words.title : QString());
  title->setBuddy(input);
  auto* problem = new QLabel;
  problem->setWordWrap(true);
  problem->hide();
  const QString meaning = QStringLiteral("%1 (%2)").arg(words.meaning, QLatin1String(words.flag));
  for (QWidget* widget : {static_cast<QWidget*>(title), input}) widget->setToolTip(meaning);
  input->setAccessibleName(words.title);
  input->setAccessibleDescription(meaning);
  input->setObjectName(QLatin1String(words.flag));
  const int row = grid_->rowCount();
  grid_->addWidget(title, row, 0);
  if (has_title) {  // it gives way where the window is narrow
    input->setSizePolicy(QSizePolicy::Ignored, input->sizePolicy().verticalPolicy());
    grid_->addWidget(input, row, 1);
  } else {
    grid_->addWidget(input, row, 0, 1, 2);
  }
  grid_->addWidget(problem, row + 1, 0, 1, 2);
  fields_.push_back({words.flag, title, input, problem, {}, {}, applies});
  return fields_.back();
}

void SpecForm::set_model(const RunSpec& spec) { compression_->set_spec(spec); }

std::optional<SpecProblem> SpecForm::store(RunSpec& spec) const {
  std::optional<SpecProblem> problem;
  for (const Field& field : fields_) {
    if (!field.applies(spec)) continue;  // what decides it stands above it
    try {
      field.store(spec);
    } catch (const Error& error) {
      if (!problem) problem = SpecProblem{field.flag, error.what()};
    }
  }
  return problem;
}

void SpecForm::load(const RunSpec& spec) {
  loading_ = true;
  for (const Field& field : fields_) field.load(spec);
  loading_ = false;
  follow_mode();
  if (says_more()) advanced_button_->setChecked(true);
}

// Whether a field below "More settings" holds what is not its default: nothing that decides a run is hidden.
bool SpecForm::says_more() const {
  RunSpec more;
  for (const Field& field : fields_) {
    if (!advanced_->isAncestorOf(field.input) || field.input->isHidden()) continue;
    try {
      field.store(more);
    } catch (const Error&) {
      return true;
    }
  }
  return to_json(more) != to_json(RunSpec());
}

void SpecForm::follow_mode() {
  if (loading_) return;
  RunSpec spec;
  store(spec);
  for (const Field& field : fields_) {
    const bool shown = field.applies(spec);
    field.title->setVisible(shown);
    field.input->setVisible(shown);
    if (!shown) field.problem->hide();
  }
  // A section none of whose fields is shown has no heading either.
  std::map<QWidget*, bool> sections;
  for (const Field& field : fields_) sections[field.input->parentWidget()] |= field.applies(spec);
  for (const auto& [section, shown] : sections) section->setVisible(shown);
  Q_EMIT changed();
}

std::vector<std::string> SpecForm::flags() const {
  std::vector<std::string> flags;
  for (const Field& field : fields_) flags.push_back(field.flag);
  return flags;
}

QWidget* SpecForm::input(const std::string& flag) const {
  for (const Field& field : fields_)
    if (field.flag == flag) return field.input;
  return nullptr;
}

bool SpecForm::show_problem(const SpecProblem& problem) {
  for (const Field& field : fields_)
    if (field.flag == problem.field && !field.input->isHidden()) {
      if (advanced_->isAncestorOf(field.input)) advanced_button_->setChecked(true);
      field.problem->setText(to_text(problem.message));
      field.problem->setStyleSheet(QStringLiteral("color: %1").arg(theme().bad.name()));
      field.problem->show();
      field.input->setAccessibleDescription(to_text(problem.message));
      return true;
    }
  return false;
}

void SpecForm::clear_problems() {
  for (const Field& field : fields_) {
    if (!field.problem->isHidden()) field.input->setAccessibleDescription(field.input->toolTip());
    field.problem->hide();
  }
}

}  // namespace headroom::gui
