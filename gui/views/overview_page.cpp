#include "gui/views/overview_page.h"

#include <QApplication>
#include <QClipboard>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

#include "analysis/peaks.h"
#include "analysis/shortfall.h"
#include "gui/items/allocation_rows.h"
#include "gui/views/category_bar.h"
#include "gui/views/flow_layout.h"
#include "gui/views/overview_card.h"
#include "gui/views/overview_words.h"
#include "gui/views/places.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/device_words.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

constexpr int kTwoColumns = 860;   // logical pixels from which two cards stand side by side
constexpr int kFigureWidth = 215;  // a figure wants
constexpr int kGap = 12;
constexpr std::size_t kStepsShown = 4, kFormsShown = 12, kGroupsShown = 5;

}  // namespace

OverviewPage::OverviewPage(const LoadedRun& run, bool for_picture, QWidget* parent)
    : QWidget(parent), layout_(new QVBoxLayout(this)), grid_(new QGridLayout), figure_grid_(new QGridLayout) {
  layout_->setContentsMargins(16, 16, 16, 16);
  layout_->setSpacing(kGap);
  figure_grid_->setSpacing(kGap);
  grid_->setSpacing(kGap);
  add_head(run);
  add_outcome(run);
  add_figures(run);
  layout_->addLayout(figure_grid_);
  layout_->addLayout(grid_);
  layout_->addStretch(1);
  if (has_peak(run.breakdown)) {
    add_categories(run);
    add_shortfall(run);
    add_place(run);
    add_steps(run);
    add_allocator(run);
  }
  add_forms(run);
  add_remarks(run);
  add_environment(run);
  add_command(run, for_picture);
  arrange(900);
}

OverviewCard* OverviewPage::card(const QString& heading) {
  auto* made = new OverviewCard(heading, this);
  connect(made, &OverviewCard::link, this, &OverviewPage::link);
  return made;
}

void OverviewPage::add_head(const LoadedRun& run) {
  const RunPhrases words = phrases(run.breakdown);
  auto* title = new QLabel(to_text(words.model), this);
  scale_font(title, 1.7, true);
  title->setTextInteractionFlags(Qt::TextSelectableByMouse);
  title->setWordWrap(true);
  layout_->addWidget(title);
  auto* line = new QWidget(this);
  auto* flow = new FlowLayout;
  flow->setContentsMargins(0, 0, 0, 0);
  line->setLayout(flow);
  const Environment& environment = run.breakdown.environment;
  const bool is_virtual = environment.device_kind == DeviceKind::virtual_cuda;
  flow->addWidget(badge(truth_text(environment), is_virtual ? theme().virtual_word : theme().measured_word,
                        truth_meaning(environment), line));
  auto* device = new QLabel(to_text(words.device), line);
  device->setTextInteractionFlags(Qt::TextSelectableByMouse);
  flow->addWidget(device);
  for (const QString& text : chips_of(run.breakdown)) flow->addWidget(chip(text, line));
  layout_->addWidget(line);
}

void OverviewPage::add_outcome(const LoadedRun& run) {
  const Outcome& outcome = run.breakdown.outcome;
  QStringList lines;
  if (outcome.kind == OutcomeKind::oom) lines << sentence_of_failure(outcome) << largest_then(run.breakdown);
  if (outcome.kind == OutcomeKind::error)
    lines << tr("<b>It ended with an error:</b> %1").arg(escaped(outcome.message))
          << (has_peak(run.breakdown) ? tr("What it allocated until then is shown.") : QString());
  lines << to_text(unfinished_build(run.breakdown)).toHtmlEscaped();
  if (run.breakdown.dropped_event_count > 0)
    lines << tr("<b>%1 events were dropped</b>, so the numbers are too low.")
                 .arg(count_text(run.breakdown.dropped_event_count));
  for (const TraceRemark& remark : trace_remarks(run.breakdown.device))
    if (remark.serious) lines << escaped(remark.text);
  lines.removeAll(QString());
  if (lines.isEmpty()) return;
  OverviewCard* made = card({});
  made->setStyleSheet(card_style(theme().bad_ground, theme().bad));
  made->setAccessibleName(tr("What went wrong"));
  for (const QString& line : lines) made->add_text(line);
  layout_->addWidget(made);
}

