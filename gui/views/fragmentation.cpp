#include "gui/views/fragmentation.h"

#include <fmt/format.h>

#include <QEvent>
#include <QHeaderView>
#include <QLabel>
#include <QSplitter>
#include <QStackedWidget>
#include <QStringList>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/charts/axis.h"
#include "gui/charts/segment_picture.h"
#include "gui/charts/table_picture.h"
#include "gui/items/block_words.h"
#include "gui/items/emphasis.h"
#include "gui/items/segment_columns.h"
#include "gui/views/emptiness.h"
#include "gui/views/places.h"
#include "gui/views/row_copy.h"
#include "gui/views/segment_table.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

constexpr int kRowsOnPage = 40, kPictureWidth = 260, kMostWidth = 260;
constexpr double kPageRow = 24, kMargin = 12;

// The figures above the list.
class Figures : public QWidget {
 public:
  explicit Figures(QWidget* parent) : QWidget(parent) {
    QPixmap nowhere(1, 1);
    QPainter painter(&nowhere);
    painter.setFont(font());
    setFixedHeight(static_cast<int>(reserved_height(painter)));
    setAccessibleName(FragmentationView::tr("Reserved memory at its peak"));
  }

  void show_run(RunHandle run) {
    run_ = std::move(run);
    QStringList words;
    if (run_)
      for (const ReservedPart& part : reserved_parts(run_->fragmentation))
        words << QStringLiteral("%1: %2").arg(part.title, size_and_exact(part.bytes));
    setAccessibleDescription(words.join(QStringLiteral("; ")));
    setToolTip(words.join('\n'));
    update();
  }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    if (run_) paint_reserved(painter, rect(), run_->fragmentation);
  }

 private:
  RunHandle run_;
};

QLabel* paragraph(QWidget* parent) {
  auto* label = new QLabel(parent);
  label->setWordWrap(true);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  return label;
}

QString replay_failure(const AllocatorReplay& replay) {
  return FragmentationView::tr("“%1” ran out of memory at a request of %2.")
      .arg(to_text(replay.label), size_text(replay.failed_request_bytes));
}

}  // namespace

FragmentationView::FragmentationView(Session& session, QWidget* parent)
    : View(session, parent),
      pages_(new QStackedWidget),
      sentence_(paragraph(nullptr)),
      summary_(paragraph(nullptr)),
      remarks_(paragraph(nullptr)),
      figures_(new Figures(nullptr)),
      parts_(new QSplitter(Qt::Vertical)),
      list_(new SegmentTable(nullptr)),
      replay_list_(new QTableView) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(pages_);
  sentence_->setAlignment(Qt::AlignCenter);
  sentence_->setMargin(32);
  pages_->addWidget(sentence_);
  pages_->addWidget(make_content());
  connect(&session, &Session::current_changed, this, &FragmentationView::show_current);
  connect(&session, &Session::run_changed, this, [this] {
    if (!run_) show_current();
  });
  connect(&selection(), &Selection::changed, this, &FragmentationView::follow_selection);
  connect(&selection(), &Selection::filter_changed, this, &FragmentationView::follow_selection);
  connect(list_, &SegmentTable::block_chosen, this, [this](qlonglong block) { selection().choose_allocation(block); });
  show_current();
}

QWidget* FragmentationView::make_content() {
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(12, 10, 12, 12);
  column->setSpacing(10);
  column->addWidget(summary_);
  column->addWidget(figures_);
  column->addWidget(parts_, 1);
  list_->setModel(&segments_);
  for (QAbstractItemView* view :
       {static_cast<QAbstractItemView*>(list_), static_cast<QAbstractItemView*>(replay_list_)})
    new RowCopy(view);
  parts_->addWidget(list_);
  replay_list_->setModel(&replays_);
  replay_list_->setSelectionBehavior(QAbstractItemView::SelectRows);
  replay_list_->setShowGrid(false);
  replay_list_->setStyleSheet(QStringLiteral("QTableView::item { border: 0; padding: 0 5px; }"));
  replay_list_->setTabKeyNavigation(false);
  replay_list_->verticalHeader()->hide();
  replay_list_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
  replay_list_->setAccessibleName(tr("The same requests with other settings"));
  parts_->addWidget(replay_list_);
  column->addWidget(remarks_);
  parts_->setSizes({600, 300});
  parts_->setChildrenCollapsible(false);
  return content;
}

