#include "gui/views/allocations.h"

#include <QHeaderView>
#include <QSignalBlocker>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/charts/table_page.h"
#include "gui/items/allocation_filter.h"
#include "gui/items/flat_rows.h"
#include "gui/views/places.h"
#include "gui/views/row_menu.h"
#include "gui/views/text.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

constexpr std::array kKeyNames{Named<AllocationKey>{AllocationKey::begin, "begin"},
                               Named<AllocationKey>{AllocationKey::block, "size"},
                               Named<AllocationKey>{AllocationKey::requested, "requested"},
                               Named<AllocationKey>{AllocationKey::rounding, "rounding"},
                               Named<AllocationKey>{AllocationKey::tensor, "tensor"},
                               Named<AllocationKey>{AllocationKey::category, "category"},
                               Named<AllocationKey>{AllocationKey::layer, "layer"},
                               Named<AllocationKey>{AllocationKey::op, "operator"},
                               Named<AllocationKey>{AllocationKey::source, "line"},
                               Named<AllocationKey>{AllocationKey::end, "end"},
                               Named<AllocationKey>{AllocationKey::events, "lifetime"},
                               Named<AllocationKey>{AllocationKey::time, "lived"},
                               Named<AllocationKey>{AllocationKey::address, "address"},
                               Named<AllocationKey>{AllocationKey::stream, "stream"},
                               Named<AllocationKey>{AllocationKey::pool, "pool"}};

constexpr std::int64_t kNoticed = 200000;  // rows from which sorting takes longer than a blink

}  // namespace

AllocationTable::AllocationTable(Session& session, QWidget* parent, AllocationScope scope, const QString& title)
    : View(session, parent), scope_(scope), title_(title), panel_(new ItemPanel(new QTableView, title, this)) {
  key_ = scope == AllocationScope::live ? AllocationKey::block : AllocationKey::begin;
  descending_ = scope == AllocationScope::live;
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(panel_);
  setFocusProxy(panel_);
  panel_->set_model(&model_);
  panel_->set_finder(
      [this](const QString& text, const QModelIndex& from, bool forward) { return find(text, from, forward); });
  connect(panel_, &ItemPanel::row_chosen, this, [this](const QModelIndex& index) { choose(index.row()); });
  connect(panel_, &ItemPanel::menu_wanted, this, &AllocationTable::add_to_menu);
  connect(panel_->header(), &QHeaderView::sortIndicatorChanged, this, &AllocationTable::sort_by);
  connect(&session, &Session::current_changed, this, &AllocationTable::refresh);
  connect(&selection(), &Selection::filter_changed, this, &AllocationTable::refresh);
  connect(&selection(), &Selection::changed, this, &AllocationTable::selection_changed);
  refresh();
}

void AllocationTable::refresh() {
  const RunHandle run = AllocationTable::session().current_loaded();
  if (!run || run->breakdown.allocations.empty()) {
    background_.cancel();
    rows_.reset();
    model_.clear();
    panel_->set_caption({});
    panel_->set_sentence(sentence());
    Q_EMIT settled();
    return;
  }
  if (rows_ && rows_->run != run) {  // what is shown is of a run that may be closed
    rows_.reset();
    model_.clear();
  }
  event_ = scope_ == AllocationScope::live ? chosen_within(*run, selection().chosen()).event : std::nullopt;
  if (!rows_) panel_->set_sentence(tr("Sorting…"));
  if (rows_ && rows_->all_count > kNoticed) panel_->set_caption(tr("Sorting…"));
  const AllocationQuery query{run, scope_, event_, selection().filter(), key_, descending_};
  background_.start([query](const std::atomic<bool>& cancelled) { return find_rows(query, cancelled); },
                    [this](AllocationRowsHandle rows) { arrived(std::move(rows)); });
}