void OverviewPage::add_figures(const LoadedRun& run) {
  const Breakdown& b = run.breakdown;
  const auto add = [&](const QString& name, const QString& value, const QString& note, double size = 1.7) {
    figures_.push_back(figure(name, value, note, size, this));
  };
  if (has_peak(b)) {
    add(b.outcome.kind == OutcomeKind::oom ? tr("Peak until it ran out") : tr("Peak allocated"),
        size_text(b.peak.allocated_bytes), exact_text(b.peak.allocated_bytes), 2.1);
    add(tr("Peak reserved"), size_text(b.peak_reserved_bytes),
        b.environment.device_total_bytes > 0 ? tr("of the device's %1").arg(size_text(b.environment.device_total_bytes))
                                             : tr("what the allocator took from the device"));
  }
  if (b.parameter_count > 0)  // a snapshot has none, though it may have their blocks
    add(tr("Parameters"), size_text(b.parameter_bytes), tr("%1 numbers").arg(count_text(b.parameter_count)));
  if (const std::int64_t kept = kept_activation_bytes(b); kept > 0)
    add(tr("Kept for backward"), size_text(kept), tr("requested for activations of the last step"));
  const std::int64_t per_token = cache_bytes_per_token(b);
  if (b.cache.any())
    add(tr("KV cache at the end"), size_text(b.cache.bytes),
        per_token > 0 ? tr("%1 a token of one sequence").arg(size_text(per_token)) : QString());
  else if (per_token > 0)
    add(tr("KV cache would cost"), size_text(per_token), tr("a token of one sequence, by its closed form"));
}

void OverviewPage::add_categories(const LoadedRun& run) {
  OverviewCard* made = card(tr("What was in memory at the peak"));
  auto* bar = new CategoryBar(run.breakdown.peak.categories, made);
  connect(bar, &CategoryBar::chosen, this,
          [this](Category category) { Q_EMIT link(QStringLiteral("category:%1").arg(static_cast<int>(category))); });
  made->add_widget(bar);
  cards_.push_back(made);
}

// What was alive when memory ran out, the most first.
void OverviewPage::add_shortfall(const LoadedRun& run) {
  const Breakdown& b = run.breakdown;
  const std::size_t events = run.recording.events.size();
  if (b.outcome.kind != OutcomeKind::oom || b.outcome.failed_request_bytes <= 0 || events == 0) return;
  const PeakView last = view_after(run.recording, b.allocations, static_cast<std::int64_t>(events) - 1);
  const Shortfall shortfall = make_shortfall(b, last.live);
  OverviewCard* made = card(tr("What would have to go"));
  made->add_text(missing_text(b, shortfall));
  std::vector<std::pair<QString, QString>> rows;
  for (std::size_t i = 0; i < std::min(shortfall.groups.size(), kGroupsShown); ++i)
    rows.emplace_back(size_text(shortfall.groups[i].bytes), group_text(b, shortfall.groups[i]));
  made->add_pairs(rows);
  made->add_text(soft(tr("The view <i>What fits</i> finds the batch and the sequence length that do fit.")));
  cards_.push_back(made);
}

void OverviewPage::add_place(const LoadedRun& run) {
  const Breakdown& b = run.breakdown;
  OverviewCard* made = card(tr("Where the peak is"));
  const Events& events = run.recording.events;
  const auto at = static_cast<std::size_t>(b.peak.event);
  const bool is_allocation = events.action[at] == Action::alloc;
  const auto maker = std::ranges::find(b.allocations, b.peak.event, &Allocation::begin);
  QString tensor;
  if (is_allocation && maker != b.allocations.end())
    tensor = tr("%1, %2").arg(link_to(QStringLiteral("allocation:%1").arg(maker - b.allocations.begin()),
                                      tensor_text(b, *maker).toHtmlEscaped()),
                              size_text(maker->block_bytes));
  made->add_pairs(
      {{tr("moment"), moment_text(b.peak.phase, b.peak.step)},
       {tr("layer"), is_allocation ? layer_link(b, b.peak.layer) : QString()},
       {tr("operator"), is_allocation ? escaped(text_of(b, events.op[at])) : QString()},
       {tr("tensor"), tensor},
       {tr("blocks alive"), count_text(static_cast<std::int64_t>(b.peak.live.size()))},
       {tr("event"),
        tr("%1 of %2").arg(count_text(b.peak.event), count_text(static_cast<std::int64_t>(events.size())))}});
  cards_.push_back(made);
}

