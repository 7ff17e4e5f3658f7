#include "gui/running/program_dialog.h"

#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QShowEvent>
#include <QVBoxLayout>

#include "gui/running/program.h"
#include "gui/window/theme.h"

namespace headroom::gui {

ProgramDialog::ProgramDialog(RunQueue& queue, QWidget* parent)
    : QDialog(parent, Qt::Dialog),
      queue_(queue),
      current_(new QLabel),
      verdict_(new QLabel),
      path_(new QLineEdit),
      browse_(new QPushButton(tr("Browse…"))),
      try_(new QPushButton(tr("Check"))),
      find_(new QPushButton(tr("Find it by itself"))),
      use_(new QPushButton(tr("Use this program"))) {
  setWindowTitle(tr("Program that makes runs"));
  arrange();
  connect_all();
  resize(92 * fontMetrics().averageCharWidth(), sizeHint().height());
}

void ProgramDialog::arrange() {
  auto* layout = new QVBoxLayout(this);
  layout->setSpacing(10);
  auto* what = new QLabel(
      tr("The viewer shows recordings. Runs are made by the program headroom, in processes of their own, so that "
         "nothing they do can harm what is open."));
  for (QLabel* label : {what, current_, verdict_}) {
    label->setWordWrap(true);
    layout->addWidget(label);
  }
  current_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* row = new QHBoxLayout;
  auto* title = new QLabel(tr("Program"));
  title->setBuddy(path_);
  path_->setAccessibleName(tr("Path of headroom"));
  path_->setPlaceholderText(QStringLiteral("/…/bin/headroom"));
  row->addWidget(title);
  row->addWidget(path_, 1);
  row->addWidget(browse_);
  row->addWidget(try_);
  layout->insertLayout(2, row);
  verdict_->setMinimumHeight(3 * fontMetrics().height());
  verdict_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
  verdict_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  layout->addStretch(1);
  auto* close = new QPushButton(tr("Close"));
  connect(close, &QPushButton::clicked, this, &QWidget::close);
  for (QPushButton* button : {browse_, try_, find_, close}) button->setAutoDefault(false);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(find_);
  buttons->addStretch(1);
  buttons->addWidget(close);
  buttons->addWidget(use_);
  layout->addLayout(buttons);
  try_->setToolTip(tr("Asks it for its version, and for a tiny run"));
  find_->setToolTip(tr("The one beside the viewer, else the one in PATH"));
  use_->setDefault(true);
}

void ProgramDialog::connect_all() {
  connect(browse_, &QPushButton::clicked, this, &ProgramDialog::browse);
  connect(try_, &QPushButton::clicked, this, &ProgramDialog::start_check);
  connect(path_, &QLineEdit::textChanged, this, [this] {
    check_.cancel();
    show_check();
  });
  connect(&check_, &ProgramCheck::changed, this, &ProgramDialog::show_check);
  connect(find_, &QPushButton::clicked, this, [this] { choose({}); });
  connect(use_, &QPushButton::clicked, this,  // what was not checked is, first
          [this] { check_.is_headroom() && check_.path() == path_->text() ? choose(path_->text()) : start_check(); });
}

void ProgramDialog::browse() {
  const QString start = path_->text().isEmpty() ? QDir::homePath() : path_->text();
  const QString path = QFileDialog::getOpenFileName(this, tr("The program headroom"), start);
  if (path.isEmpty()) return;
  path_->setText(path);
  start_check();
}

void ProgramDialog::start_check() {
  if (!path_->text().isEmpty()) check_.start(path_->text());
}

void ProgramDialog::choose(const QString& path) {
  QSettings settings;
  path.isEmpty() ? settings.remove(QLatin1String(kProgramSetting))
                 : settings.setValue(QLatin1String(kProgramSetting), QDir().absoluteFilePath(path));
  show_current();
  path_->setText(find_program().path);
  start_check();
  queue_.tell_program_chosen();
}

void ProgramDialog::show_current() {
  const FoundProgram program = find_program();
  QString text =
      program.path.isEmpty() ? program.problem : tr("In use: %1, %2.").arg(program.path, title_of(program.source));
  if (program.source == ProgramSource::environment)
    text += QLatin1Char(' ') + tr("The environment comes before what is chosen here.");
  current_->setText(text);
  current_->setStyleSheet(program.path.isEmpty() ? QStringLiteral("color: %1").arg(theme().bad.name()) : QString());
  find_->setEnabled(program.source == ProgramSource::setting);
}

void ProgramDialog::show_check() {
  const bool about_this = check_.path() == path_->text() && check_.state() != ProgramCheck::State::idle;
  QString sign;
  QColor colour = theme().soft;
  if (about_this && !check_.is_busy()) {
    const bool well = check_.state() == ProgramCheck::State::works;
    sign = well ? QStringLiteral("✓ ") : QStringLiteral("✕ ");
    colour = well ? theme().good : theme().bad;
  }
  verdict_->setText(about_this ? sign + check_.sentence() : QString());
  verdict_->setStyleSheet(QStringLiteral("color: %1").arg(colour.name()));
  verdict_->setAccessibleDescription(verdict_->text());
  const FoundProgram now = find_program();
  const bool fixed = now.source == ProgramSource::environment;
  const bool is_used = now.path == path_->text();
  use_->setEnabled(!fixed && !is_used && !path_->text().isEmpty() && !check_.is_busy());
  try_->setEnabled(!path_->text().isEmpty() && !check_.is_busy());
}

QString ProgramDialog::verdict() const { return verdict_->text(); }

void ProgramDialog::showEvent(QShowEvent* event) {
  QDialog::showEvent(event);
  if (event->spontaneous()) return;
  show_current();
  path_->setText(find_program().path);
  start_check();
  show_check();
}

void ProgramDialog::hideEvent(QHideEvent* event) {
  QDialog::hideEvent(event);
  if (!event->spontaneous()) check_.cancel();
}

ProgramDialog& show_program_dialog(RunQueue& queue, QWidget* near) {
  QWidget* window = near->window();
  auto* dialog = window->findChild<ProgramDialog*>(QString(), Qt::FindDirectChildrenOnly);
  if (!dialog) dialog = new ProgramDialog(queue, window);
  dialog->show();
  dialog->raise();
  dialog->activateWindow();
  return *dialog;
}

QPushButton* make_program_button(RunQueue& queue, QWidget* near) {
  auto* button = new QPushButton(ProgramDialog::tr("Choose the program…"));
  button->setAutoDefault(false);
  button->setToolTip(ProgramDialog::tr("Where headroom is, which makes runs"));
  QObject::connect(button, &QPushButton::clicked, near, [&queue, near] { show_program_dialog(queue, near); });
  button->hide();
  return button;
}

}  // namespace headroom::gui
