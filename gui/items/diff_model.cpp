#include "gui/items/diff_model.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "gui/items/signed_rows_model.h"
#include "gui/views/number_marks.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/diff_words.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("DiffModel", text); }

QString change_text(std::int64_t bytes) { return in_language(to_text(signed_bytes(bytes))); }

QString last_name(const DiffLayer& layer, const Diff& diff) {
  const std::string& path = layer.united.layer.path;
  const std::string& above = diff.layers[static_cast<std::size_t>(layer.united.layer.parent)].united.layer.path;
  const bool is_below = path.size() > above.size() + 1 && path.starts_with(above) &&
                        (path[above.size()] == '.' || path[above.size()] == '/');
  return to_text(is_below ? path.substr(above.size() + 1) : path);
}

bool changed(const DiffLayer& layer) {
  return layer.was_added() || layer.was_removed() || std::ranges::any_of(layer.self_categories, &Change::any);
}

std::vector<Category> changed_categories(const Diff& diff) {
  std::vector<Category> found;
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    if (std::ranges::any_of(diff.layers, [&](const DiffLayer& l) { return l.self_categories[c].any(); }))
      found.push_back(static_cast<Category>(c));
  return found;
}

QVariant exact(std::int64_t bytes) { return QVariant(static_cast<qlonglong>(bytes)); }

std::size_t at(std::int64_t row) { return static_cast<std::size_t>(row); }

}  // namespace

std::vector<std::size_t> shown_layers(const Diff& diff, const DiffOptions& options) {
  std::vector<char> shown(diff.layers.size(), options.only_changes ? 0 : 1);
  for (std::size_t i = diff.layers.size(); options.only_changes && i-- > 0;) {
    if (changed(diff.layers[i])) shown[i] = 1;
    if (shown[i]) shown[static_cast<std::size_t>(diff.layers[i].united.layer.parent)] = 1;
  }
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < shown.size(); ++i)
    if (shown[i]) rows.push_back(i);
  return rows;
}

void DiffTreeModel::set(DiffHandle diff, const DiffOptions& options) {
  beginResetModel();
  diff_ = std::move(diff);
  options_ = options;
  nodes_.clear();
  roots_.clear();
  categories_.clear();
  if (diff_) add_nodes();
  endResetModel();
}

void DiffTreeModel::add_nodes() {
  const Diff& diff = diff_->diff;
  categories_ = changed_categories(diff);
  largest_ = 1;
  std::vector<std::size_t> node_of(diff.layers.size(), kTop);
  for (const std::size_t index : shown_layers(diff, options_)) {
    const DiffLayer& row = diff.layers[index];
    node_of[index] = nodes_.size();
    Node node{.layer = index};
    if (index > 0) node.parent = node_of[static_cast<std::size_t>(row.united.layer.parent)];
    std::vector<std::size_t>& siblings = node.parent == kTop ? roots_ : nodes_[node.parent].children;
    node.row = static_cast<int>(siblings.size());
    siblings.push_back(nodes_.size());
    nodes_.push_back(std::move(node));
    largest_ = std::max(largest_, std::abs(bytes(row).delta()));
  }
}

int DiffTreeModel::layer_of(const QModelIndex& index) const {
  return index.isValid() ? static_cast<int>(nodes_[index.internalId()].layer) : -1;
}

QModelIndex DiffTreeModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  const std::vector<std::size_t>& siblings = parent.isValid() ? nodes_[parent.internalId()].children : roots_;
  return createIndex(row, column, siblings[at(row)]);
}

QModelIndex DiffTreeModel::parent(const QModelIndex& index) const {
  if (!index.isValid()) return {};
  const std::size_t above = nodes_[index.internalId()].parent;
  return above == kTop ? QModelIndex() : createIndex(nodes_[above].row, 0, above);
}

int DiffTreeModel::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return static_cast<int>(roots_.size());
  return parent.column() > 0 ? 0 : static_cast<int>(nodes_[parent.internalId()].children.size());
}

int DiffTreeModel::columnCount(const QModelIndex&) const {
  return kFirstCategory + static_cast<int>(categories_.size());
}

Change DiffTreeModel::bytes_of_column(const DiffLayer& layer, int column) const {
  if (column < kFirstCategory) return bytes(layer);
  const auto category = static_cast<std::size_t>(categories_[at(column - kFirstCategory)]);
  return options_.with_children ? layer.total_categories[category] : layer.self_categories[category];
}