// The first ones and the last; of a run that generates the prefill and the last token among them.
void OverviewPage::add_steps(const LoadedRun& run) {
  const Breakdown& b = run.breakdown;
  if (b.steps.size() < 2) return;
  std::vector<std::pair<QString, QString>> rows;
  for (std::size_t i = 0; i < b.steps.size(); ++i) {
    const StepView& step = b.steps[i];
    const bool telling = i + 2 < kStepsShown || i + 1 == b.steps.size() || step.step == b.peak.step;
    if (!telling || step.peak.event < 0) continue;
    const QString name = b.cache.any() ? moment_text(step.peak.phase, step.step) : tr("step %1").arg(step.step);
    rows.emplace_back(
        link_to(QStringLiteral("event:%1").arg(step.peak.event), name),
        tr("%1 in %2").arg(bytes_value(step.peak.allocated_bytes), place_text(b, step.peak).toHtmlEscaped()));
  }
  OverviewCard* made = card(b.cache.any() ? tr("Peaks of prefill and decode") : tr("Peaks of the steps"));
  made->add_pairs(rows);
  cards_.push_back(made);
}

void OverviewPage::add_allocator(const LoadedRun& run) {
  const Breakdown& b = run.breakdown;
  OverviewCard* made = card(tr("The allocator's own account"));
  const bool equal = b.stats.peak_allocated_bytes == b.peak.allocated_bytes;
  made->add_pairs({{tr("most allocated"), bytes_value(b.stats.peak_allocated_bytes)},
                   {tr("most requested"), bytes_value(b.stats.peak_requested_bytes)},
                   {tr("most reserved"), bytes_value(b.stats.peak_reserved_bytes)},
                   {tr("allocated at the end"), bytes_value(b.stats.final_allocated_bytes)},
                   {tr("reserved at the end"), bytes_value(b.stats.final_reserved_bytes)}});
  made->add_text(equal ? QStringLiteral("<span style=\"color:%1\">%2</span>")
                             .arg(theme().good.name(), tr("✓ Its peak equals the sum of the recorded blocks."))
                       : QStringLiteral("<span style=\"color:%1\">%2</span>")
                             .arg(theme().bad.name(),
                                  tr("✗ Its peak differs from the sum of the recorded blocks by %1.")
                                      .arg(exact_text(b.stats.peak_allocated_bytes - b.peak.allocated_bytes))));
  cards_.push_back(made);
}

void OverviewPage::add_forms(const LoadedRun& run) {
  if (run.breakdown.closed_forms.empty()) return;
  const std::vector<FormGroup> groups = grouped_forms(run.breakdown);
  const auto differing = std::ranges::count_if(run.breakdown.closed_forms, [](const auto& c) { return !agrees(c); });
  OverviewCard* made = card(tr("Closed forms"));
  made->add_text(differing == 0 ? tr("What was recorded equals every closed form that this run has a number for.")
                                : tr("%1 closed forms differ from the recorded bytes.").arg(count_text(differing)));
  std::vector<std::pair<QString, QString>> rows;
  for (std::size_t i = 0; i < std::min(groups.size(), kFormsShown); ++i) {
    const FormGroup& group = groups[i];
    const QString name = group.count > 1 ? tr("%1 ×%2").arg(group.layer).arg(group.count) : group.layer;
    QString quantity = to_text(group.check.form.quantity).replace(u'_', u' ').remove(QStringLiteral(" bytes"));
    rows.emplace_back(quantity, tr("%1 %2<br>%3 = %4")
                                    .arg(name.toHtmlEscaped(), verdict(group.check), escaped(group.check.form.formula),
                                         size_text(group.check.form.bytes)));
  }
  made->add_pairs(rows);
  if (groups.size() > kFormsShown)
    made->add_text(
        soft(tr("%1 more are in the report.").arg(count_text(static_cast<std::int64_t>(groups.size() - kFormsShown)))));
  cards_.push_back(made);
}

