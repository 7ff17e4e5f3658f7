#include "gui/views/overview_page.h"

#include <QApplication>
#include <QClipboard>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QRegularExpression>
#include <QVBoxLayout>
#include <algorithm>
#include <map>
#include <tuple>

#include "analysis/peaks.h"
#include "analysis/shortfall.h"
#include "gui/items/allocation_rows.h"
#include "gui/views/category_bar.h"
#include "gui/views/flow_layout.h"
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

QString soft(const QString& rich) {
  return QStringLiteral("<span style=\"color:%1\">%2</span>").arg(theme().soft.name(), rich);
}

QString escaped(const std::string& text) { return to_text(text).toHtmlEscaped(); }

QString link_to(const QString& to, const QString& text) {
  return QStringLiteral("<a href=\"%1\" style=\"color:%2\">%3</a>").arg(to, theme().accent.name(), text);
}

QString layer_link(const Breakdown& run, LayerId layer) {
  return link_to(QStringLiteral("layer:%1").arg(static_cast<qlonglong>(layer)), escaped(layer_path(run, layer)));
}

// Exact bytes when pointed at would hide them from the keyboard, so they stand beside the size.
QString bytes_value(std::int64_t bytes) {
  return QStringLiteral("%1 %2").arg(size_text(bytes), soft(exact_text(bytes)));
}

QLabel* rich_label(const QString& rich, QWidget* parent) {
  auto* label = new QLabel(rich, parent);
  label->setTextFormat(Qt::RichText);
  label->setWordWrap(true);
  label->setTextInteractionFlags(Qt::TextBrowserInteraction);
  return label;
}

void scale_font(QWidget* widget, double factor, bool bold) {
  QFont font = widget->font();
  font.setPointSizeF(QApplication::font().pointSizeF() * factor);
  font.setBold(bold);
  widget->setFont(font);
}

QString card_style() {
  return QStringLiteral("#card { background: %1; border: 1px solid %2; border-radius: 8px; }")
      .arg(theme().panel.name(), theme().line.name());
}

QLabel* badge(const QString& text, const QColor& colour, const QString& tip, QWidget* parent) {
  auto* label = new QLabel(text, parent);
  label->setToolTip(tip);
  label->setStyleSheet(QStringLiteral("color: %1; border: 1px solid %1; border-radius: 4px; padding: 1px 8px; "
                                      "font-weight: bold;")
                           .arg(colour.name()));
  return label;
}

QLabel* chip(const QString& text, QWidget* parent) {
  auto* label = new QLabel(text, parent);
  label->setStyleSheet(QStringLiteral("color: %1; background: %2; border-radius: 4px; padding: 2px 8px;")
                           .arg(theme().ink.name(), theme().band.name()));
  return label;
}

QString truth_meaning(const Environment& environment) {
  return environment.device_kind == DeviceKind::virtual_cuda
             ? OverviewPage::tr(
                   "No GPU ran this. PyTorch's own CUDA code and caching allocator ran over a virtual CUDA "
                   "device: its allocations, no measurement.")
             : OverviewPage::tr("It really ran on this device; every allocation was recorded.");
}

QStringList chips_of(const Breakdown& run) {
  const RunPhrases words = phrases(run);
  QStringList chips;
  if (!run.model.attention.empty()) chips << to_text(run.model.attention);
  for (const std::string& phrase :
       {words.command, words.shape, words.mode, words.dtype, words.optimizer, words.attention_kernel, words.conditions})
    for (const std::string& part : parts_of(phrase)) chips << to_text(part);
  return chips;
}

QString sentence_of_failure(const Outcome& outcome) {
  QString where;
  if (!outcome.phase.empty()) where += OverviewPage::tr(" in %1").arg(escaped(outcome.phase));
  if (!outcome.layer.empty()) where += OverviewPage::tr(" at %1").arg(escaped(outcome.layer));
  return OverviewPage::tr(
             "<b>Out of memory</b>%1: it asked for <b>%2</b> where %3 were free. The allocator had %4 live "
             "and %5 reserved.")
      .arg(where, size_and_exact(outcome.failed_request_bytes), size_and_exact(outcome.free_bytes),
           size_text(outcome.allocated_bytes), size_text(outcome.reserved_bytes));
}