void AllocationTable::arrived(AllocationRowsHandle rows) {
  rows_ = std::move(rows);
  std::vector<Column> columns;
  std::vector<int> hidden;
  keys_.clear();
  for (AllocationColumn& column : allocation_columns(rows_)) {
    if (!column.is_shown_first) hidden.push_back(static_cast<int>(columns.size()));
    keys_.push_back(column.key);
    columns.push_back(std::move(column.column));
  }
  panel_->hide_at_first(hidden);
  model_.set(std::move(columns), static_cast<std::int64_t>(rows_->order.size()));
  show_sort_indicator();
  panel_->set_caption(caption());
  panel_->set_sentence(sentence());
  show_chosen();
  Q_EMIT settled();
}

void AllocationTable::selection_changed() {
  const RunHandle run = session().current_loaded();
  const bool moved = run && chosen_within(*run, selection().chosen()).event != event_;
  if (scope_ == AllocationScope::live && moved) return refresh();
  if (!background_.is_busy()) show_chosen();
}

// No column: the order of the instants, or the largest first.
void AllocationTable::sort_by(int column, Qt::SortOrder order) {
  const bool none = column < 0 || column >= static_cast<int>(keys_.size());
  key_ = none ? (scope_ == AllocationScope::live ? AllocationKey::block : AllocationKey::begin)
              : keys_[static_cast<std::size_t>(column)];
  descending_ = none ? scope_ == AllocationScope::live : order == Qt::DescendingOrder;
  refresh();
}

void AllocationTable::show_sort_indicator() {
  const QSignalBlocker block(panel_->header());
  const auto column = std::ranges::find(keys_, key_) - keys_.begin();
  panel_->header()->setSortIndicator(static_cast<int>(column), descending_ ? Qt::DescendingOrder : Qt::AscendingOrder);
}

void AllocationTable::show_chosen() {
  if (!rows_) return;
  const auto& chosen = selection().chosen().allocation;
  const auto& order = rows_->order;
  const auto found = chosen ? std::find(order.begin(), order.end(), static_cast<std::uint32_t>(*chosen)) : order.end();
  panel_->choose_row(found == order.end() ? QModelIndex() : model_.index(static_cast<int>(found - order.begin()), 0));
}

void AllocationTable::choose(int row) {
  if (rows_ && row < static_cast<int>(rows_->order.size()))
    selection().choose_allocation(rows_->order[static_cast<std::size_t>(row)]);
}

void AllocationTable::add_to_menu(QMenu* menu, const QModelIndex& index) {
  if (!rows_ || !index.isValid()) return;
  const std::uint32_t which = rows_->order[static_cast<std::size_t>(index.row())];
  const Allocation& a = rows_->run->breakdown.allocations[which];
  add_place_actions(*menu, session(), *this, {a.layer, a.category, which});
}

QModelIndex AllocationTable::find(const QString& text, const QModelIndex& from, bool forward) const {
  if (!rows_ || rows_->order.empty()) return {};
  const Breakdown& run = rows_->run->breakdown;
  const AllocationFilter filter(run, {.text = text});
  const auto count = static_cast<std::int64_t>(rows_->order.size());
  const std::int64_t start = from.isValid() ? from.row() : forward ? -1 : 0;
  for (std::int64_t step = 1; step <= count; ++step) {
    const std::int64_t row = ((start + (forward ? step : -step)) % count + count) % count;
    if (filter.matches_text(run.allocations[rows_->order[static_cast<std::size_t>(row)]]))
      return model_.index(static_cast<int>(row), 0);
  }
  return {};
}

