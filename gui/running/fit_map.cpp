#include "gui/running/fit_map.h"

#include <QComboBox>
#include <QHeaderView>
#include <QHelpEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QSlider>
#include <QSpinBox>
#include <QTableView>
#include <QToolTip>
#include <QVBoxLayout>
#include <cmath>

#include "base/error.h"
#include "gui/charts/axis.h"
#include "gui/charts/fit_chart.h"
#include "gui/running/run_queue.h"
#include "gui/views/flow_layout.h"
#include "gui/views/text.h"
#include "gui/views/turning_splitter.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr int kExactMilliseconds = 200;
constexpr double kSliderSteps = 8;  // between a size and its double

int slider_of(std::int64_t size) {
  return static_cast<int>(std::lround(std::log2(static_cast<double>(size)) * kSliderSteps));
}
std::int64_t size_of_slider(int value) {
  return std::max<std::int64_t>(1, std::llround(std::exp2(value / kSliderSteps)));
}

QString model_text(const RunSpec& spec) {
  const QString attention = spec.attention.empty() ? FitMap::tr("its own attention") : to_text(spec.attention);
  QStringList parts{to_text(spec.model), attention, to_text(to_name(kModeNames, spec.mode)),
                    to_text(to_name(kDtypeNames, spec.dtype))};
  if (spec.mode == Mode::train) parts.append(to_text(to_name(kOptimizerNames, spec.optimizer)));
  if (spec.checkpoint != Checkpoint::none) parts.append(FitMap::tr("checkpointed"));
  if (spec.sdpa != Sdpa::eager) parts.append(to_text(to_name(kSdpaNames, spec.sdpa)));
  if (!spec.compression.empty()) parts.append(to_text(spec.compression));
  return parts.join(QStringLiteral(" · "));
}

QString state_text(FitState state) {
  switch (state) {
    case FitState::untried:
      return FitMap::tr("not run");
    case FitState::fits:
      return FitMap::tr("fits");
    case FitState::out_of_memory:
      return FitMap::tr("out of memory");
    case FitState::smaller_did_not_fit:
      return FitMap::tr("not run: a smaller one did not fit");
    case FitState::refused:
      return FitMap::tr("failed");
  }
  return {};
}

}  // namespace

FitCanvas::FitCanvas(const FitSearch& search, QWidget* parent) : QWidget(parent), search_(search) {
  setFocusPolicy(Qt::StrongFocus);
  setMinimumSize(360, 300);
  setAccessibleName(tr("What fits, by batch and sequence length"));
}

FitChart FitCanvas::chart() const {
  FitChart chart;
  chart.grid = &search_.grid();
  const auto bytes = [this](std::int64_t RunResult::*member) {
    return [this, member](FitCell cell) {
      const RunResult* result = search_.result(cell);
      return result ? result->*member : 0;
    };
  };
  chart.allocated_bytes = bytes(&RunResult::allocated_bytes);
  chart.reserved_bytes = bytes(&RunResult::reserved_bytes);
  chart.is_running = [this](FitCell cell) { return search_.is_running(cell); };
  chart.chosen = chosen_;
  chart.has_focus = hasFocus();
  try {
    chart.device_bytes = virtual_gpu::device_model(search_.spec().device).total_bytes;
  } catch (const Error&) {
  }
  return chart;
}

QString FitCanvas::describe(FitCell cell) const {
  const QString size =
      tr("batch %1 × seq %2")
          .arg(count_text(search_.grid().batches()[cell.batch]), count_text(search_.grid().seqs()[cell.seq]));
  const RunResult* result = search_.result(cell);
  QString text = QStringLiteral("%1: %2").arg(size, state_text(search_.grid().at(cell)));
  if (result && result->fits())
    text += tr(", virtual\npeak allocated %1\npeak reserved %2")
                .arg(size_and_exact(result->allocated_bytes), size_and_exact(result->reserved_bytes));
  else if (result)
    text += QLatin1Char('\n') + to_text(result->message);
  return text;
}

QRectF FitCanvas::plot() const {
  QImage image(1, 1, QImage::Format_ARGB32_Premultiplied);
  QPainter painter(&image);
  painter.setFont(font());
  return fit_plot(painter, rect());
}