// The peak of a run that ran out is of when it did, or before.
QString largest_then(const Breakdown& run) {
  QStringList largest;
  for (std::size_t i = 0; i < std::min<std::size_t>(run.peak.live.size(), 3); ++i) {
    const Allocation& a = run.allocations[static_cast<std::size_t>(run.peak.live[i])];
    largest << OverviewPage::tr("%1 %2 of %3")
                   .arg(size_text(a.block_bytes),
                        link_to(QStringLiteral("allocation:%1").arg(run.peak.live[i]),
                                tensor_text(run, a).toHtmlEscaped()),
                        layer_link(run, a.layer));
  }
  return largest.isEmpty()
             ? QString()
             : OverviewPage::tr("Largest at the most that was reached: %1.").arg(largest.join(QStringLiteral("; ")));
}

QString missing_text(const Breakdown& run, const Shortfall& shortfall) {
  const QString missing = OverviewPage::tr("At least <b>%1</b> more would have had to be free.")
                              .arg(size_and_exact(shortfall.missing_bytes));
  if (shortfall.gap_bytes <= 0) return missing;
  const QString gaps =
      OverviewPage::tr("%1 of what the allocator had reserved were in no block").arg(size_text(shortfall.gap_bytes));
  const QString asked = size_text(run.outcome.failed_request_bytes);
  const QString verdict =
      shortfall.gaps_are_enough
          ? OverviewPage::tr(
                "in one piece they would have held the %1 asked for. The view <i>Fragmentation</i> shows what "
                "lies between them.")
          : OverviewPage::tr("even in one piece they would not have held the %1 asked for.");
  return QStringLiteral("%1 %2: %3").arg(missing, gaps, verdict.arg(asked));
}

QString where_text(const Breakdown& run, const ShortfallGroup& group) {
  if (group.layer_count == 1) return layer_link(run, group.first_layer);
  return OverviewPage::tr("%1 layers, %2 to %3")
      .arg(count_text(group.layer_count), layer_link(run, group.first_layer), layer_link(run, group.last_layer));
}

QString enough_text(const ShortfallGroup& group) {
  if (group.count == 1) return group.enough == 0 ? OverviewPage::tr("alone not enough") : OverviewPage::tr("enough");
  if (group.enough == 0) return OverviewPage::tr("all of them are not enough");
  if (group.enough == 1) return OverviewPage::tr("one of them is enough");
  return OverviewPage::tr("%1 of them are enough").arg(count_text(group.enough));
}

QString group_text(const Breakdown& run, const ShortfallGroup& group) {
  const Allocation& largest = run.allocations[static_cast<std::size_t>(group.largest)];
  const QString name =
      link_to(QStringLiteral("allocation:%1").arg(group.largest), tensor_text(run, largest).toHtmlEscaped());
  const QString times = group.count > 1 ? OverviewPage::tr("%1 × ").arg(count_text(group.count)) : QString();
  return QStringLiteral("%1%2, %3<br>%4")
      .arg(times, name, title_of(group.category),
           soft(OverviewPage::tr("%1; %2").arg(where_text(run, group), enough_text(group))));
}

// Layers whose paths differ in numbers alone and whose forms are equal.
struct FormGroup {
  ClosedFormCheck check;
  QString layer;
  int count = 0;
};

std::vector<FormGroup> grouped_forms(const Breakdown& run) {
  std::map<std::tuple<std::string, QString, std::string, std::int64_t, std::int64_t>, std::size_t> places;
  std::vector<FormGroup> groups;
  for (const ClosedFormCheck& check : run.closed_forms) {
    static const QRegularExpression digits(QStringLiteral("\\d+"));
    QString pattern = to_text(check.form.layer);
    pattern.replace(digits, QStringLiteral("*"));
    const auto [place, is_new] = places.try_emplace(
        {check.form.quantity, pattern, check.form.formula, check.form.bytes, check.recorded_bytes}, groups.size());
    if (is_new) groups.push_back({check, to_text(check.form.layer), 0});
    FormGroup& group = groups[place->second];
    if (++group.count > 1) group.layer = pattern;
  }
  std::ranges::stable_sort(groups, {}, [](const FormGroup& group) { return agrees(group.check) ? 1 : 0; });
  return groups;
}