QString FragmentationView::nothing() const {
  if (QString sentence = why_nothing(session()); !sentence.isEmpty()) return sentence;
  const LoadedRun& run = *session().current_loaded();
  if (run.fragmentation.event >= 0) return {};
  if (run.breakdown.environment.device_kind == DeviceKind::cpu)
    return tr("%1 ran on the CPU, whose allocator reserves no segments. A run on a GPU, real or virtual "
              "(--device virtual:h100-80gb), shows what pins them.")
        .arg(session().current_run()->label);
  return tr("No segment of %1 was recorded.").arg(session().current_run()->label);
}

void FragmentationView::show_current() {
  const QString sentence = nothing();
  run_ = sentence.isEmpty() ? session().current_loaded() : nullptr;
  sentence_->setText(sentence);
  pages_->setCurrentIndex(run_ ? 1 : 0);
  list_->show_run(run_);
  static_cast<Figures*>(figures_)->show_run(run_);
  summary_->setText(run_ ? summary() : QString());
  fill_segments();
  fill_replays();
  follow_selection();
}

QString FragmentationView::summary() const {
  const Fragmentation& f = run_->fragmentation;
  const auto pinned =
      std::ranges::count_if(f.segments, [](const SegmentView& s) { return s.is_pinned() && s.free_bytes > 0; });
  return tr("At its peak, in %1, %2 are reserved in %3 segments. %4 of them hold live blocks beside free memory, which "
            "pins %5. All numbers are %6.")
      .arg(moment_text(f.phase, f.step), size_and_exact(f.reserved_bytes),
           count_text(static_cast<std::int64_t>(f.segments.size())), count_text(pinned),
           size_and_exact(f.fragmented_bytes), truth_text(run_->breakdown.environment));
}

void FragmentationView::fill_segments() {
  if (!run_) return segments_.clear();
  segments_.set(segment_columns(run_), static_cast<std::int64_t>(run_->fragmentation.segments.size()));
  list_->resizeColumnsToContents();
  list_->setColumnWidth(0, kPictureWidth);
  for (int c = 6; c < segments_.columnCount(); ++c)
    list_->setColumnWidth(c, std::min(kMostWidth, list_->columnWidth(c)));
}

void FragmentationView::fill_replays() {
  replays_.clear();  // its rows are of the report
  report_ = {};
  ranked_.clear();
  remarks_->setText(run_ ? remarks() : QString());
  const bool has_replays = run_ && !run_->recording.replays.empty();
  replay_list_->setVisible(has_replays);
  if (!has_replays) return;
  report_.replays = run_->recording.replays;
  ranked_ = ranked(report_);
  ranked_.insert(ranked_.begin(), &report_.replays.front());
  replays_.set(replay_columns(ranked_), static_cast<std::int64_t>(ranked_.size()));
  replay_list_->resizeColumnsToContents();
}

