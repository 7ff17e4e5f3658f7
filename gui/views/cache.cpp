#include "gui/views/cache.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QLabel>
#include <QTableView>
#include <QToolTip>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/charts/table_page.h"
#include "gui/items/allocation_rows.h"
#include "gui/items/flat_rows.h"
#include "gui/views/places.h"
#include "gui/views/row_menu.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/summary.h"
#include "reports/summary_cache.h"

namespace headroom::gui {
namespace {

constexpr std::size_t kMostSteps = 2000;  // more than a chart is wide
constexpr double kMargin = 12, kChartHeight = 240;

QString known_bytes(std::int64_t bytes) { return bytes == kUnknownBytes ? QStringLiteral("–") : size_text(bytes); }

}  // namespace

std::optional<std::int64_t> last_event_of(const LoadedRun& run, std::int32_t step) {
  const std::vector<std::int32_t>& steps = run.recording.events.step;
  const auto end = std::ranges::upper_bound(steps, step);  // steps ascend
  if (end == steps.begin() || *(end - 1) != step) return std::nullopt;
  return end - steps.begin() - 1;
}

CacheCharts::CacheCharts(QWidget* parent) : QWidget(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(tr("The cache after each step, and the peak within each"));
}

void CacheCharts::show_run(RunHandle run) {
  run_ = std::move(run);
  steps_ = run_ ? thinned(run_->breakdown.cache, kMostSteps) : std::vector<CacheStep>();
  mark(-1);
}

void CacheCharts::mark(int step) {
  marked_ = step >= 0 && step < static_cast<int>(steps_.size()) ? step : -1;
  setAccessibleDescription(steps_.empty() ? QString()
                                          : step_text(marked_ < 0 ? static_cast<int>(steps_.size()) - 1 : marked_));
  update();
}

QString CacheCharts::step_text(int step) const {
  const CacheStep& s = steps_[static_cast<std::size_t>(step)];
  return tr("%1: %2 tokens of a sequence in the cache, %3\nhighest within it: %4 at %5")
      .arg(moment_text(s.phase, s.step), count_text(s.tokens), size_and_exact(s.cache_bytes),
           size_and_exact(s.peak_bytes), to_text(layer_path(run_->breakdown, s.peak_layer)));
}

std::vector<GrowthChart> CacheCharts::charts() const {
  GrowthChart cache{.title = tr("The cache after each step"), .colour = theme().category(Category::kv_cache)};
  GrowthChart peak{.title = tr("The peak within each step"), .colour = theme().accent};
  for (const CacheStep& step : steps_) {
    cache.values.push_back(step.cache_bytes);
    peak.values.push_back(step.peak_bytes);
  }
  for (GrowthChart* chart : {&cache, &peak}) {
    chart->first = tr("prefill");
    chart->last = steps_.empty() ? QString() : tr("token %1").arg(count_text(steps_.back().step));
    chart->marked = marked_;
  }
  return {cache, peak};
}

std::vector<QRectF> CacheCharts::places(const QRectF& area) const {
  const QRectF inner = area.adjusted(kMargin, kMargin, -kMargin, -kMargin);
  const double half = (inner.width() - 2 * kMargin) / 2;
  return {QRectF(inner.left(), inner.top(), half, inner.height()),
          QRectF(inner.right() - half, inner.top(), half, inner.height())};
}

void CacheCharts::paint(QPainter& painter, const QRectF& area) const {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(theme().line);
  painter.setBrush(theme().panel);
  painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
  painter.restore();
  const std::vector<GrowthChart> all = charts();
  const std::vector<QRectF> where = places(area);
  for (std::size_t i = 0; i < all.size(); ++i) paint_growth(painter, where[i], all[i]);
}

void CacheCharts::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  paint(painter, rect());
  if (!hasFocus()) return;
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(theme().accent, 1.5));
  painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 6, 6);
}

int CacheCharts::step_at(const QPointF& place) const {
  const std::vector<GrowthChart> all = charts();
  const std::vector<QRectF> where = places(rect());
  for (std::size_t i = 0; i < all.size(); ++i)
    if (where[i].contains(place)) return growth_step_at(*this, font(), where[i], all[i], place.x());
  return -1;
}

void CacheCharts::mousePressEvent(QMouseEvent* event) {
  if (const int step = step_at(event->position()); step >= 0) Q_EMIT step_chosen(step);
}

void CacheCharts::keyPressEvent(QKeyEvent* event) {
  const int last = static_cast<int>(steps_.size()) - 1;
  int step = marked_;
  if (event->key() == Qt::Key_Right) step = std::min(marked_ + 1, last);
  if (event->key() == Qt::Key_Left) step = std::max(marked_ - 1, 0);
  if (event->key() == Qt::Key_Home) step = 0;
  if (event->key() == Qt::Key_End) step = last;
  if (step == marked_ || step < 0) return QWidget::keyPressEvent(event);
  Q_EMIT step_chosen(step);
}

