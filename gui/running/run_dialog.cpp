#include "gui/running/run_dialog.h"

#include <QDragEnterEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QScrollArea>
#include <QSettings>
#include <QShortcut>
#include <QSplitter>
#include <QUrl>
#include <QVBoxLayout>

#include "base/error.h"
#include "gui/running/estimate_panel.h"
#include "gui/running/program.h"
#include "gui/running/program_dialog.h"
#include "gui/running/run_queue.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "virtual_gpu/catalog.h"

namespace headroom::gui {
namespace {

constexpr int kDelayMilliseconds = 150;
constexpr const char* kSpecSetting = "running/spec";
constexpr const char* kMechanismsSetting = "running/mechanisms";

QWidget* column(const QString& title, QWidget* content) {
  auto* block = new QWidget;
  auto* layout = new QVBoxLayout(block);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* heading = new QLabel(title);
  QFont font = heading->font();
  font.setPointSizeF(font.pointSizeF() * 1.15);
  font.setBold(true);
  heading->setFont(font);
  layout->addWidget(heading);
  layout->addWidget(content, 1);
  return block;
}

QString product_of(const std::string& device) {
  try {
    return to_text(virtual_gpu::device_model(device).product);
  } catch (const Error&) {
    return to_text(device);
  }
}

QString note_of(const RunSpec& asked, const RunSpec& estimated) {
  if (asked.device == estimated.device) return {};
  return RunDialog::tr("Estimated on a virtual GPU; the run itself is on %1, whose allocator may take another amount.")
      .arg(to_text(asked.device));
}

QString dropped_file(const QMimeData* data) {
  for (const QUrl& url : data->urls())
    if (url.isLocalFile() && url.fileName().endsWith(QLatin1String(".json"))) return url.toLocalFile();
  return {};
}

}  // namespace

RunDialog::RunDialog(Session& session, QWidget* parent)
    : QDialog(parent, Qt::Window),
      session_(session),
      models_(new ModelList),
      form_(new SpecForm),
      mechanisms_(new MechanismList),
      panel_(new EstimatePanel),
      problem_(new QLabel),
      queued_(new QLabel),
      run_(new QPushButton(tr("Run"))),
      fit_(new QPushButton(tr("What fits…"))),
      choose_program_(make_program_button(queue_of(session), this)) {
  setWindowTitle(tr("New run"));
  setAcceptDrops(true);
  arrange();
  recall();
  connect(models_, &ModelList::changed, this, &RunDialog::follow);
  connect(form_, &SpecForm::changed, this, &RunDialog::follow);
  connect(mechanisms_, &MechanismList::changed, this, &RunDialog::follow);
  connect(&first_, &Estimate::finished, this, &RunDialog::take_first);
  connect(&first_, &Estimate::silent, panel_, &EstimatePanel::show_busy);
  connect(&others_, &Estimate::finished, this, &RunDialog::take_next);
  connect(&queue_of(session), &RunQueue::program_chosen, this, &RunDialog::follow);
  connect(run_, &QPushButton::clicked, this, &RunDialog::run);
  connect(&queue_of(session), &RunQueue::changed, this, &RunDialog::tell_of_queue);
  connect(fit_, &QPushButton::clicked, this, [this] { queue_of(session_).want_fit(spec()); });
  auto* enter = new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_Return), this);
  connect(enter, &QShortcut::activated, this, &RunDialog::run);
}

void RunDialog::arrange() {
  problem_->setWordWrap(true);
  problem_->hide();
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(make_columns(), 1);
  layout->addWidget(panel_);
  layout->addWidget(problem_);
  layout->addWidget(choose_program_, 0, Qt::AlignLeft);
  layout->addLayout(make_buttons());
  resize(184 * fontMetrics().averageCharWidth(), 52 * fontMetrics().height());
}

