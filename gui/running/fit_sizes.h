// Batch and sequence length, as sliders that double in equal steps and as fields that take any size.
#pragma once

#include <QWidget>
#include <cstdint>

class QGridLayout;
class QSlider;
class QSpinBox;

namespace headroom::gui {

class FitSizes : public QWidget {
  Q_OBJECT

 public:
  explicit FitSizes(QWidget* parent = nullptr);

  // `slider_batch`: where its slider ends; the fields take up to the most.
  void set_most(std::int64_t slider_batch, std::int64_t batch, std::int64_t seq);
  void set(std::int64_t batch, std::int64_t seq);  // says nothing
  std::int64_t batch() const;
  std::int64_t seq() const;
  std::int64_t most_batch() const;
  std::int64_t most_seq() const;

 Q_SIGNALS:
  void chosen(std::int64_t batch, std::int64_t seq);  // by the user

 private:
  void add(QGridLayout* grid, const QString& name, QSlider* slider, QSpinBox* spin);
  void connect_all();

  QSlider *batch_slider_, *seq_slider_;
  QSpinBox *batch_, *seq_;
};

}  // namespace headroom::gui