bool CacheCharts::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const int step = step_at(help->pos());
  QToolTip::showText(help->globalPos(), step < 0 ? QString() : step_text(step), this);
  return true;
}

Cache::Cache(Session& session, QWidget* parent)
    : View(session, parent),
      summary_(new QLabel(this)),
      charts_(new CacheCharts(this)),
      panel_(new ItemPanel(new QTableView, tr("KV cache by layer"), this)),
      rows_(new RowsModel(this)),
      sorted_(new QSortFilterProxyModel(this)) {
  summary_->setWordWrap(true);
  summary_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(summary_);
  layout->addWidget(charts_);
  layout->addWidget(panel_, 1);
  sorted_->setSourceModel(rows_);
  sorted_->setSortRole(kSortRole);
  panel_->set_model(sorted_);
  auto* table = static_cast<QTableView*>(panel_->items());
  table->setSortingEnabled(true);
  table->sortByColumn(-1, Qt::AscendingOrder);
  connect(charts_, &CacheCharts::step_chosen, this, &Cache::choose_step);
  connect(panel_, &ItemPanel::row_chosen, this, &Cache::choose);
  connect(panel_, &ItemPanel::menu_wanted, this, [this](QMenu* menu, const QModelIndex& index) {
    const int row = sorted_->mapToSource(index).row();
    if (row >= 0) add_place_actions(*menu, this->session(), *this, {.layer = layers_[static_cast<std::size_t>(row)]});
  });
  connect(&session, &Session::current_changed, this, &Cache::refresh);
  connect(&selection(), &Selection::changed, this, &Cache::show_chosen);
  refresh();
}

void Cache::refresh() {
  const RunHandle run = session().current_loaded();
  const bool any = run && run->breakdown.cache.any();
  summary_->setVisible(any);
  charts_->setVisible(any);
  charts_->show_run(any ? run : nullptr);
  layers_.clear();
  if (run)
    fill_rows(run);  // none, where it has no cache: its table has columns all the same
  else
    rows_->clear();
  summary_->setText(any ? summary() : QString());
  panel_->set_sentence(sentence());
  show_chosen();
}

void Cache::fill_rows(const RunHandle& run) {
  const auto at = [run](std::int64_t row) -> const CacheLayer& {
    return run->breakdown.cache.layers[static_cast<std::size_t>(row)];
  };
  for (const CacheLayer& layer : run->breakdown.cache.layers) layers_.push_back(layer.layer);
  const auto per_token = [at](std::int64_t row) {
    const CacheLayer& layer = at(row);
    return layer.bytes_per_token != kUnknownBytes ? layer.bytes_per_token : layer.expected_bytes_per_token;
  };
  const auto basis = [at](std::int64_t row) {
    const CacheLayer& layer = at(row);
    if (layer.bytes_per_token == kUnknownBytes)
      return layer.expected_bytes_per_token == kUnknownBytes ? tr("not known") : tr("by closed form");
    if (layer.expected_bytes_per_token == kUnknownBytes) return tr("as recorded");
    return layer.bytes_per_token == layer.expected_bytes_per_token ? tr("as recorded, equals the closed form")
                                                                   : tr("as recorded, differs from the closed form");
  };
  Column token = bytes_column(tr("Per token"), tr("That one more token of one sequence costs this layer."), per_token);
  token.text = [per_token](std::int64_t row) { return known_bytes(per_token(row)); };
  rows_->set({text_column(tr("Layer"), tr("That keeps keys and values, or a state."),
                          [run, at](std::int64_t row) { return to_text(layer_path(run->breakdown, at(row).layer)); }),
              token, text_column(tr("Known"), tr("Where the bytes per token are from."), basis),
              bytes_column(tr("After the prefill"), tr("Requested, at the end of the prompt."),
                           [at](std::int64_t row) { return at(row).prompt_bytes; }),
              bytes_column(tr("At the end"), tr("Requested, at the end of the last step."),
                           [at](std::int64_t row) { return at(row).bytes; }),
              bytes_column(tr("Blocks"), tr("Of the allocator, for what is kept at the end."),
                           [at](std::int64_t row) { return at(row).block_bytes; }),
              text_column(tr("Grows"), tr("As far as this run shows it."),
                          [at](std::int64_t row) { return to_text(growth_text(at(row).growth)); })},
             static_cast<std::int64_t>(layers_.size()));
}

void Cache::choose(const QModelIndex& index) {
  const int row = sorted_->mapToSource(index).row();
  if (row >= 0) selection().choose_layer(layers_[static_cast<std::size_t>(row)]);
}

