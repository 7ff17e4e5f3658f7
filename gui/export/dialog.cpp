#include "gui/export/dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QGroupBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>
#include <algorithm>

#include "base/error.h"
#include "gui/views/text.h"
#include "gui/window/settings.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr int kPreviewMilliseconds = 120;  // after the last change
constexpr int kSettleMilliseconds = 100;   // until a view that computes is asked again

std::map<std::string, Json> states_of(const Exporter::ViewOf& view_of) {
  std::map<std::string, Json> states;
  for (const ViewKind& kind : view_kinds())
    if (const View* view = view_of({kind.id}); view != nullptr) states[kind.id.toStdString()] = view->state();
  return states;
}

}  // namespace

ExportDialog::ExportDialog(const std::vector<ExportChoice>& choices, Exporter::ViewOf view_of, QWidget* parent,
                           const Session* session)
    : QDialog(parent),
      view_of_(std::move(view_of)),
      session_(session),
      exporter_([this](const ExportItem& item) { return this->view_of(item); }) {
  setAttribute(Qt::WA_DeleteOnClose);
  setWindowTitle(tr("Export"));
  preview_timer_.setSingleShot(true);
  connect(&preview_timer_, &QTimer::timeout, this, &ExportDialog::show_preview);
  auto* halves = new QHBoxLayout;
  auto* left = new QVBoxLayout;
  left->addWidget(make_choices(choices), 1);
  left->addWidget(make_options());
  halves->addLayout(left, 2);
  halves->addWidget(make_preview(), 5);
  make_buttons();
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(halves, 1);
  layout->addWidget(make_folder());
  layout->addWidget(status_);
  layout->addWidget(progress_);
  layout->addWidget(buttons_);
  connect(&exporter_, &Exporter::progressed, this, &ExportDialog::show_progress);
  connect(&exporter_, &Exporter::finished, this, &ExportDialog::finish);
  resize(fontMetrics().averageCharWidth() * 150, fontMetrics().height() * 40);
  set_folder(Settings().last_folder());
}

QWidget* ExportDialog::make_choices(const std::vector<ExportChoice>& choices) {
  auto* group = new QGroupBox(tr("Views"));
  views_ = new QListWidget;
  views_->setAccessibleName(tr("Views to export"));
  views_->setUniformItemSizes(true);
  int first = 0;
  for (const ExportChoice& choice : choices) {
    auto* item = new QListWidgetItem(choice.title, views_);
    item->setData(Qt::UserRole, choice.view);
    item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
    item->setCheckState(choice.chosen ? Qt::Checked : Qt::Unchecked);
    if (choice.chosen && first == 0) first = views_->row(item);
  }
  views_->setCurrentRow(first);
  views_->setMinimumHeight(views_->sizeHintForRow(0) * views_->count() + 2 * views_->frameWidth());  // all are seen
  connect(views_, &QListWidget::currentRowChanged, this, [this] { preview_timer_.start(0); });
  connect(views_, &QListWidget::itemChanged, this, &ExportDialog::show_plan);
  (new QVBoxLayout(group))->addWidget(views_);
  return group;
}

QWidget* ExportDialog::make_options() {
  auto* group = new QGroupBox(tr("As"));
  auto* form = new QFormLayout(group);
  form->addRow(tr("Runs"), make_runs());
  auto* row = new QHBoxLayout;
  for (const ExportFormatRow& format : export_formats()) {
    auto* box = new QCheckBox(to_text(format.name).toUpper());
    box->setToolTip(format.title);
    box->setChecked(format.format == ExportFormat::png);
    connect(box, &QCheckBox::toggled, this, &ExportDialog::show_plan);
    row->addWidget(box);
    formats_.push_back(box);
  }
  form->addRow(tr("Formats"), row);
  colours_ = new QComboBox;
  colours_->addItems({tr("Light"), tr("Dark")});
  colours_->setCurrentIndex(theme().dark ? 1 : 0);
  connect(colours_, &QComboBox::currentIndexChanged, this, [this] { preview_timer_.start(0); });
  form->addRow(tr("Colours"), colours_);
  auto* size = new QHBoxLayout;
  for (auto [spin, value, name] : {std::tuple{&width_, 1600, tr("Width")}, std::tuple{&height_, 1000, tr("Height")}}) {
    *spin = new QSpinBox;
    (*spin)->setRange(static_cast<int>(kLeastSize), static_cast<int>(kMostSize));
    (*spin)->setSingleStep(100);
    (*spin)->setValue(value);
    (*spin)->setAccessibleName(name);
    (*spin)->setToolTip(tr("In logical pixels. A table that needs more height gets it."));
    connect(*spin, &QSpinBox::valueChanged, this, [this] { preview_timer_.start(kPreviewMilliseconds); });
    if (size->count() > 0) size->addWidget(new QLabel(QStringLiteral("×")));
    size->addWidget(*spin, 1);
  }
  form->addRow(tr("Size"), size);
  scale_ = new QDoubleSpinBox;
  scale_->setRange(0.5, kMostScale);
  scale_->setSingleStep(0.5);
  scale_->setDecimals(1);
  scale_->setValue(2);
  scale_->setToolTip(tr("Pixels of a PNG for each logical pixel"));
  form->addRow(tr("Scale of PNG"), scale_);
  return group;
}

