#include "gui/window/filter_bar.h"

#include <QComboBox>
#include <QCompleter>
#include <QEvent>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QToolButton>
#include <algorithm>

#include "base/bytes.h"
#include "gui/items/allocation_filter.h"
#include "gui/views/flow_layout.h"
#include "gui/views/heat_delegate.h"
#include "gui/views/number_marks.h"
#include "gui/views/places.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/categories.h"

namespace headroom::gui {
namespace {

constexpr int kWaitMilliseconds = 150;  // after the last key
constexpr int kNarrowLetters = 110;     // a bar of less has categories without words

struct Hidden {
  std::int64_t shown_count = 0, all_count = 0, shown_bytes = 0, all_bytes = 0;
};

// Of what was alive at the peak.
Hidden hidden_by(const Breakdown& run, const Filter& filter) {
  const AllocationFilter shows(run, filter);
  Hidden sum;
  for (const std::int64_t i : run.peak.live) {
    const Allocation& a = run.allocations[static_cast<std::size_t>(i)];
    const bool shown = shows.shows(a);
    ++sum.all_count;
    sum.all_bytes += a.block_bytes;
    sum.shown_count += shown ? 1 : 0;
    sum.shown_bytes += shown ? a.block_bytes : 0;
  }
  return sum;
}

bool occurs(const Breakdown& run, Category category) {
  return std::any_of(run.allocations.begin(), run.allocations.end(),
                     [&](const Allocation& a) { return a.category == category; });
}

}  // namespace

FilterBar::FilterBar(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      text_(new QLineEdit(this)),
      least_(new QLineEdit(this)),
      layer_(new QComboBox(this)),
      problem_(new QLabel(this)),
      hidden_(new QLabel(this)),
      clear_(new QToolButton(this)) {
  wait_.setSingleShot(true);
  wait_.setInterval(kWaitMilliseconds);
  build();
  connect_fields();
  show_run();
  show_filter();
}

void FilterBar::build() {
  const int letter = fontMetrics().averageCharWidth();
  auto* layout = new FlowLayout;
  layout->setContentsMargins(8, 4, 8, 4);
  setLayout(layout);
  text_->setPlaceholderText(tr("Tensor, layer, operator, line"));
  text_->setAccessibleName(tr("Filter by text"));
  text_->setToolTip(tr("Shows what has this in its tensor's, layer's, operator's or source line's text."));
  text_->setClearButtonEnabled(true);
  text_->setMinimumWidth(letter * 26);
  text_->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  layer_->setEditable(true);
  layer_->setInsertPolicy(QComboBox::NoInsert);
  layer_->setAccessibleName(tr("Filter by layer"));
  layer_->setToolTip(tr("Shows this layer and those below it."));
  layer_->setMinimumWidth(letter * 22);
  layer_->setMaximumWidth(letter * 40);
  layer_->completer()->setFilterMode(Qt::MatchContains);
  layer_->completer()->setCompletionMode(QCompleter::PopupCompletion);
  least_->setPlaceholderText(tr("at least 1 MiB"));
  least_->setAccessibleName(tr("Filter by least size"));
  least_->setToolTip(tr("Shows blocks of at least this size: a number with B, KiB, MiB, GiB or TiB."));
  least_->setMaximumWidth(letter * 18);
  clear_->setText(tr("Clear"));
  clear_->setToolTip(tr("Show everything"));
  problem_->setAccessibleName(tr("What is wrong with the filter"));
  for (QWidget* widget : {static_cast<QWidget*>(text_), static_cast<QWidget*>(layer_), static_cast<QWidget*>(least_)})
    layout->addWidget(widget);
  layout->addWidget(problem_);
  for (const CategoryStyle& style : kCategoryStyles) layout->addWidget(category_button(style.category));
  layout->addWidget(clear_);
  layout->addWidget(hidden_);
  set_style();
  tint_buttons();
}

QToolButton* FilterBar::category_button(Category category) {
  auto* button = new QToolButton(this);
  button->setText(title_of(category));
  button->setToolTip(QStringLiteral("%1: %2").arg(title_of(category), meaning_of(category)));
  button->setAccessibleName(tr("Show %1").arg(title_of(category)));
  button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  button->setProperty("category", true);
  button->setCheckable(true);
  button->setFocusPolicy(Qt::StrongFocus);
  categories_[static_cast<std::size_t>(category)] = button;
  return button;
}

// A category that is left out has an empty swatch: not by colour alone.
void FilterBar::tint_buttons() {
  for (std::size_t c = 0; c < kCategoryCount; ++c) {
    const QColor colour = theme().categories[c];
    categories_[c]->setIcon(
        swatch_icon(categories_[c]->isChecked() ? colour : QColor(Qt::transparent), devicePixelRatioF()));
  }
}

void FilterBar::set_style() {
  setStyleSheet(
      QStringLiteral("QToolButton[category=\"true\"] { border: 1px solid %1; border-radius: 4px; padding: 2px 4px; "
                     "background: %2; }"
                     "QToolButton[category=\"true\"]:!checked { border-style: dashed; background: transparent; "
                     "color: %3; }"
                     "QToolButton[category=\"true\"]:focus { border-color: %4; }")
          .arg(theme().line.name(), theme().panel.name(), theme().soft.name(), theme().accent.name()));
  problem_->setStyleSheet(QStringLiteral("color: %1").arg(theme().bad.name()));
  hidden_->setStyleSheet(QStringLiteral("color: %1").arg(theme().soft.name()));
}

void FilterBar::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange && clear_ != nullptr && categories_.back() != nullptr && !is_filling_) {
    is_filling_ = true;  // style sheets change palettes, too
    set_style();
    tint_buttons();
    is_filling_ = false;
  }
  QWidget::changeEvent(event);
}