QString DiffTreeModel::text(const DiffLayer& layer, int column) const {
  const Change change = bytes_of_column(layer, column);
  switch (column) {
    case kLayer: {
      const QString name = last_name(layer, diff_->diff);
      return layer.was_added() ? tr("%1 (added)").arg(name) : layer.was_removed() ? tr("%1 (removed)").arg(name) : name;
    }
    case kBefore:
      return layer.was_added() ? QStringLiteral("–") : size_text(change.before);
    case kAfter:
      return layer.was_removed() ? QStringLiteral("–") : size_text(change.after);
    case kBar:
      return {};
    case kPercent:
      return in_language(to_text(signed_percent(change)));
    default:
      return change.any() ? change_text(change.delta()) : column == kChange ? QStringLiteral("0") : QString();
  }
}

QVariant DiffTreeModel::value(const DiffLayer& layer, int column) const {
  const Change change = bytes_of_column(layer, column);
  switch (column) {
    case kLayer:
      return to_text(layer.united.layer.path);
    case kBefore:
      return exact(change.before);
    case kAfter:
      return exact(change.after);
    case kPercent:
      return change.before == 0
                 ? QVariant()
                 : QVariant(100.0 * static_cast<double>(change.delta()) / static_cast<double>(change.before));
    default:
      return exact(change.delta());
  }
}

QString DiffTreeModel::tooltip(const DiffLayer& layer, int column) const {
  if (column == kLayer) return to_text(layer.united.layer.path);
  const Change change = bytes_of_column(layer, column);
  if (column == kBefore) return exact_text(change.before);
  if (column == kAfter) return exact_text(change.after);
  return tr("%1 before, %2 after").arg(exact_text(change.before), exact_text(change.after));
}

double DiffTreeModel::bar(const DiffLayer& layer) const {
  return static_cast<double>(bytes(layer).delta()) / static_cast<double>(largest_);
}

QVariant DiffTreeModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const DiffLayer& row = layer(index.internalId());
  const int column = index.column();
  const bool is_change = column == kChange || column == kPercent || column >= kFirstCategory;
  switch (role) {
    case Qt::DisplayRole:
      return text(row, column);
    case Qt::AccessibleTextRole:
      return column == kBar ? text(row, kChange) : text(row, column);
    case Qt::ToolTipRole:
      return tooltip(row, column);
    case Qt::TextAlignmentRole:
      return QVariant(Qt::AlignVCenter | (column == kLayer ? Qt::AlignLeft : Qt::AlignRight));
    case Qt::ForegroundRole: {
      const std::int64_t delta = bytes_of_column(row, column).delta();
      return is_change && delta != 0 ? QVariant(colour_of_change(static_cast<double>(delta))) : QVariant();
    }
    case kSignedBarRole:
      return column == kBar ? QVariant(bar(row)) : QVariant();
    case kExportRole:
    case kSortRole:
      return value(row, column);
    default:
      return {};
  }
}

QVariant DiffTreeModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  if (role == Qt::TextAlignmentRole)
    return QVariant(Qt::AlignVCenter | (section == kLayer ? Qt::AlignLeft
                                        : section == kBar ? Qt::AlignHCenter
                                                          : Qt::AlignRight));
  if (section >= kFirstCategory) {
    const QString title = title_of(categories_[at(section - kFirstCategory)]);
    if (role == Qt::DisplayRole) return title;
    return role == Qt::ToolTipRole ? QVariant(tr("What the bytes of this category changed by.")) : QVariant();
  }
  static constexpr const char* kTitles[] = {QT_TR_NOOP("Layer"),  QT_TR_NOOP("Before"),        QT_TR_NOOP("After"),
                                            QT_TR_NOOP("Change"), QT_TR_NOOP("shrank │ grew"), QT_TR_NOOP("Percent")};
  static constexpr const char* kMeanings[] = {
      QT_TR_NOOP("Layers of both runs, by their path."),  QT_TR_NOOP("Bytes at the peak of the first run."),
      QT_TR_NOOP("Bytes at the peak of the second run."), QT_TR_NOOP("After less before."),
      QT_TR_NOOP("The change, of the largest of all."),   QT_TR_NOOP("The change of what there was before.")};
  if (role == Qt::DisplayRole) return tr(kTitles[section]);
  return role == Qt::ToolTipRole ? QVariant(tr(kMeanings[section])) : QVariant();
}

