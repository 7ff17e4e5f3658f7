#include "gui/views/item_panel.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QScrollBar>
#include <QShortcut>
#include <QStackedLayout>
#include <QTableView>
#include <QToolButton>
#include <QTreeView>
#include <algorithm>
#include <utility>

#include "gui/views/flow_layout.h"
#include "gui/views/heat_delegate.h"
#include "gui/views/quiet_focus.h"
#include "gui/views/row_copy.h"
#include "gui/views/text.h"

namespace headroom::gui {
namespace {

void collect(const QAbstractItemModel& model, const QModelIndex& parent, QModelIndexList& rows) {
  for (int row = 0; row < model.rowCount(parent); ++row) {
    const QModelIndex index = model.index(row, 0, parent);  // not what lies in the list: that moves as it grows
    rows.push_back(index);
    collect(model, index, rows);
  }
}

QToolButton* tool_button(const QString& text, const QString& tip, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setText(text);
  button->setToolTip(tip);
  button->setAccessibleName(tip);
  button->setAutoRaise(true);
  return button;
}

// Whoever opened it may be gone before it is.
QMenu* passing_menu(QWidget* parent) {
  auto* menu = new QMenu(parent);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  return menu;
}

}  // namespace

bool row_has_text(const QModelIndex& row, const QString& text) {
  for (int c = 0; c < row.model()->columnCount(row.parent()); ++c)
    if (row.siblingAtColumn(c).data().toString().contains(text, Qt::CaseInsensitive)) return true;
  return false;
}

QModelIndex find_row(const QAbstractItemModel& model, const QModelIndex& from, bool forward,
                     const std::function<bool(const QModelIndex&)>& matches) {
  QModelIndexList rows;
  collect(model, {}, rows);
  const qsizetype count = rows.size(), start = rows.indexOf(from.siblingAtColumn(0));
  for (qsizetype step = 1; step <= count; ++step) {
    const qsizetype base = start < 0 && !forward ? 0 : start;
    const qsizetype at = ((base + (forward ? step : -step)) % count + count) % count;
    if (matches(rows[at])) return rows[at];
  }
  return {};
}

ItemPanel::ItemPanel(QTableView* table, const QString& name, QWidget* parent)
    : ItemPanel(table, table->horizontalHeader(), name, parent) {
  table->verticalHeader()->hide();
  table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 10);
  table->setShowGrid(false);
  table->setWordWrap(false);
  table->setCornerButtonEnabled(false);
}

ItemPanel::ItemPanel(QTreeView* tree, const QString& name, QWidget* parent)
    : ItemPanel(tree, tree->header(), name, parent) {
  tree->setUniformRowHeights(true);
}

ItemPanel::ItemPanel(QAbstractItemView* items, QHeaderView* header, const QString& name, QWidget* parent)
    : QWidget(parent),
      items_(items),
      header_(header),
      caption_(new WrappingLabel(this)),
      controls_(new FlowLayout),
      sentence_(new QLabel(this)),
      stack_(new QStackedLayout) {
  items_->setAccessibleName(name);
  setFocusProxy(items_);
  build();
  set_up_items();
  add_keys();
}