void OverviewPage::add_remarks(const LoadedRun& run) {
  const Breakdown& b = run.breakdown;
  QStringList lines;
  for (const std::string& assumption : b.assumptions) lines << escaped(assumption);
  lines << to_text(value_hint(b)).toHtmlEscaped();
  for (const TraceRemark& remark : trace_remarks(b.device))
    if (!remark.serious) lines << escaped(remark.text);
  lines.removeAll(QString());
  if (lines.isEmpty()) return;
  OverviewCard* made = card(tr("What the numbers rest on"));
  for (const QString& line : lines) made->add_text(line);
  cards_.push_back(made);
}

void OverviewPage::add_environment(const LoadedRun& run) {
  const Environment& e = run.breakdown.environment;
  OverviewCard* made = card(tr("Environment"));
  made->add_pairs({{tr("numbers are"), truth_text(e)},
                   {tr("device"), escaped(e.device_name)},
                   {tr("device memory"), e.device_total_bytes > 0 ? bytes_value(e.device_total_bytes) : QString()},
                   {tr("compute capability"), escaped(e.compute_capability)},
                   {tr("PyTorch"), escaped(e.torch_version)},
                   {tr("CUDA"), escaped(e.cuda_version)},
                   {tr("driver"), escaped(e.driver_version)},
                   {tr("allocator settings"), escaped(e.allocator_settings)},
                   {tr("headroom"), escaped(e.headroom_version)},
                   {tr("file"), escaped(run.path.string())}});
  cards_.push_back(made);
}

void OverviewPage::add_command(const LoadedRun& run, bool for_picture) {
  const QString command = to_text(reproduction_command(run.breakdown.spec));
  OverviewCard* made = card(tr("Repeat this run"));
  auto* text = new QLabel(command, made);
  text->setTextFormat(Qt::PlainText);
  text->setWordWrap(true);
  text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  text->setStyleSheet(QStringLiteral("font-family: monospace; background: %1; border-radius: 4px; padding: 8px;")
                          .arg(theme().band.name()));
  made->add_widget(text);
  cards_.push_back(made);
  if (for_picture) return;
  auto* copy = new QPushButton(tr("Copy the command"), made);
  copy->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  connect(copy, &QPushButton::clicked, this, [this, command] {
    QApplication::clipboard()->setText(command);
    Q_EMIT copied(tr("The command is on the clipboard."));
  });
  made->add_widget(copy);
}

void OverviewPage::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  arrange(width());
}

// Cards go into the shorter column, in their order; figures into rows of equal ones.
void OverviewPage::arrange(int width) {
  const int columns = width >= kTwoColumns ? 2 : 1;
  const int count = static_cast<int>(figures_.size());
  const int figure_columns = std::clamp((width - 2 * 16) / kFigureWidth, 1, std::max(count, 1));
  if (figure_columns != figure_columns_) {
    for (int c = 0; c < figure_columns_; ++c) figure_grid_->setColumnStretch(c, 0);
    for (int i = 0; i < count; ++i)
      figure_grid_->addWidget(figures_[static_cast<std::size_t>(i)], i / figure_columns, i % figure_columns);
    for (int c = 0; c < figure_columns; ++c) figure_grid_->setColumnStretch(c, 1);
    figure_columns_ = figure_columns;
  }
  if (columns == columns_) return;
  columns_ = columns;
  while (QLayoutItem* old = grid_->takeAt(0)) delete old;  // of column layouts; the cards are the page's
  std::vector<QVBoxLayout*> sides;
  std::vector<int> heights(static_cast<std::size_t>(columns), 0);
  for (int c = 0; c < 2; ++c) grid_->setColumnStretch(c, c < columns ? 1 : 0);
  for (int c = 0; c < columns; ++c) {
    sides.push_back(new QVBoxLayout);
    sides.back()->setSpacing(kGap);
    grid_->addLayout(sides.back(), 0, c);
  }
  const int side_width = (width - 2 * 16 - (columns - 1) * kGap) / columns;
  for (OverviewCard* made : cards_) {
    const auto shorter = static_cast<std::size_t>(std::ranges::min_element(heights) - heights.begin());
    sides[shorter]->addWidget(made);
    heights[shorter] += std::max(made->heightForWidth(side_width), made->sizeHint().height()) + kGap;
  }
  for (QVBoxLayout* side : sides) side->addStretch(1);
}

}  // namespace headroom::gui