QString verdict(const ClosedFormCheck& check) {
  if (!was_recorded(check)) return soft(OverviewPage::tr("not in this run"));
  const std::int64_t difference = check.recorded_bytes - check.form.bytes;
  const QString text = difference == 0 ? OverviewPage::tr("✓ equal")
                                       : OverviewPage::tr("✗ %1%2").arg(
                                             difference > 0 ? QStringLiteral("+") : QString(), exact_text(difference));
  return QStringLiteral("<span style=\"color:%1\">%2</span>")
      .arg((difference == 0 ? theme().good : theme().bad).name(), text);
}

QWidget* figure(const QString& name, const QString& value, const QString& note, double size, QWidget* parent) {
  auto* frame = new QFrame(parent);
  frame->setObjectName(QStringLiteral("card"));
  frame->setStyleSheet(card_style());
  auto* layout = new QVBoxLayout(frame);
  layout->setContentsMargins(14, 10, 14, 10);
  layout->setSpacing(2);
  auto* number = new QLabel(value, frame);
  scale_font(number, size, true);
  number->setTextInteractionFlags(Qt::TextSelectableByMouse);
  layout->addWidget(rich_label(soft(name), frame));
  layout->addWidget(number);
  layout->addWidget(rich_label(soft(note), frame));
  layout->addStretch(1);
  frame->setAccessibleName(QStringLiteral("%1: %2").arg(name, value));
  return frame;
}

}  // namespace

OverviewCard::OverviewCard(const QString& heading, QWidget* parent) : QFrame(parent), layout_(new QVBoxLayout(this)) {
  setObjectName(QStringLiteral("card"));
  setStyleSheet(card_style());
  setAccessibleName(heading);
  layout_->setContentsMargins(14, 12, 14, 12);
  layout_->setSpacing(8);
  if (heading.isEmpty()) return;
  auto* title = new QLabel(heading, this);
  scale_font(title, 1.1, true);
  layout_->addWidget(title);
}

void OverviewCard::add_text(const QString& rich) {
  QLabel* label = rich_label(rich, this);
  connect(label, &QLabel::linkActivated, this, &OverviewCard::link);
  layout_->addWidget(label);
}

void OverviewCard::add_widget(QWidget* widget) { layout_->addWidget(widget); }

void OverviewCard::add_pairs(const std::vector<std::pair<QString, QString>>& rows) {
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(16);
  grid->setVerticalSpacing(5);
  grid->setColumnStretch(1, 1);
  int row = 0;
  for (const auto& [name, value] : rows) {
    if (value.isEmpty()) continue;
    auto* title = new QLabel(soft(name), this);
    QLabel* label = rich_label(value, this);
    connect(label, &QLabel::linkActivated, this, &OverviewCard::link);
    grid->addWidget(title, row, 0, Qt::AlignTop | Qt::AlignLeft);
    grid->addWidget(label, row++, 1);
  }
  layout_->addLayout(grid);
}

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
  made->setStyleSheet(QStringLiteral("#card { background: %1; border: 1px solid %2; border-radius: 8px; }")
                          .arg(theme().bad_ground.name(), theme().bad.name()));
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
      {{tr("moment"), to_text(moment(b.peak.phase, b.peak.step))},
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
    const QString name = b.cache.any() ? to_text(moment(step.peak.phase, step.step)) : tr("step %1").arg(step.step);
    rows.emplace_back(link_to(QStringLiteral("event:%1").arg(step.peak.event), name),
                      tr("%1 in %2").arg(bytes_value(step.peak.allocated_bytes), escaped(place(b, step.peak))));
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