QString FragmentationView::remarks() const {
  const auto& replays = run_->recording.replays;
  if (replays.empty())
    return tr("What other settings of the allocator would reserve is not known of this run. This makes its requests "
              "again with others and keeps the answers in the recording:\n%1")
        .arg(to_text(fmt::format("headroom fragmentation {} --out FOLDER", run_->path.filename().string())));
  QStringList sentences;
  sentences << (replays.front().faithful
                    ? tr("Each row is a replay of the recorded requests through PyTorch's own caching allocator over "
                         "virtual:%1. With the recorded settings it did what was recorded, event by event.")
                          .arg(to_text(replays.front().device))
                    : tr("The replay of the recorded settings is not faithful, so nothing is said to be saved: %1.")
                          .arg(to_text(replays.front().difference)));
  for (const AllocatorReplay& replay : replays) {
    if (replay.ran_out_of_memory) sentences << replay_failure(replay);
    if (replay.change == ReplayChange::lasting_first)
      sentences << tr("“%1” is no setting but another program: what is alive at the peak is allocated at the beginning "
                      "of its phase.")
                       .arg(to_text(replay.label));
    if (replay.change == ReplayChange::empty_cache)
      sentences << tr("“%1” is no setting but torch.cuda.empty_cache() in the program before each phase.")
                       .arg(to_text(replay.label));
  }
  return sentences.join(' ');
}

void FragmentationView::follow_selection() {
  if (!run_) return;
  const Emphasis emphasis(run_->breakdown, selection().chosen(), selection().filter());
  SegmentMarks marks{.chosen = selection().chosen().allocation};
  if (dims_any(selection().chosen(), selection().filter())) {
    marks.lit.resize(run_->breakdown.allocations.size());
    for (const SegmentView& segment : run_->fragmentation.segments)
      for (const std::int64_t block : segment.blocks)
        marks.lit[static_cast<std::size_t>(block)] = emphasis.is_lit(block);
  }
  const auto& segments = run_->fragmentation.segments;
  const auto found = !marks.chosen ? segments.end() : std::ranges::find_if(segments, [&](const SegmentView& s) {
    return std::ranges::find(s.blocks, *marks.chosen) != s.blocks.end();
  });
  list_->mark(std::move(marks));
  if (found == segments.end()) return;
  const QModelIndex index = segments_.index(static_cast<int>(found - segments.begin()), 0);
  if (list_->currentIndex().row() != index.row()) list_->setCurrentIndex(index);
}

double FragmentationView::text_height(const QFont& font, const QString& text, double width) const {
  return QFontMetricsF(font).boundingRect(QRectF(0, 0, width, 1e6), Qt::TextWordWrap, text).height() + kMargin;
}

QSizeF FragmentationView::page_size(double width) {
  if (!run_) return {width, 240};
  const auto rows = std::min<std::size_t>(kRowsOnPage, run_->fragmentation.segments.size());
  const double inner = width - 2 * kMargin;
  const double replays = ranked_.empty() ? 0 : table_picture_height(replays_) + kMargin;
  return {width, 2 * kMargin + text_height(font(), summary(), inner) + 120 +
                     kPageRow * (static_cast<double>(rows) + 2) + replays + text_height(font(), remarks(), inner) +
                     kMargin};
}

void FragmentationView::paint_page(QPainter& painter, const QRectF& page) {
  painter.fillRect(page, theme().panel);
  if (!run_) return paint_sentence(painter, page, nothing());
  QRectF area = page.adjusted(kMargin, kMargin, -kMargin, -kMargin);
  const auto say = [&](const QString& text) {
    painter.setPen(theme().ink);
    const double height = text_height(painter.font(), text, area.width());
    painter.drawText(QRectF(area.left(), area.top(), area.width(), height), Qt::TextWordWrap, text);
    area.setTop(area.top() + height);
  };
  say(summary());
  paint_reserved(painter, area, run_->fragmentation);
  area.setTop(area.top() + reserved_height(painter) + kMargin);
  area.setTop(area.top() + paint_segments(painter, area));
  if (!ranked_.empty()) {
    paint_table(painter, area, replays_);
    area.setTop(area.top() + table_picture_height(replays_) + kMargin);
  }
  say(remarks());
}