QComboBox* ExportDialog::make_runs() {
  runs_ = new QComboBox;
  const SessionRun* current = session_ == nullptr ? nullptr : session_->current_run();
  const auto count = session_ == nullptr ? 0 : session_->ready_runs().size();
  runs_->addItem(current == nullptr ? tr("The current one") : tr("The current one: %1").arg(current->label));
  runs_->addItem(tr("All that are open: %1").arg(count));
  runs_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  runs_->setToolTip(
      tr("Of all runs each gets a folder of its own; the comparison and the diff are written once, beside them."));
  runs_->setEnabled(count > 1);
  connect(runs_, &QComboBox::currentIndexChanged, this, &ExportDialog::show_plan);
  return runs_;
}

QWidget* ExportDialog::make_preview() {
  auto* group = new QGroupBox(tr("Preview"));
  preview_ = new QLabel;
  preview_->setAlignment(Qt::AlignCenter);
  preview_->setMinimumSize(240, 160);
  preview_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored);
  preview_->setAccessibleName(tr("Preview"));
  (new QVBoxLayout(group))->addWidget(preview_);
  return group;
}

QWidget* ExportDialog::make_folder() {
  auto* line = new QWidget;
  auto* layout = new QHBoxLayout(line);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* label = new QLabel(tr("&Folder"));
  folder_ = new QLineEdit;
  label->setBuddy(folder_);
  auto* browse = new QPushButton(tr("&Browse…"));
  browse->setAutoDefault(false);
  connect(folder_, &QLineEdit::textChanged, this, &ExportDialog::show_plan);
  connect(browse, &QPushButton::clicked, this, [this] {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Export to"), folder_->text());
    if (!folder.isEmpty()) set_folder(folder);
  });
  layout->addWidget(label);
  layout->addWidget(folder_, 1);
  layout->addWidget(browse);
  return line;
}

void ExportDialog::make_buttons() {
  status_ = new QLabel;
  status_->setWordWrap(true);
  status_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  progress_ = new QProgressBar;
  progress_->setAccessibleName(tr("Progress"));
  progress_->hide();
  buttons_ = new QDialogButtonBox(QDialogButtonBox::Close);
  export_ = buttons_->addButton(tr("&Export"), QDialogButtonBox::AcceptRole);
  export_->setDefault(true);
  connect(export_, &QPushButton::clicked, this, &ExportDialog::start);
  connect(buttons_, &QDialogButtonBox::rejected, this, &ExportDialog::reject);
}

void ExportDialog::choose_all_runs(bool all) { runs_->setCurrentIndex(all ? 1 : 0); }
bool ExportDialog::is_of_all_runs() const { return runs_->isEnabled() && runs_->currentIndex() == 1; }

View* ExportDialog::view_of(const ExportItem& item) {
  return stage_ && item.run >= 0 ? stage_->view(item) : view_of_(item);
}

void ExportDialog::set_folder(const QString& folder) { folder_->setText(QDir::toNativeSeparators(folder)); }

QString ExportDialog::status() const { return status_->text(); }