QRectF FitCanvas::rect_of(FitCell cell) const { return fit_cell_rect(plot(), search_.grid(), cell); }

void FitCanvas::choose(std::optional<FitCell> cell) {
  chosen_ = cell;
  setAccessibleDescription(cell ? describe(*cell) : QString());
  update();
}

void FitCanvas::pick(FitCell cell) {
  choose(cell);
  Q_EMIT cell_chosen(cell);
}

void FitCanvas::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::TextAntialiasing);
  draw_fit_chart(painter, rect(), chart());
}

void FitCanvas::mousePressEvent(QMouseEvent* event) {
  if (const auto cell = fit_cell_at(plot(), search_.grid(), event->position())) pick(*cell);
}

void FitCanvas::mouseDoubleClickEvent(QMouseEvent* event) {
  if (const auto cell = fit_cell_at(plot(), search_.grid(), event->position())) Q_EMIT cell_opened(*cell);
}

void FitCanvas::keyPressEvent(QKeyEvent* event) {
  const FitGrid& grid = search_.grid();
  if (grid.cell_count() == 0) return QWidget::keyPressEvent(event);
  FitCell cell = chosen_.value_or(FitCell{});
  switch (event->key()) {
    case Qt::Key_Up:
      cell.batch = std::min(cell.batch + 1, grid.batches().size() - 1);
      break;
    case Qt::Key_Down:
      cell.batch -= cell.batch > 0 ? 1 : 0;
      break;
    case Qt::Key_Right:
      cell.seq = std::min(cell.seq + 1, grid.seqs().size() - 1);
      break;
    case Qt::Key_Left:
      cell.seq -= cell.seq > 0 ? 1 : 0;
      break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (chosen_) Q_EMIT cell_opened(*chosen_);
      return;
    default:
      return QWidget::keyPressEvent(event);
  }
  pick(cell);
}

bool FitCanvas::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const auto cell = fit_cell_at(plot(), search_.grid(), help->pos());
    cell ? QToolTip::showText(help->globalPos(), describe(*cell), this) : QToolTip::hideText();
    return true;
  }
  if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut) update();
  return QWidget::event(event);
}

FitMap::FitMap(Session& session, QWidget* parent)
    : View(session, parent),
      canvas_(new FitCanvas(search_)),
      title_(new WrappingLabel),
      sentence_(new QLabel),
      progress_(new QLabel),
      trouble_(new QLabel),
      result_(new QLabel),
      body_(new QWidget),
      device_(new QComboBox),
      find_(new QPushButton),
      open_(new QPushButton(tr("Open this run"))),
      find_largest_(new QPushButton),
      batch_slider_(new QSlider(Qt::Horizontal)),
      seq_slider_(new QSlider(Qt::Horizontal)),
      batch_(new QSpinBox),
      seq_(new QSpinBox),
      gpus_(new QTableView) {
  arrange();
  connect_parts();
  follow_current();
}

void FitMap::arrange() {
  auto* layout = new QVBoxLayout(this);
  sentence_->setWordWrap(true);
  sentence_->setAlignment(Qt::AlignCenter);
  layout->addWidget(sentence_, 1);
  layout->addWidget(body_, 1);
  auto* column = new QVBoxLayout(body_);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(make_controls());
  trouble_->setWordWrap(true);
  column->addWidget(trouble_);
  auto* splitter = new TurningSplitter;
  auto* left = new QWidget;
  auto* left_column = new QVBoxLayout(left);
  left_column->setContentsMargins(0, 0, 8, 0);
  left_column->addWidget(canvas_, 1);
  left_column->addWidget(make_sizes());
  splitter->addWidget(left);
  splitter->addWidget(make_batches());
  splitter->setStretchFactor(0, 1);
  splitter->setChildrenCollapsible(false);
  auto* scroll = new QScrollArea;  // where the parts stand below each other they may need more height than there is
  scroll->setWidget(splitter);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setFocusPolicy(Qt::NoFocus);
  scroll->setMinimumWidth(splitter->minimumSizeHint().width());
  column->addWidget(scroll, 1);
}