QWidget* RunDialog::make_columns() {
  const int letter = fontMetrics().averageCharWidth();
  auto* scroll = new QScrollArea;
  auto* padded = new QWidget;
  auto* pad = new QVBoxLayout(padded);
  pad->setContentsMargins(0, 0, 10, 0);
  pad->addWidget(form_);
  scroll->setWidget(padded);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setAccessibleName(tr("Settings"));
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setMinimumWidth(50 * letter);
  auto* splitter = new QSplitter;
  splitter->setHandleWidth(1);
  splitter->setChildrenCollapsible(false);
  for (QWidget* part :
       {column(tr("Model"), models_), column(tr("Settings"), scroll), column(tr("Attention"), mechanisms_)}) {
    part->setContentsMargins(10, 4, 10, 4);
    splitter->addWidget(part);
  }
  splitter->setSizes({50 * letter, 58 * letter, 66 * letter});
  return splitter;
}

QLayout* RunDialog::make_buttons() {
  run_->setDefault(true);
  run_->setToolTip(tr("One run for each mechanism that is checked (Ctrl+Enter)"));
  fit_->setToolTip(tr("Which batch and sequence length fit on which GPU"));
  fit_->setAutoDefault(false);
  auto* close = new QPushButton(tr("Close"));
  close->setAutoDefault(false);
  connect(close, &QPushButton::clicked, this, &QWidget::close);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(fit_);
  buttons->addStretch(1);
  buttons->addWidget(queued_);
  buttons->addWidget(close);
  buttons->addWidget(run_);
  return buttons;
}

RunSpec RunDialog::spec() const {
  RunSpec spec;
  spec.model = models_->model().toStdString();
  form_->store(spec);
  spec.attention = mechanisms_->checked().front();
  return spec;
}

std::vector<RunSpec> RunDialog::runs() const {
  std::vector<RunSpec> runs;
  for (const std::string& mechanism : mechanisms_->checked()) {
    runs.push_back(spec());
    runs.back().attention = mechanism;
  }
  return runs;
}

void RunDialog::set_spec(const RunSpec& spec) {
  models_->set_model(to_text(spec.model));
  form_->load(spec);
  mechanisms_->set_checked({spec.attention});
}

QString RunDialog::problem() const { return to_text(shown_problem_); }
bool RunDialog::can_run() const { return run_->isEnabled(); }

void RunDialog::follow() {
  const bool sound = show_what_is_wrong();
  run_->setEnabled(sound);
  fit_->setEnabled(sound);
  const auto count = mechanisms_->checked().size();
  run_->setText(count > 1 ? tr("Run all %1").arg(count) : tr("Run"));
  first_.cancel();
  others_.cancel();
  mechanisms_->clear_results();
  if (sound && isVisible()) ask();
}

bool RunDialog::show_what_is_wrong() {
  form_->clear_problems();
  models_->show_problem({});
  problem_->hide();
  shown_problem_.clear();
  RunSpec typed;
  typed.model = models_->model().toStdString();
  if (typed.model.empty()) {
    panel_->show_sentence(tr("Choose a model to see what a run of it takes."));
    return false;
  }
  auto problem = form_->store(typed);
  if (!problem) problem = check_spec(typed);
  if (!problem || problem->field != "MODEL") {
    form_->set_model(typed);
    RunSpec sound = typed;  // mechanisms are not to blame for what is wrong with the compression
    if (problem && problem->field == "--compress") sound.compression.clear();
    mechanisms_->set_spec(sound);
  }
  if (!problem)
    if (const std::string why = mechanism_problem(typed, mechanisms_->checked().front()); !why.empty())
      problem = SpecProblem{"--attention", why};
  if (!problem) return true;
  show_problem(*problem);
  panel_->show_sentence(tr("Nothing to show: a setting is not right.") + QLatin1Char('\n') + this->problem());
  return false;
}