QString AllocationTable::caption() const {
  if (!rows_) return {};
  const auto shown = static_cast<std::int64_t>(rows_->order.size());
  const QString count = shown == rows_->all_count ? count_text(shown)
                                                  : tr("%1 of %2").arg(count_text(shown), count_text(rows_->all_count));
  if (scope_ == AllocationScope::all) return tr("%1 allocations over the run").arg(count);
  const QString bytes = shown == rows_->all_count
                            ? size_and_exact(rows_->shown_bytes)
                            : tr("%1 of %2").arg(size_text(rows_->shown_bytes), size_text(rows_->all_bytes));
  const QString when = event_
                           ? tr("after event %1, %2").arg(count_text(*event_), moment_of_event(*rows_->run, *event_))
                           : tr("at the peak, %1").arg(place_text(rows_->run->breakdown, rows_->run->breakdown.peak));
  return tr("%1 blocks alive %2: %3").arg(count, when, bytes);
}

QString AllocationTable::sentence() const {
  const SessionRun* run = session().current_run();
  if (run == nullptr) return tr("No run is open. Open a recording to see its blocks.");
  if (!run->loaded)
    return run->state == RunState::failed ? tr("This run could not be read: %1").arg(run->message)
                                          : tr("The run is still being read…");
  if (run->loaded->breakdown.allocations.empty()) return tr("This run allocated nothing.");
  if (rows_ && rows_->all_count == 0) return tr("Nothing was alive at this instant.");
  if (rows_ && rows_->order.empty()) return tr("The filter shows none of %1 blocks.").arg(count_text(rows_->all_count));
  return {};
}

QSizeF AllocationTable::page_size(double width) {
  return table_page_size({.title = title_, .caption = caption(), .model = &model_}, width);
}

void AllocationTable::paint_page(QPainter& painter, const QRectF& page) {
  RowsModel shown;
  set_flat(shown, model_, panel_->shown_columns());
  const QString text = rows_ && !rows_->order.empty() ? caption() : sentence();
  paint_table_page(painter, page, {.title = title_, .caption = text, .model = &shown});
}

Json AllocationTable::state() const {
  return {{"sort", std::string(to_name(kKeyNames, key_))}, {"descending", descending_}, {"columns", panel_->state()}};
}

void AllocationTable::restore(const Json& state) {
  if (!state.is_object()) return;
  if (const auto sort = state.find("sort"); sort != state.end() && sort->is_string())
    for (const auto& named : kKeyNames)
      if (named.name == sort->get<std::string>()) key_ = named.value;
  if (const auto down = state.find("descending"); down != state.end() && down->is_boolean())
    descending_ = down->get<bool>();
  if (state.contains("columns")) panel_->restore(state["columns"]);
  refresh();
}

Tensors::Tensors(Session& session, QWidget* parent)
    : AllocationTable(session, parent, AllocationScope::live, tr("Tensors")) {}

QString Tensors::help() const {
  return tr(
      "<p>Every block that was alive at the run's peak, or after the instant that is chosen in the timeline. The "
      "sizes add up to what was allocated then, to the byte.</p>"
      "<p><b>Size</b> is the allocator's block, <b>requested</b> what the operator asked for, <b>rounding</b> the "
      "rest. <b>Tensor</b> is the first tensor that showed the block; scratch never was one. <b>Layer</b> and "
      "<b>operator</b> are those that ran when it was allocated. <b>Lifetime</b> counts the allocator's events "
      "until it was freed.</p>"
      "<p>Click a header to sort, click it with the right button to choose columns. A chosen row is shown in every "
      "view. Ctrl+F finds, F3 finds the next, Ctrl+C copies the rows that are marked.</p>");
}

Allocations::Allocations(Session& session, QWidget* parent)
    : AllocationTable(session, parent, AllocationScope::all, tr("Allocations")) {}

QString Allocations::help() const {
  return tr(
      "<p>Every allocation of the run, from its first to its last, in the order they were made until a header is "
      "clicked. The columns are those of the tensors at the peak.</p>"
      "<p>Sort by <b>lifetime</b> to find what lives longest, by <b>rounding</b> to find what the allocator wastes, "
      "by <b>size</b> to find what is largest at any time. A block that was <b>never</b> freed was alive when the "
      "run ended.</p>");
}

}  // namespace headroom::gui
