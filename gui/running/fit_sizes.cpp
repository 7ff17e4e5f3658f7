#include "gui/running/fit_sizes.h"

#include <QGridLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QSpinBox>
#include <algorithm>
#include <cmath>

namespace headroom::gui {
namespace {

constexpr double kSliderSteps = 8;  // between a size and its double

int slider_of(std::int64_t size) {
  return static_cast<int>(std::lround(std::log2(static_cast<double>(size)) * kSliderSteps));
}
std::int64_t size_of_slider(int value) {
  return std::max<std::int64_t>(1, std::llround(std::exp2(value / kSliderSteps)));
}

}  // namespace

FitSizes::FitSizes(QWidget* parent)
    : QWidget(parent),
      batch_slider_(new QSlider(Qt::Horizontal)),
      seq_slider_(new QSlider(Qt::Horizontal)),
      batch_(new QSpinBox),
      seq_(new QSpinBox) {
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setColumnStretch(1, 1);
  add(grid, tr("Batch"), batch_slider_, batch_);
  add(grid, tr("Sequence length"), seq_slider_, seq_);
  connect_all();
}

void FitSizes::add(QGridLayout* grid, const QString& name, QSlider* slider, QSpinBox* spin) {
  auto* label = new QLabel(name);
  label->setBuddy(spin);
  slider->setAccessibleName(name);
  spin->setAccessibleName(name);
  spin->setGroupSeparatorShown(true);
  const int row = grid->rowCount();
  grid->addWidget(label, row, 0);
  grid->addWidget(slider, row, 1);
  grid->addWidget(spin, row, 2);
}

void FitSizes::connect_all() {
  connect(batch_slider_, &QSlider::sliderMoved, this, [this](int at) { Q_EMIT chosen(size_of_slider(at), seq()); });
  connect(seq_slider_, &QSlider::sliderMoved, this,
          [this](int at) { Q_EMIT chosen(batch(), std::min<std::int64_t>(size_of_slider(at), most_seq())); });
  for (QSlider* slider : {batch_slider_, seq_slider_})  // keys and clicks beside the handle
    connect(slider, &QSlider::actionTriggered, this,
            [slider] { Q_EMIT slider->sliderMoved(slider->sliderPosition()); });
  for (QSpinBox* spin : {batch_, seq_})
    connect(spin, &QSpinBox::valueChanged, this, [this] { Q_EMIT chosen(batch(), seq()); });
}

void FitSizes::set_most(std::int64_t slider_batch, std::int64_t batch, std::int64_t seq) {
  const QSignalBlocker blockers[] = {QSignalBlocker(batch_), QSignalBlocker(seq_)};
  batch_->setRange(1, static_cast<int>(batch));
  seq_->setRange(1, static_cast<int>(seq));
  batch_slider_->setRange(0, slider_of(slider_batch));
  seq_slider_->setRange(0, slider_of(seq));
}

void FitSizes::set(std::int64_t batch, std::int64_t seq) {
  const QSignalBlocker blockers[] = {QSignalBlocker(batch_), QSignalBlocker(seq_), QSignalBlocker(batch_slider_),
                                     QSignalBlocker(seq_slider_)};
  batch_->setValue(static_cast<int>(batch));
  seq_->setValue(static_cast<int>(seq));
  batch_slider_->setValue(slider_of(batch));
  seq_slider_->setValue(slider_of(seq));
}

std::int64_t FitSizes::batch() const { return batch_->value(); }
std::int64_t FitSizes::seq() const { return seq_->value(); }
std::int64_t FitSizes::most_batch() const { return batch_->maximum(); }
std::int64_t FitSizes::most_seq() const { return seq_->maximum(); }

}  // namespace headroom::gui