QWidget* FitMap::make_controls() {
  auto* block = new QWidget;
  auto* row = new FlowLayout;
  block->setLayout(row);
  row->setContentsMargins(0, 0, 0, 0);
  QFont bold = title_->font();
  bold.setBold(true);
  title_->setFont(bold);
  for (const virtual_gpu::DeviceModel& device : virtual_gpu::device_catalog())
    device_->addItem(QStringLiteral("%1 · %2").arg(to_text(device.product), size_text(device.total_bytes)),
                     to_text("virtual:" + device.name));
  device_->setAccessibleName(tr("GPU"));
  row->addWidget(title_);
  row->addWidget(progress_);
  row->addWidget(device_);
  row->addWidget(find_);
  return block;
}

QWidget* FitMap::make_sizes() {
  auto* block = new QWidget;
  auto* grid = new QGridLayout(block);
  grid->setContentsMargins(0, 0, 0, 0);
  const auto add = [&](int row, const QString& name, QSlider* slider, QSpinBox* spin) {
    auto* label = new QLabel(name);
    label->setBuddy(spin);
    slider->setAccessibleName(name);
    spin->setAccessibleName(name);
    spin->setGroupSeparatorShown(true);
    grid->addWidget(label, row, 0);
    grid->addWidget(slider, row, 1);
    grid->addWidget(spin, row, 2);
  };
  add(0, tr("Batch"), batch_slider_, batch_);
  add(1, tr("Sequence length"), seq_slider_, seq_);
  result_->setWordWrap(true);
  result_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  grid->addWidget(result_, 2, 0, 1, 2);
  grid->addWidget(open_, 2, 2);
  grid->setColumnStretch(1, 1);
  return block;
}

QWidget* FitMap::make_batches() {
  auto* block = new QWidget;
  auto* column = new QVBoxLayout(block);
  column->setContentsMargins(8, 0, 0, 0);
  gpus_->setModel(&batches_);
  gpus_->setSelectionBehavior(QAbstractItemView::SelectRows);
  gpus_->setSelectionMode(QAbstractItemView::SingleSelection);
  gpus_->verticalHeader()->hide();
  gpus_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
  gpus_->setMinimumHeight((fontMetrics().height() + 8) * 8);
  gpus_->setShowGrid(false);
  gpus_->setTabKeyNavigation(false);
  gpus_->setWordWrap(false);
  gpus_->setAccessibleName(tr("GPUs and the largest batch that each holds"));
  gpus_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  for (const int c : {1, 2}) gpus_->horizontalHeader()->setSectionResizeMode(c, QHeaderView::ResizeToContents);
  block->setMinimumWidth(fontMetrics().averageCharWidth() * 56);
  column->addWidget(gpus_, 1);
  column->addWidget(find_largest_);
  return block;
}

void FitMap::connect_parts() {
  connect(&session(), &Session::current_changed, this, &FitMap::follow_current);
  connect(&queue_of(session()), &RunQueue::fit_wanted, this, [this](const RunSpec& spec) {
    show_spec(spec);
    search_.start();
  });
  connect(device_, &QComboBox::activated, this,
          [this] { choose_device(device_->currentData().toString().toStdString()); });
  connect(find_, &QPushButton::clicked, this, [this] { search_.is_running() ? search_.stop() : search_.start(); });
  connect(&search_, &FitSearch::changed, this, [this] {
    canvas_->update();
    fill_table();
    update_words();
  });
  connect(&search_, &FitSearch::ended, this, [this] {
    if (is_settled()) Q_EMIT settled();
  });
  connect(&batches_, &LargestBatches::changed, this, &FitMap::update_words);
  connect(find_largest_, &QPushButton::clicked, this,
          [this] { batches_.is_running() ? batches_.stop() : batches_.find_all(); });
  connect_sizes();
  connect(gpus_, &QTableView::activated, this, [this](const QModelIndex& index) {
    choose_device("virtual:" + batches_.row(index.row()).device->name);
    batches_.find(index.row());
  });
}