void ItemPanel::build() {
  sentence_->setAlignment(Qt::AlignCenter);
  sentence_->setWordWrap(true);
  sentence_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  caption_->hide();
  auto* top = new FlowLayout;  // the controls as one, so that they do not part
  auto* box = new QWidget(this);
  box->setLayout(controls_);
  box->hide();
  controls_->setContentsMargins(0, 0, 0, 0);
  top->addWidget(caption_);
  top->addWidget(box);
  stack_->addWidget(items_);
  stack_->addWidget(sentence_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(8);
  layout->addLayout(top);
  layout->addWidget(find_bar());
  layout->addLayout(stack_, 1);
}

QWidget* ItemPanel::find_bar() {
  find_bar_ = new QWidget(this);
  auto* layout = new QHBoxLayout(find_bar_);
  layout->setContentsMargins(0, 0, 0, 0);
  find_field_ = new QLineEdit(find_bar_);
  find_field_->setPlaceholderText(tr("Find in the rows"));
  find_field_->setAccessibleName(tr("Find in the rows"));
  find_field_->setClearButtonEnabled(true);
  find_field_->installEventFilter(this);
  find_result_ = new QLabel(find_bar_);
  auto* previous = tool_button(QStringLiteral("▲"), tr("Find the one before (Shift+F3)"), find_bar_);
  auto* next = tool_button(QStringLiteral("▼"), tr("Find the next (F3)"), find_bar_);
  auto* close = tool_button(QStringLiteral("✕"), tr("Close (Esc)"), find_bar_);
  connect(previous, &QToolButton::clicked, this, [this] { find_next(false); });
  connect(next, &QToolButton::clicked, this, [this] { find_next(true); });
  connect(close, &QToolButton::clicked, find_bar_, &QWidget::hide);
  connect(find_field_, &QLineEdit::returnPressed, this, [this] { find_next(true); });
  connect(find_field_, &QLineEdit::textChanged, find_result_, &QLabel::clear);
  layout->addWidget(find_field_, 1);
  for (QWidget* widget : {static_cast<QWidget*>(previous), static_cast<QWidget*>(next),
                          static_cast<QWidget*>(find_result_), static_cast<QWidget*>(close)})
    layout->addWidget(widget);
  find_bar_->hide();
  return find_bar_;
}

void ItemPanel::set_up_items() {
  items_->setItemDelegate(new HeatDelegate(items_));
  keep_focus_quiet(items_);
  items_->setSelectionBehavior(QAbstractItemView::SelectRows);
  items_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  items_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  items_->setAlternatingRowColors(true);
  items_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  items_->setContextMenuPolicy(Qt::CustomContextMenu);
  copy_ = new RowCopy(items_);
  connect(items_, &QWidget::customContextMenuRequested, this, &ItemPanel::show_menu);
  header_->setStyleSheet(  // beside a title that is aligned right the arrow would cover it
      QStringLiteral("QHeaderView::up-arrow, QHeaderView::down-arrow { subcontrol-position: top center; width: 9px; "
                     "height: 9px; }"));
  header_->setSectionsMovable(true);
  header_->setHighlightSections(false);
  header_->setSectionsClickable(true);
  header_->setSortIndicatorShown(true);
  header_->setSortIndicatorClearable(true);
  header_->setContextMenuPolicy(Qt::CustomContextMenu);
  header_->setStretchLastSection(false);
  header_->setResizeContentsPrecision(60);
  connect(header_, &QWidget::customContextMenuRequested, this, &ItemPanel::show_column_menu);
}

void ItemPanel::set_model(QAbstractItemModel* model) {
  items_->setModel(model);
  connect(model, &QAbstractItemModel::modelReset, this, &ItemPanel::apply_columns);
  connect(items_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& index) {
    if (!is_choosing_ && index.isValid()) Q_EMIT row_chosen(index);
  });
  apply_columns();
}

void ItemPanel::add_keys() {
  const auto key = [this](const QKeySequence& keys, auto then) {
    auto* shortcut = new QShortcut(keys, this);
    shortcut->setContext(Qt::WidgetWithChildrenShortcut);
    connect(shortcut, &QShortcut::activated, this, then);
  };
  key(QKeySequence(Qt::Key_F3), [this] { find_next(true); });
  key(QKeySequence(Qt::SHIFT | Qt::Key_F3), [this] { find_next(false); });
}

bool ItemPanel::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::KeyPress) return QWidget::eventFilter(watched, event);
  const auto* key = static_cast<QKeyEvent*>(event);
  if (watched == find_field_ && key->key() == Qt::Key_Escape) {
    find_bar_->hide();
    items_->setFocus();
    return true;
  }
  return QWidget::eventFilter(watched, event);
}

void ItemPanel::set_caption(const QString& text) {
  caption_->setText(text);
  caption_->setVisible(!text.isEmpty());
  items_->setAccessibleDescription(text);
}

QString ItemPanel::caption() const { return caption_->text(); }

void ItemPanel::set_sentence(const QString& text) {
  sentence_->setText(text);
  stack_->setCurrentIndex(text.isEmpty() ? 0 : 1);
  if (!text.isEmpty()) find_bar_->hide();
}

void ItemPanel::add_control(QWidget* control) {
  controls_->addWidget(control);
  controls_->parentWidget()->show();
}

QString ItemPanel::title(int column) const { return header_->model()->headerData(column, Qt::Horizontal).toString(); }

void ItemPanel::hide_at_first(const std::vector<int>& columns) {
  hidden_at_first_ = columns;
  apply_columns();
}

std::vector<int> ItemPanel::shown_columns() const {
  std::vector<int> columns;
  for (int place = 0; place < header_->count(); ++place)
    if (const int column = header_->logicalIndex(place); !header_->isSectionHidden(column)) columns.push_back(column);
  return columns;
}

void ItemPanel::set_hidden(int column, bool hidden) {
  if (hidden)
    hidden_.insert(title(column));
  else
    hidden_.erase(title(column));
  apply_columns();
}

void ItemPanel::apply_columns() {
  if (header_->count() == 0) return;
  for (int column = 0; column < header_->count(); ++column) {
    const bool is_new = known_.insert(title(column)).second;
    if (is_new && std::ranges::find(hidden_at_first_, column) != hidden_at_first_.end()) hidden_.insert(title(column));
    header_->setSectionHidden(column, column > 0 && hidden_.contains(title(column)));
  }
  fit_columns();
  if (!wanted_.is_null()) restore(std::exchange(wanted_, Json()));
}