void Cache::choose_step(int step) {
  const RunHandle run = session().current_loaded();
  selection().choose_event(last_event_of(*run, charts_->steps()[static_cast<std::size_t>(step)].step));
}

void Cache::show_chosen() {
  const RunHandle run = session().current_loaded();
  if (!run) return;
  const Chosen chosen = chosen_within(*run, selection().chosen());
  const auto found = chosen.layer ? std::ranges::find(layers_, *chosen.layer) : layers_.end();
  const QModelIndex row =
      found == layers_.end() ? QModelIndex() : rows_->index(static_cast<int>(found - layers_.begin()), 0);
  panel_->choose_row(sorted_->mapFromSource(row));
  if (!chosen.event) return charts_->mark(-1);
  const std::int32_t step = run->recording.events.step[static_cast<std::size_t>(*chosen.event)];
  const auto at = std::ranges::find(charts_->steps(), step, &CacheStep::step);
  charts_->mark(at == charts_->steps().end() ? -1 : static_cast<int>(at - charts_->steps().begin()));
}

QString Cache::summary() const {
  const Breakdown& run = session().current_loaded()->breakdown;
  const KvCache& cache = run.cache;
  QStringList parts;
  if (const std::int64_t per_token = cache_bytes_per_token(run); per_token > 0)
    parts << tr("<b>%1</b> a token of one sequence, %2").arg(size_text(per_token), to_text(per_token_basis(run)));
  parts << tr("<b>%1</b> at the end, %2 after the prefill, %3 to %4 tokens of %5")
               .arg(size_text(cache.growth.back().cache_bytes), size_text(cache.growth.front().cache_bytes),
                    count_text(cache.growth.front().tokens), count_text(cache.growth.back().tokens),
                    cache.sequences == 1 ? tr("one sequence") : tr("%1 sequences").arg(count_text(cache.sequences)));
  parts << tr("kept as %1").arg(to_text(cache_kind(run.spec)).toHtmlEscaped())
        << to_text(peak_verdict(run)).toHtmlEscaped();
  return parts.join(QStringLiteral(" · "));
}

QString Cache::sentence() const {
  const SessionRun* run = session().current_run();
  if (run == nullptr) return tr("No run is open. Open a recording to see its KV cache.");
  if (!run->loaded)
    return run->state == RunState::failed ? tr("This run could not be read: %1").arg(run->message)
                                          : tr("The run is still being read…");
  const Breakdown& breakdown = run->loaded->breakdown;
  if (breakdown.cache.any())
    return breakdown.cache.layers.empty() ? tr("No layer kept anything of the tokens before.") : QString();
  const QString form = breakdown.model.kv_cache_bytes_per_token > 0
                           ? tr(" By its closed form a token of one sequence would cost %1.")
                                 .arg(size_and_exact(breakdown.model.kv_cache_bytes_per_token))
                           : QString();
  return tr("This run has no KV cache: it did not generate. headroom profile --mode generate records one.") + form;
}

QSizeF Cache::page_size(double width) {
  const double charts = charts_->steps().empty() ? 0 : kChartHeight + kMargin;
  return table_page_size({.title = tr("KV cache"), .caption = QStringLiteral("x\nx"), .model = sorted_}, width) +
         QSizeF(0, charts);
}

void Cache::paint_page(QPainter& painter, const QRectF& page) {
  QString text = summary_->text().isEmpty() ? sentence() : summary_->text();
  text.remove(QStringLiteral("<b>")).remove(QStringLiteral("</b>"));
  const QRectF rest = paint_page_head(painter, page, tr("KV cache"), text);
  if (charts_->steps().empty()) return;
  charts_->paint(painter, QRectF(rest.topLeft(), QSizeF(rest.width(), kChartHeight)));
  RowsModel rows;
  set_flat(rows, *sorted_, panel_->shown_columns());
  if (rows.rowCount() > 0) paint_table(painter, rest.adjusted(0, kChartHeight + kMargin, 0, 0), rows);
}

void Cache::restore(const Json& state) {
  if (state.is_object() && state.contains("columns")) panel_->restore(state["columns"]);
}

QString Cache::help() const {
  return tr(
      "<p>What the run kept of the tokens before, so that attention need not compute it again. The left chart shows "
      "the <b>cache</b> at the end of each step, the right one the most that was in use on the device <b>within</b> "
      "it; the first step is the prefill. Click a step to see its instant in the other views.</p>"
      "<p>Bytes of the cache are those requested, before the allocator's rounding; <b>blocks</b> holds the "
      "rounding, too. <b>Per token</b> is what one more token of one sequence costs, as recorded, or by the "
      "mechanism's closed form where the run did not show it.</p>");
}

}  // namespace headroom::gui