void FitMap::connect_sizes() {
  connect(canvas_, &FitCanvas::cell_chosen, this, [this](FitCell cell) {
    choose_sizes(search_.grid().batches()[cell.batch], search_.grid().seqs()[cell.seq]);
  });
  connect(canvas_, &FitCanvas::cell_opened, this, &FitMap::open_exact);
  connect(batch_slider_, &QSlider::sliderMoved, this, [this](int at) { choose_sizes(size_of_slider(at), seq()); });
  connect(seq_slider_, &QSlider::sliderMoved, this,
          [this](int at) { choose_sizes(batch(), std::min<std::int64_t>(size_of_slider(at), search_.most_seq())); });
  for (QSlider* slider : {batch_slider_, seq_slider_})  // keys and clicks beside the handle
    connect(slider, &QSlider::actionTriggered, this,
            [slider] { Q_EMIT slider->sliderMoved(slider->sliderPosition()); });
  for (QSpinBox* spin : {batch_, seq_})
    connect(spin, &QSpinBox::valueChanged, this, [this] { choose_sizes(batch(), seq()); });
  connect(open_, &QPushButton::clicked, this, &FitMap::open_exact);
  connect(&exact_, &Estimate::finished, this, &FitMap::show_exact);
}

std::int64_t FitMap::batch() const { return batch_->value(); }
std::int64_t FitMap::seq() const { return seq_->value(); }
QString FitMap::exact_text() const { return result_->text(); }

void FitMap::follow_current() {
  const RunHandle run = session().current_loaded();
  if (own_spec_ && !run) return;
  own_spec_ = false;
  if (run && !is_program(run->recording.spec)) {
    const RunSpec spec = estimated_spec(run->recording.spec);
    if (search_.has_spec() && spec == search_.spec_of(spec.batch, spec.seq) && spec.device == search_.spec().device)
      return;
    return set_spec(spec);
  }
  set_spec({});
  if (run)
    sentence_->setText(
        tr("What fits is found by running a model with other sizes. %1 is a program of your own: start it "
           "with other sizes to see.")
            .arg(to_text(run->recording.spec.model)));
  else
    sentence_->setText(session().is_loading()
                           ? tr("The run is still being read.")
                           : tr("Open a run, or choose one with New run (Ctrl+N): then this page shows which batch and "
                                "sequence length of it fit on which GPU."));
}

void FitMap::show_spec(const RunSpec& spec) {
  own_spec_ = true;
  set_spec(spec);
}

void FitMap::set_spec(RunSpec spec) {
  search_.set_spec(spec);
  const bool shown = search_.has_spec();
  body_->setVisible(shown);
  sentence_->setVisible(!shown);
  canvas_->choose({});
  batches_.set_spec(search_.spec());
  exact_.cancel();
  if (!shown) return;
  const RunSpec& own = search_.spec();
  device_->setCurrentIndex(device_->findData(to_text(own.device)));
  gpus_->selectRow(batches_.row_of(own.device));
  batch_->setRange(1, static_cast<int>(std::max<std::int64_t>(1 << 16, own.batch)));
  seq_->setRange(1, static_cast<int>(std::min<std::int64_t>(search_.most_seq(), kMaxTokensPerStep)));
  batch_slider_->setRange(0, slider_of(search_.grid().batches().back()));
  seq_slider_->setRange(0, slider_of(search_.most_seq()));
  choose_sizes(own.batch, own.seq);
  update_words();
}

void FitMap::choose_device(const std::string& device) {
  if (!search_.has_spec() || device == search_.spec().device) return;
  const bool going_on = search_.is_running();
  RunSpec spec = search_.spec();
  spec.device = device;
  spec.batch = batch();
  spec.seq = seq();
  set_spec(spec);
  if (going_on) search_.start();
}

void FitMap::choose_sizes(std::int64_t batch, std::int64_t seq) {
  const QSignalBlocker blockers[] = {QSignalBlocker(batch_), QSignalBlocker(seq_), QSignalBlocker(batch_slider_),
                                     QSignalBlocker(seq_slider_)};
  batch_->setValue(static_cast<int>(batch));
  seq_->setValue(static_cast<int>(seq));
  batch_slider_->setValue(slider_of(batch));
  seq_slider_->setValue(slider_of(seq));
  const FitGrid& grid = search_.grid();
  std::optional<FitCell> cell;
  for (std::size_t s = 0; s < grid.seqs().size(); ++s)
    for (std::size_t b = 0; b < grid.batches().size(); ++b)
      if (grid.batches()[b] == batch && grid.seqs()[s] == seq) cell = FitCell{b, s};
  canvas_->choose(cell);
  RunSpec largest = search_.spec();
  largest.seq = seq;
  batches_.set_spec(largest);
  ask_exact();
}