// The pictures to the left of the figures; gives the height.
double FragmentationView::paint_segments(QPainter& painter, const QRectF& area) const {
  const auto& segments = run_->fragmentation.segments;
  const double picture = area.width() * 0.36;
  QRectF row(area.left(), area.top(), area.width(), kPageRow);
  painter.fillRect(row, theme().band);
  const auto cells = [&](const QStringList& texts, const QColor& colour) {
    painter.setPen(colour);
    const double width = area.width() * 0.095;
    double x = row.left() + picture;
    for (int i = 0; i < texts.size(); ++i) {
      const bool is_last = i + 1 == texts.size();
      const QRectF cell(x, row.top(), is_last ? row.right() - x - 4 : width - 10, row.height());
      painter.drawText(cell, Qt::AlignVCenter | (is_last ? Qt::AlignLeft : Qt::AlignRight),
                       fitted(painter, texts[i], cell.width()));
      x += width;
    }
  };
  cells({tr("segment"), tr("live"), tr("free"), tr("largest gap"), tr("pinned by")}, theme().soft);
  const auto shown = std::min<std::size_t>(kRowsOnPage, segments.size());
  for (std::size_t i = 0; i < shown; ++i) {
    row.translate(0, kPageRow);
    const SegmentView& s = segments[i];
    paint_segment(painter, segment_rect(QRectF(row.left(), row.top(), picture, kPageRow)), *run_, s, list_->marks());
    cells({size_text(s.bytes), size_text(s.live_bytes + s.held_bytes), size_text(s.free_bytes),
           size_text(s.largest_gap_bytes), pinned_by(s)},
          theme().ink);
  }
  row.translate(0, kPageRow);
  painter.setPen(theme().soft);
  if (shown < segments.size())
    painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter,
                     tr("and %1 more segments").arg(count_text(static_cast<std::int64_t>(segments.size() - shown))));
  return kPageRow * (static_cast<double>(shown) + 2);
}

QString FragmentationView::pinned_by(const SegmentView& segment) const {
  if (!segment.is_pinned()) return pins_text(segment);
  const Breakdown& run = run_->breakdown;
  const Allocation& a = run.allocations[static_cast<std::size_t>(segment.blocks.front())];
  const QString words =
      QStringLiteral("%1, %2, %3").arg(block_name(run, a), title_of(a.category), to_text(layer_path(run, a.layer)));
  const auto more = static_cast<std::int64_t>(segment.blocks.size()) - 1;
  return more == 0 ? words : tr("%1 and %2 more").arg(words, count_text(more));
}

Json FragmentationView::state() const {
  Json widths = Json::array();
  for (int c = 0; c < segments_.columnCount(); ++c) widths.push_back(list_->columnWidth(c));
  return {{"column_widths", widths}};
}

void FragmentationView::restore(const Json& state) {
  const auto widths = state.is_object() ? state.find("column_widths") : state.end();
  if (!state.is_object() || widths == state.end() || !widths->is_array()) return;
  for (int c = 0; c < segments_.columnCount() && c < static_cast<int>(widths->size()); ++c)
    if (const Json& width = (*widths)[static_cast<std::size_t>(c)]; width.is_number())
      list_->setColumnWidth(c, static_cast<int>(std::clamp(width.get<double>(), 24.0, 2000.0)));
}

void FragmentationView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange) {
    figures_->update();
    list_->viewport()->update();
  }
  View::changeEvent(event);
}

QString FragmentationView::help() const {
  return tr(
      "<p>PyTorch's allocator takes memory of the driver in segments and hands out blocks of them. A segment goes "
      "back only when nothing in it is live, so a small block can hold a large segment. Shown is the instant at which "
      "most was reserved.</p>"
      "<p>The bar above tells what is reserved apart, to the byte: requested by live blocks, their rounding, what "
      "other streams still use, what is free in empty segments (torch.cuda.empty_cache() would give it back), and "
      "what is free in segments that some block pins.</p>"
      "<p>The list has the segments, those first that the fewest live bytes pin. Each picture shows its blocks by "
      "address and to scale; what is grey is free. Click a block, or press the left and right keys, to choose it in "
      "every view; Enter chooses the smallest.</p>"
      "<p>Below is what the same requests would have reserved with other settings, where “headroom fragmentation” was "
      "asked and kept its answers in the recording.</p>");
}

}  // namespace headroom::gui