void RunDialog::show_problem(const SpecProblem& problem) {
  shown_problem_ = problem.message;
  if (problem.field == "MODEL") return models_->show_problem(to_text(problem.message));
  if (form_->show_problem(problem)) return;
  problem_->setStyleSheet(QStringLiteral("color: %1").arg(theme().bad.name()));
  problem_->setText(to_text(problem.message));
  problem_->show();
}

void RunDialog::ask() {
  const FoundProgram program = find_program();
  choose_program_->setVisible(program.path.isEmpty());
  if (program.path.isEmpty()) return panel_->show_sentence(program.problem);
  panel_->show_busy();
  const std::vector<std::string> mechanisms = mechanisms_->checked();
  waiting_.assign(mechanisms.begin() + 1, mechanisms.end());
  for (const std::string& mechanism : mechanisms) mechanisms_->show_busy(mechanism);
  first_.ask(estimated_spec(spec()), kDelayMilliseconds);
}

void RunDialog::take_first() {
  const RunResult& result = first_.result();
  mechanisms_->show_result(first_.spec().attention, result, nullptr);
  if (result.kind == RunResult::Kind::failed) {
    auto flags = form_->flags();
    flags.emplace_back("--attention");
    if (const std::string field = field_named_in(result.message, flags); !field.empty())
      show_problem({field, result.message});
    panel_->show_sentence(tr("The run could not be made: %1").arg(to_text(result.message)));
  } else {
    panel_->show_result(result, product_of(first_.spec().device), note_of(spec(), first_.spec()));
  }
  ask_next();
}

void RunDialog::ask_next() {
  if (waiting_.empty()) return;
  RunSpec next = estimated_spec(spec());
  next.attention = waiting_.front();
  waiting_.erase(waiting_.begin());
  others_.ask(next);
}

void RunDialog::take_next() {
  mechanisms_->show_result(others_.spec().attention, others_.result(), &first_.result());
  ask_next();
}

void RunDialog::run() {
  if (!can_run()) return;
  remember();
  queue_of(session_).add(runs());
  was_run_ = true;
  tell_of_queue();
}

// The queue itself may be behind this window.
void RunDialog::tell_of_queue() {
  if (was_run_) queued_->setText(tr("Queue: %1").arg(queue_of(session_).summary()));
}

void RunDialog::remember() const {
  QSettings settings;
  settings.setValue(QLatin1String(kSpecSetting), to_text(to_json(spec()).dump()));
  QStringList mechanisms;
  for (const std::string& mechanism : mechanisms_->checked()) mechanisms.append(to_text(mechanism));
  settings.setValue(QLatin1String(kMechanismsSetting), mechanisms);
}

// Settings may be damaged, or of another version: then there are the defaults.
void RunDialog::recall() {
  const QSettings settings;
  const std::string text = settings.value(QLatin1String(kSpecSetting)).toString().toStdString();
  try {
    const RunSpec spec = run_spec_from_json(parse_json(text, "settings"), "settings");
    std::vector<std::string> mechanisms;
    for (const QString& name : settings.value(QLatin1String(kMechanismsSetting)).toStringList())
      mechanisms.push_back(name.toStdString());
    set_spec(spec);
    mechanisms_->set_spec(spec);
    mechanisms_->set_checked(mechanisms);
  } catch (const Error&) {
    set_spec(RunSpec{.model = "bert-base", .batch = 8});
  }
}

void RunDialog::showEvent(QShowEvent* event) {
  QDialog::showEvent(event);
  follow();
}

// However it was closed. Minimised by the desktop it goes on.
void RunDialog::hideEvent(QHideEvent* event) {
  QDialog::hideEvent(event);
  if (event->spontaneous()) return;
  if (!models_->model().isEmpty()) remember();
  first_.cancel();
  others_.cancel();
}

void RunDialog::dragEnterEvent(QDragEnterEvent* event) {
  if (!dropped_file(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void RunDialog::dropEvent(QDropEvent* event) {
  if (const QString file = dropped_file(event->mimeData()); !file.isEmpty()) models_->set_model(file);
}

}  // namespace headroom::gui