std::vector<Column> tensor_columns(DiffHandle diff) {
  const auto tensor = [diff](std::int64_t row) -> const TensorChange& { return diff->diff.tensors[at(row)]; };
  const auto side = [diff](const TensorChange& t, bool after) -> const Allocation* {
    const std::int64_t index = after ? t.after : t.before;
    return index == kNoAllocation ? nullptr : &(after ? diff->after : diff->before)->breakdown.allocations[at(index)];
  };
  const auto text = [=](std::int64_t row, bool after, StringId Allocation::*which) {
    const Allocation* a = side(tensor(row), after);
    return a == nullptr ? QString() : to_text((after ? diff->after : diff->before)->breakdown.text(a->*which));
  };
  const auto& all = diff->diff.tensors;
  const double largest = all.empty() ? 1 : std::max(1.0, std::abs(static_cast<double>(all.front().bytes.delta())));
  Column change{.title = tr("Change"),
                .meaning = tr("Bytes of its block after less those before."),
                .text = [=](std::int64_t row) { return change_text(tensor(row).bytes.delta()); },
                .value = [=](std::int64_t row) { return exact(tensor(row).bytes.delta()); },
                .order = [=](std::int64_t row) { return exact(std::abs(tensor(row).bytes.delta())); },
                .heat = [=](std::int64_t row) { return static_cast<double>(tensor(row).bytes.delta()) / largest; }};
  Column category = text_column(tr("Category"), tr("What it is for."),
                                [=](std::int64_t row) { return title_of(tensor(row).category); });
  category.swatch = [=](std::int64_t row) { return theme().category(tensor(row).category); };
  return {
      text_column(tr("What"), tr("Whether it is at one of the peaks only, or differs between them."),
                  [=](std::int64_t row) {
                    return tensor(row).came() ? tr("came") : tensor(row).went() ? tr("went") : tr("changed");
                  }),
      std::move(change),
      bytes_column(tr("Before"), tr("Its block at the peak of the first run."),
                   [=](std::int64_t row) { return tensor(row).bytes.before; }),
      bytes_column(tr("After"), tr("Its block at the peak of the second run."),
                   [=](std::int64_t row) { return tensor(row).bytes.after; }),
      std::move(category),
      text_column(tr("Layer"), tr("Whose it is."),
                  [=](std::int64_t row) { return to_text(diff->diff.layers[tensor(row).layer].united.layer.path); }),
      text_column(tr("Operator"), tr("That made it."),
                  [=](std::int64_t row) { return text(row, !tensor(row).went(), &Allocation::op); }),
      text_column(tr("Shape"), tr("Before and after, where they differ."), [=](std::int64_t row) {
        const QString before = text(row, false, &Allocation::tensor), after = text(row, true, &Allocation::tensor);
        if (before.isEmpty() || after.isEmpty() || before == after) return before.isEmpty() ? after : before;
        return QStringLiteral("%1 → %2").arg(before, after);
      })};
}

std::vector<Column> layer_change_columns(DiffHandle diff, std::vector<std::size_t> rows) {
  const auto layer = [diff, rows](std::int64_t row) -> const DiffLayer& { return diff->diff.layers[rows[at(row)]]; };
  std::vector<Column> columns{text_column(tr("Layer"), tr("Its path."),
                                          [=](std::int64_t row) { return to_text(layer(row).united.layer.path); }),
                              bytes_column(tr("Before"), tr("With the layers below it."),
                                           [=](std::int64_t row) { return layer(row).total.before; }),
                              bytes_column(tr("After"), tr("With the layers below it."),
                                           [=](std::int64_t row) { return layer(row).total.after; })};
  const auto signed_column = [](const QString& title, std::function<std::int64_t(std::int64_t)> bytes) {
    Column column = bytes_column(title, tr("After less before."), bytes);
    column.text = [bytes](std::int64_t row) { return change_text(bytes(row)); };
    return column;
  };
  columns.push_back(signed_column(tr("Change"), [=](std::int64_t row) { return layer(row).total.delta(); }));
  for (const Category category : changed_categories(diff->diff)) {
    const auto c = static_cast<std::size_t>(category);
    columns.push_back(
        signed_column(title_of(category), [=](std::int64_t row) { return layer(row).total_categories[c].delta(); }));
  }
  return columns;
}

}  // namespace headroom::gui