// Once for a set of columns, when it is seen: what the user made of their widths stays. Long texts get what is left.
void ItemPanel::fit_columns() {
  if (header_->count() == fitted_columns_ || !isVisible() || items_->model()->rowCount() == 0) return;
  fitted_columns_ = header_->count();
  const int most = fontMetrics().averageCharWidth() * 44;
  std::vector<int> wanted;
  int left = items_->viewport()->width();
  for (int column = 0; column < header_->count(); ++column) {
    const bool hidden = header_->isSectionHidden(column);
    wanted.push_back(std::max(header_->sectionSizeHint(column), items_->sizeHintForColumn(column) + 6));
    left -= hidden ? 0 : std::min(wanted.back(), most);
  }
  for (int column = 0; column < header_->count(); ++column) {
    const int more = std::clamp(wanted[static_cast<std::size_t>(column)] - most, 0, std::max(left, 0));
    left -= more;
    header_->resizeSection(column, std::min(wanted[static_cast<std::size_t>(column)], most + more));
  }
}

void ItemPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  apply_columns();
}

bool ItemPanel::begin_find() {
  if (stack_->currentIndex() != 0) return false;
  find_bar_->show();
  find_field_->setFocus();
  find_field_->selectAll();
  return true;
}

void ItemPanel::find_next(bool forward) {
  const QString text = find_field_->text();
  if (text.isEmpty()) {
    begin_find();
    return;
  }
  const QModelIndex from = items_->currentIndex();
  const auto has_text = [&](const QModelIndex& row) { return row_has_text(row, text); };
  const QModelIndex found =
      finder_ ? finder_(text, from, forward) : find_row(*items_->model(), from, forward, has_text);
  find_result_->setText(found.isValid() ? QString() : tr("not found"));
  if (!found.isValid()) return;
  items_->scrollTo(found, QAbstractItemView::PositionAtCenter);
  items_->setCurrentIndex(found);
}

void ItemPanel::choose_row(const QModelIndex& index) {
  is_choosing_ = true;
  if (!index.isValid()) {
    items_->selectionModel()->clear();
  } else if (items_->currentIndex().siblingAtColumn(0) != index.siblingAtColumn(0)) {
    items_->setCurrentIndex(index);
    items_->scrollTo(index);
  }
  is_choosing_ = false;
}

void ItemPanel::show_menu(const QPoint& place) {
  const QModelIndex index = items_->indexAt(place);
  QMenu* menu = passing_menu(this);
  copy_->setEnabled(copy_->has_rows());
  connect(menu, &QMenu::aboutToHide, copy_, [this] { copy_->setEnabled(true); });
  menu->addAction(copy_);
  menu->addAction(tr("Find…"), QKeySequence(QKeySequence::Find), this, [this] { begin_find(); });
  Q_EMIT menu_wanted(menu, index);
  menu->popup(items_->viewport()->mapToGlobal(place));
}

void ItemPanel::show_column_menu(const QPoint& place) {
  QMenu* menu = passing_menu(this);
  for (int column = 1; column < header_->count(); ++column) {
    QAction* action = menu->addAction(title(column));
    action->setCheckable(true);
    action->setChecked(!header_->isSectionHidden(column));
    connect(action, &QAction::toggled, this, [this, column](bool shown) { set_hidden(column, !shown); });
  }
  menu->popup(header_->mapToGlobal(place));
}

Json ItemPanel::state() const {
  Json widths = Json::object(), hidden = Json::array(), order = Json::array();
  for (int place = 0; place < header_->count(); ++place) {
    const int column = header_->logicalIndex(place);
    const std::string name = title(column).toStdString();
    order.push_back(name);
    if (!header_->isSectionHidden(column)) widths[name] = header_->sectionSize(column);
  }
  for (const QString& name : hidden_) hidden.push_back(name.toStdString());
  return {{"hidden", hidden}, {"order", order}, {"widths", widths}};
}

void ItemPanel::restore(const Json& state) {
  if (!state.is_object()) return;
  if (header_->count() == 0) {
    wanted_ = state;
    return;
  }
  const auto texts = [&](const char* key) {
    std::vector<QString> all;
    if (const auto found = state.find(key); found != state.end() && found->is_array())
      for (const Json& item : *found)
        if (item.is_string()) all.push_back(to_text(item.get<std::string>()));
    return all;
  };
  if (state.contains("hidden")) {
    const std::vector<QString> hidden = texts("hidden");
    hidden_ = {hidden.begin(), hidden.end()};
    for (const int column : hidden_at_first_) known_.insert(title(column));
    apply_columns();
  }
  int place = 0;
  for (const QString& name : texts("order"))
    for (int column = 0; column < header_->count(); ++column)
      if (title(column) == name && place < header_->count())
        header_->moveSection(header_->visualIndex(column), place++);
  const auto widths = state.find("widths");
  if (widths != state.end()) fitted_columns_ = header_->count();
  for (int column = 0; widths != state.end() && widths->is_object() && column < header_->count(); ++column)
    if (const auto width = widths->find(title(column).toStdString());
        width != widths->end() && width->is_number_integer())
      header_->resizeSection(column, std::clamp(width->get<int>(), 20, 2000));
}

}  // namespace headroom::gui
