#include "gui/running/fit_map.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QTableView>
#include <QVBoxLayout>

#include "gui/charts/axis.h"
#include "gui/charts/fit_chart.h"
#include "gui/running/fit_words.h"
#include "gui/running/program.h"
#include "gui/running/program_dialog.h"
#include "gui/running/run_queue.h"
#include "gui/views/flow_layout.h"
#include "gui/views/padded_delegate.h"
#include "gui/views/row_copy.h"
#include "gui/views/text.h"
#include "gui/views/turning_splitter.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr int kExactMilliseconds = 200;

}  // namespace

FitMap::FitMap(Session& session, QWidget* parent)
    : View(session, parent),
      canvas_(new FitCanvas(search_)),
      title_(new WrappingLabel),
      sentence_(new QLabel),
      progress_(new QLabel),
      trouble_(new QLabel),
      hint_(new QLabel),
      result_(new QLabel),
      body_(new QWidget),
      device_(new QComboBox),
      find_(new QPushButton),
      open_(new QPushButton(tr("Open this run"))),
      find_largest_(new QPushButton),
      choose_program_(make_program_button(queue_of(session), this)),
      sizes_(new FitSizes),
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
  hint_->setWordWrap(true);
  column->addWidget(trouble_);
  column->addWidget(choose_program_, 0, Qt::AlignLeft);
  auto* splitter = new TurningSplitter;
  auto* left = new QWidget;
  auto* left_column = new QVBoxLayout(left);
  left_column->setContentsMargins(0, 0, 8, 0);
  left_column->addWidget(canvas_, 1);
  left_column->addWidget(hint_);
  left_column->addWidget(sizes_);
  left_column->addWidget(make_result());
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

QWidget* FitMap::make_result() {
  auto* block = new QWidget;
  auto* row = new QHBoxLayout(block);
  row->setContentsMargins(0, 0, 0, 0);
  result_->setWordWrap(true);
  result_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  result_->setMinimumHeight(2 * fontMetrics().lineSpacing());  // the map does not move while it is waited for
  open_->setToolTip(tr("Makes the run again with all its events, and opens it (Enter, or a double click in the map)"));
  row->addWidget(result_, 1);
  row->addWidget(open_);
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
  gpus_->setItemDelegate(new PaddedDelegate(gpus_));
  gpus_->setTextElideMode(Qt::ElideMiddle);  // what tells two GPUs apart is often at the end
  new RowCopy(gpus_);
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
  connect(&queue_of(session()), &RunQueue::program_chosen, this, [this] {
    if (search_.has_spec()) set_spec(search_.spec_of(batch(), seq()));
  });
  connect(device_, &QComboBox::activated, this,
          [this] { choose_device(device_->currentData().toString().toStdString()); });
  connect(find_, &QPushButton::clicked, this, [this] { search_.is_running() ? search_.stop() : search_.start(); });
  connect(&search_, &FitSearch::changed, this, [this] {
    canvas_->update();
    table_.set(fit_columns(search_), static_cast<std::int64_t>(search_.grid().cell_count()));
    update_words();
  });
  connect(&search_, &FitSearch::ended, this, [this] {
    if (is_settled()) Q_EMIT settled();
  });
  connect(&batches_, &LargestBatches::changed, this, &FitMap::update_words);
  connect(find_largest_, &QPushButton::clicked, this,
          [this] { batches_.is_running() ? batches_.stop() : batches_.find_all(); });
  connect_sizes();
  connect(gpus_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& index) {
    if (index.isValid()) choose_device("virtual:" + batches_.row(index.row()).device->name);
  });
  connect(gpus_, &QTableView::activated, this, [this](const QModelIndex& index) { batches_.find(index.row()); });
}

void FitMap::connect_sizes() {
  connect(canvas_, &FitCanvas::cell_chosen, this, [this](FitCell cell) {
    choose_sizes(search_.grid().batches()[cell.batch], search_.grid().seqs()[cell.seq]);
  });
  connect(canvas_, &FitCanvas::cell_opened, this, &FitMap::open_exact);
  connect(canvas_, &FitCanvas::gpu_wanted, this, [this](int further) {
    const int row = gpus_->currentIndex().row() + further;
    if (row >= 0 && row < batches_.rowCount()) gpus_->selectRow(row);
  });
  connect(sizes_, &FitSizes::chosen, this, &FitMap::choose_sizes);
  connect(open_, &QPushButton::clicked, this, &FitMap::open_exact);
  connect(&exact_, &Estimate::finished, this, &FitMap::show_exact);
}

std::int64_t FitMap::batch() const { return sizes_->batch(); }
std::int64_t FitMap::seq() const { return sizes_->seq(); }
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
  sizes_->set_most(search_.grid().batches().back(), std::max<std::int64_t>(1 << 16, own.batch),
                   std::min<std::int64_t>(search_.most_seq(), kMaxTokensPerStep));
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
  sizes_->set(batch, seq);
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
  search_.learn(exact_.spec(), result);
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

QString FitMap::title() const { return fit_title(search_.spec()); }

void FitMap::update_words() {
  const FitGrid& grid = search_.grid();
  title_->setText(title());
  title_->setToolTip(title());
  const std::size_t tried = grid.tried_count(), all = grid.cell_count();
  progress_->setText(tried == all ? QString() : tr("%1 of %2 known").arg(tried).arg(all));
  const FoundProgram program = find_program();
  choose_program_->setVisible(program.path.isEmpty());
  trouble_->setVisible(program.path.isEmpty() || !search_.problem().isEmpty());
  trouble_->setText(program.path.isEmpty() ? program.problem : tr("The runs fail: %1").arg(search_.problem()));
  trouble_->setStyleSheet(QStringLiteral("color: %1").arg(theme().bad.name()));
  hint_->setText(tried == 0 && !search_.is_running()
                     ? tr("“Find what fits” makes each cell a virtual run. A click shows the figures of one.")
                     : tr("Click or arrow keys: its figures. Double click or Enter: open the run. Page up, page down: "
                          "another GPU."));
  hint_->setStyleSheet(QStringLiteral("color: %1").arg(theme().soft.name()));
  find_->setText(search_.is_running() ? tr("Stop") : tried == 0 ? tr("Find what fits") : tr("Go on"));
  find_->setToolTip(tr("Each cell is a virtual run on this machine's processor. What was run before is remembered."));
  find_->setEnabled(search_.is_running() || tried < all);
  find_largest_->setText(
      batches_.is_running() ? tr("Stop") : tr("Find the largest batch at %1 tokens on each").arg(count_text(seq())));
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
  choose_sizes(number("batch", batch(), sizes_->most_batch()), number("seq", seq(), sizes_->most_seq()));
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
      "double click, Enter or <b>Open this run</b> makes the run again with all its events and opens it. The sliders "
      "and fields below take "
      "any size between the cells.</p>"
      "<p>On the right is, for every GPU of the catalogue, the <b>largest batch</b> at the chosen sequence length: "
      "one sequence more was run as well, and was out of memory. A click on a GPU shows its map, and so do page up and "
      "page down in the map; Enter finds its largest batch.</p>");
}

}  // namespace headroom::gui