void FilterBar::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  const bool narrow = width() < fontMetrics().averageCharWidth() * kNarrowLetters;
  const int letter = fontMetrics().averageCharWidth();
  layer_->setMaximumWidth(letter * (narrow ? 24 : 40));
  for (QToolButton* button : categories_)
    button->setToolButtonStyle(narrow ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
}

void FilterBar::connect_fields() {
  connect(text_, &QLineEdit::textChanged, this, &FilterBar::edited);
  connect(least_, &QLineEdit::textChanged, this, &FilterBar::edited);
  connect(layer_, &QComboBox::editTextChanged, this, &FilterBar::edited);
  for (QToolButton* button : categories_) connect(button, &QToolButton::toggled, this, &FilterBar::edited);
  connect(clear_, &QToolButton::clicked, &session_.selection(), [this] {
    wait_.stop();
    session_.selection().set_filter({});
    show_filter();
  });
  connect(&wait_, &QTimer::timeout, this, &FilterBar::apply);
  connect(&session_, &Session::current_changed, this, &FilterBar::show_run);
  connect(&session_.selection(), &Selection::filter_changed, this, &FilterBar::show_filter);
}

void FilterBar::focus_text() {
  text_->setFocus();
  text_->selectAll();
}

void FilterBar::show_run() {
  is_filling_ = true;
  layer_->clear();
  layer_->addItem(tr("all layers"));
  const RunHandle run = session_.current_loaded();
  if (run)
    for (const Layer& layer : run->breakdown.layers) layer_->addItem(to_text(layer.path));
  is_filling_ = false;
  Filter filter = session_.selection().filter();
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    categories_[c]->setVisible(!run || !filter.categories[c] || occurs(run->breakdown, Category(c)));
  if (filter.layer && (!run || static_cast<std::size_t>(*filter.layer) >= run->breakdown.layers.size())) {
    filter.layer.reset();
    session_.selection().set_filter(filter);
  }
  setEnabled(run != nullptr);
  show_filter();
}

void FilterBar::show_filter() {
  const Filter& filter = session_.selection().filter();
  if (wait_.isActive()) return;  // the user is writing
  is_filling_ = true;
  if (text_->text() != filter.text) text_->setText(filter.text);
  if (least_bytes().value_or(-1) != filter.least_bytes)
    least_->setText(filter.least_bytes == 0 ? QString() : QStringLiteral("%1 B").arg(filter.least_bytes));
  layer_->setCurrentIndex(filter.layer ? static_cast<int>(*filter.layer) + 1 : 0);
  for (std::size_t c = 0; c < kCategoryCount; ++c) categories_[c]->setChecked(filter.categories[c]);
  tint_buttons();
  is_filling_ = false;
  problem_->clear();
  problem_->hide();
  clear_->setEnabled(!filter.shows_everything());
  count_hidden();
}

void FilterBar::edited() {
  if (is_filling_) return;
  is_filling_ = true;
  tint_buttons();
  is_filling_ = false;
  wait_.start();
}

std::optional<std::int64_t> FilterBar::least_bytes() const {
  static const QRegularExpression before_unit(QStringLiteral("\\s+(?=[A-Za-z])"));
  const QString text = least_->text().trimmed().remove(before_unit);  // "1 MiB"
  return text.isEmpty() ? std::optional<std::int64_t>(0) : parse_bytes(typed_number(text).toStdString());
}

std::optional<Filter> FilterBar::filter_of_fields() const {
  const auto least = least_bytes();
  const QString layer = layer_->currentText();
  const int index = layer.isEmpty() ? 0 : layer_->findText(layer, Qt::MatchExactly);
  if (!least || index < 0) return std::nullopt;
  Filter filter{.text = text_->text(), .least_bytes = *least};
  if (index > 0) filter.layer = static_cast<LayerId>(index - 1);
  for (std::size_t c = 0; c < kCategoryCount; ++c) filter.categories[c] = categories_[c]->isChecked();
  return filter;
}

void FilterBar::apply() {
  const std::optional<Filter> filter = filter_of_fields();
  if (filter) {
    if (*filter == session_.selection().filter()) return show_filter();
    return session_.selection().set_filter(*filter);  // show_filter() follows
  }
  problem_->setText(
      least_bytes()
          ? tr("no layer is called that; choose one of the list")
          : tr("“%1” is no size; write a number with B, KiB, MiB or GiB, as 1 MiB").arg(least_->text().trimmed()));
  problem_->show();
}

void FilterBar::count_hidden() {
  const RunHandle run = session_.current_loaded();
  const Filter& filter = session_.selection().filter();
  background_.cancel();
  hidden_->clear();
  if (!run || filter.shows_everything()) return;
  background_.start([run, filter](const std::atomic<bool>&) { return hidden_by(run->breakdown, filter); },
                    [this](const Hidden& sum) {
                      hidden_->setText(tr("shows %1 of %2 blocks at the peak, %3 of %4")
                                           .arg(count_text(sum.shown_count), count_text(sum.all_count),
                                                size_text(sum.shown_bytes), size_text(sum.all_bytes)));
                    });
}

}  // namespace headroom::gui