void FitMap::showEvent(QShowEvent* event) {
  View::showEvent(event);
  if (search_.has_spec()) ask_exact();
}

// Only while somebody looks: a hidden page starts nothing.
void FitMap::ask_exact() {
  if (!isVisible() && !ResultCache().find(search_.spec_of(batch(), seq()))) {
    exact_.cancel();
    result_->setText(tr("batch %1 × seq %2 was not run yet.").arg(count_text(batch()), count_text(seq())));
    return;
  }
  result_->setText(tr("batch %1 × seq %2 is being run …").arg(count_text(batch()), count_text(seq())));
  exact_.ask(search_.spec_of(batch(), seq()), kExactMilliseconds);
}

void FitMap::show_exact() {
  const RunResult& result = exact_.result();
  const QString size = tr("batch %1 × seq %2").arg(count_text(exact_.spec().batch), count_text(exact_.spec().seq));
  if (result.kind == RunResult::Kind::failed)
    result_->setText(tr("%1 could not be run: %2").arg(size, to_text(result.message)));
  else if (!result.fits())
    result_->setText(tr("✕ %1 does not fit: %2").arg(size, to_text(result.message)));
  else
    result_->setText(tr("✓ %1 fits: peak allocated %2, reserved %3, virtual; %4 left")
                         .arg(size, size_text(result.allocated_bytes), size_text(result.reserved_bytes),
                              size_text(result.left_bytes())));
  result_->setToolTip(
      tr("Peak allocated %1, reserved %2")
          .arg(headroom::gui::exact_text(result.allocated_bytes), headroom::gui::exact_text(result.reserved_bytes)));
  if (is_settled()) Q_EMIT settled();
}

void FitMap::open_exact() {
  if (!search_.has_spec()) return;
  queue_of(session()).add({search_.spec_of(batch(), seq())});
  Q_EMIT message(tr("The run is made again with all its events, and opens when it is done."));
}

QString FitMap::title() const { return model_text(search_.spec()); }

void FitMap::update_words() {
  const FitGrid& grid = search_.grid();
  title_->setText(title());
  title_->setToolTip(title());
  const std::size_t tried = grid.tried_count(), all = grid.cell_count();
  progress_->setText(tried == all ? QString() : tr("%1 of %2 known").arg(tried).arg(all));
  trouble_->setVisible(!search_.problem().isEmpty());
  trouble_->setText(tr("The runs fail: %1").arg(search_.problem()));
  trouble_->setStyleSheet(QStringLiteral("color: %1").arg(theme().bad.name()));
  find_->setText(search_.is_running() ? tr("Stop") : tried == 0 ? tr("Find what fits") : tr("Go on"));
  find_->setToolTip(tr("Each cell is a virtual run on this machine's processor. What was run before is remembered."));
  find_->setEnabled(search_.is_running() || tried < all);
  find_largest_->setText(
      batches_.is_running() ? tr("Stop") : tr("Find the largest batch at %1 tokens on each").arg(count_text(seq())));
}