PictureOptions ExportDialog::options() const {
  return {{static_cast<double>(width_->value()), static_cast<double>(height_->value())},
          scale_->value(),
          colours_->currentIndex() == 1};
}

std::vector<ExportItem> ExportDialog::items() const {
  std::vector<ExportItem> items;
  for (int row = 0; row < views_->count(); ++row)
    for (std::size_t i = 0; i < formats_.size(); ++i)
      if (views_->item(row)->checkState() == Qt::Checked && formats_[i]->isChecked())
        items.push_back({views_->item(row)->data(Qt::UserRole).toByteArray(), views_->item(row)->text(),
                         export_formats()[i].format});
  return is_of_all_runs() ? items_of_all_runs(*session_, items) : items;
}

void ExportDialog::show_preview() {
  View* view = view_of_({views_->currentItem()->data(Qt::UserRole).toByteArray()});
  if (view == nullptr) return;
  if (!view->is_settled()) {
    preview_->setText(tr("Being computed…"));
    return preview_timer_.start(kSettleMilliseconds);
  }
  PictureOptions options = this->options();
  const QSizeF page = page_of(*view, options), room = preview_->size();
  const double fit = std::min({room.width() / page.width(), room.height() / page.height(), 1.0});
  options.scale = std::max(fit, 0.01) * devicePixelRatioF();
  try {
    QPixmap picture = QPixmap::fromImage(picture_of_page(*view, options));
    picture.setDevicePixelRatio(devicePixelRatioF());
    preview_->setPixmap(picture);
    preview_->setAccessibleDescription(
        tr("%1, %2 by %3").arg(views_->currentItem()->text()).arg(page.width()).arg(page.height()));
  } catch (const Error& error) {
    preview_->setText(QString::fromUtf8(error.what()));
  }
}

void ExportDialog::show_plan() {
  if (exporter_.is_busy() || folder_ == nullptr || status_ == nullptr) return;
  const std::vector<ExportItem> items = this->items();
  const QDir folder(folder_->text());
  const auto replaced =
      std::count_if(items.begin(), items.end(), [&](const ExportItem& item) { return folder.exists(file_name(item)); });
  QString text =
      items.empty() ? tr("Choose at least one view and one format.") : tr("Files to write: %1").arg(items.size());
  if (replaced > 0) text += tr("; there already, to be replaced: %1").arg(replaced);
  status_->setText(text);
  export_->setEnabled(!items.empty() && !folder_->text().isEmpty());
}

void ExportDialog::start() {
  const std::vector<ExportItem> items = this->items();
  if (is_of_all_runs()) stage_ = std::make_unique<ExportStage>(*session_, states_of(view_of_));
  try {
    exporter_.start(items, folder_->text().toStdString(), options());
  } catch (const Error& error) {
    return finish(QString::fromUtf8(error.what()));
  }
  Settings().set_last_folder(folder_->text());
  export_->setEnabled(false);
  buttons_->button(QDialogButtonBox::Close)->setText(tr("Cancel"));
  progress_->show();
  show_progress();
}

void ExportDialog::show_progress() {
  progress_->setRange(0, static_cast<int>(exporter_.count()));
  progress_->setValue(static_cast<int>(exporter_.done()));
  status_->setText(tr("Files written: %1 of %2").arg(exporter_.done()).arg(exporter_.count()));
}

void ExportDialog::finish(const QString& error) {
  stage_.reset();
  progress_->hide();
  buttons_->button(QDialogButtonBox::Close)->setText(tr("Close"));
  show_plan();
  const QString done = tr("Files written: %1, in %2").arg(exporter_.done()).arg(folder_->text());
  status_->setText(error.isEmpty() ? done : exporter_.done() > 0 ? error + QStringLiteral("; ") + done : error);
  Q_EMIT message(status_->text());
}

void ExportDialog::reject() {
  if (exporter_.is_busy()) return exporter_.cancel();
  QDialog::reject();
}

void ExportDialog::resizeEvent(QResizeEvent* event) {
  QDialog::resizeEvent(event);
  preview_timer_.start(kPreviewMilliseconds);
}

void ExportDialog::showEvent(QShowEvent* event) {
  QDialog::showEvent(event);
  show_plan();
  preview_timer_.start(0);
}

}  // namespace headroom::gui