void FitMap::fill_table() {
  const FitGrid& grid = search_.grid();
  const auto cell = [this](std::int64_t row) {
    const auto count = static_cast<std::int64_t>(search_.grid().batches().size());
    return FitCell{static_cast<std::size_t>(row % count), static_cast<std::size_t>(row / count)};
  };
  const auto bytes = [this, cell](std::int64_t RunResult::*member) {
    return [this, cell, member](std::int64_t row) {
      const RunResult* result = search_.result(cell(row));
      return result && result->fits() ? QVariant(qlonglong(result->*member)) : QVariant(QString());
    };
  };
  const auto size_column = [&](const QString& name, const QString& meaning, std::int64_t RunResult::*member) {
    const auto value = bytes(member);
    Column column{name, meaning, [value](std::int64_t row) {
                    const QVariant v = value(row);
                    return v.typeId() == QMetaType::LongLong ? size_text(v.toLongLong()) : QString();
                  }};
    column.value = value;
    return column;
  };
  std::vector<Column> columns{
      count_column(tr("Sequence length"), tr("Tokens per sequence."),
                   [this, cell](std::int64_t row) { return search_.grid().seqs()[cell(row).seq]; }),
      count_column(tr("Batch"), tr("Sequences per step."),
                   [this, cell](std::int64_t row) { return search_.grid().batches()[cell(row).batch]; }),
      text_column(tr("Outcome"), tr("Of the virtual run; or why there was none."),
                  [this, cell](std::int64_t row) { return state_text(search_.grid().at(cell(row))); }),
      size_column(tr("Peak allocated"), tr("The most bytes allocated at once."), &RunResult::allocated_bytes),
      size_column(tr("Peak reserved"), tr("The most bytes that the allocator took from the GPU."),
                  &RunResult::reserved_bytes),
      text_column(tr("GPU"), tr("The virtual GPU of the run."),
                  [this](std::int64_t) { return to_text(search_.spec().device); })};
  table_.set(std::move(columns), static_cast<std::int64_t>(grid.cell_count()));
}

bool FitMap::is_settled() const { return !search_.is_running() && !batches_.is_running() && !exact_.is_busy(); }

void FitMap::paint_page(QPainter& painter, const QRectF& page) {
  painter.fillRect(page, theme().ground);
  const QRectF inner = page.adjusted(16, 12, -16, -12);
  const QFontMetricsF metrics(painter.font());
  painter.setPen(theme().ink);
  if (!search_.has_spec()) {
    painter.drawText(inner, Qt::AlignCenter | Qt::TextWordWrap, sentence_->text());
    return;
  }
  painter.drawText(inner, Qt::AlignTop | Qt::AlignLeft, fitted(painter, title(), inner.width()));
  painter.setPen(theme().virtual_word);
  painter.drawText(inner.adjusted(0, metrics.height() + 2, 0, 0), Qt::AlignTop | Qt::AlignLeft,
                   fitted(painter, tr("virtual %1").arg(device_->currentText()), inner.width()));
  FitChart chart = canvas_->chart();
  chart.chosen.reset();
  draw_fit_chart(painter, inner.adjusted(0, 2 * metrics.height() + 10, 0, 0), chart);
}

Json FitMap::state() const {
  if (!search_.has_spec()) return Json::object();
  return {{"device", search_.spec().device}, {"batch", batch()}, {"seq", seq()}};
}

void FitMap::restore(const Json& state) {
  if (!state.is_object() || !search_.has_spec()) return;
  const auto number = [&](const char* key, std::int64_t fallback, std::int64_t most) {
    const auto found = state.find(key);
    if (found == state.end() || !found->is_number_integer()) return fallback;
    return std::clamp<std::int64_t>(found->get<std::int64_t>(), 1, most);
  };
  if (const auto device = state.find("device"); device != state.end() && device->is_string())
    if (device_->findData(to_text(device->get<std::string>())) >= 0) choose_device(device->get<std::string>());
  choose_sizes(number("batch", batch(), batch_->maximum()), number("seq", seq(), seq_->maximum()));
}

QString FitMap::help() const {
  return tr(
      "<p>Which batch and sequence length of a run fit on a GPU. <b>Every cell is a run that was made</b>: the real "
      "allocator of PyTorch over a virtual GPU of that size. Nothing is computed by a formula. What was run once is "
      "remembered, until another version of headroom is installed.</p>"
      "<p><b>✓ and a size</b>: it fits, and this is the most that was allocated at once. The colour is deeper the "
      "more of the GPU the allocator reserved. <b>✕</b>: the run was out of memory. <b>Hatched</b>: it was not run, "
      "because one with no larger batch and no longer sequence was out of memory. <b>Dotted</b>: not run. The line "
      "runs between what fits and what does not.</p>"
      "<p>The border is looked for first. Click a cell, or move with the arrow keys, to see its exact figures; a "
      "double click or Enter makes the run again with all its events and opens it. The sliders and fields below take "
      "any size between the cells.</p>"
      "<p>On the right is, for every GPU of the catalogue, the <b>largest batch</b> at the chosen sequence length: "
      "one sequence more was run as well, and was out of memory. Enter on a GPU shows its map.</p>");
}

}  // namespace headroom::gui
