#include "gui/items/layer_tree.h"

#include <QFont>
#include <algorithm>
#include <cmath>

#include "analysis/peaks.h"
#include "gui/items/allocation_filter.h"
#include "gui/items/rows_model.h"
#include "gui/views/places.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/categories.h"
#include "reports/folding.h"

namespace headroom::gui {
namespace {

// The sums of what the filter shows, in place of those of everything.
void leave_out(PeakView& view, const Breakdown& run, const AllocationFilter& filter) {
  view.categories = {};
  for (LayerBytes& layer : view.layers) layer = {.layer = layer.layer};
  for (const std::int64_t i : view.live) {
    const Allocation& a = run.allocations[static_cast<std::size_t>(i)];
    if (!filter.shows(a)) continue;
    const auto category = static_cast<std::size_t>(a.category);
    LayerBytes& layer = view.layers[static_cast<std::size_t>(a.layer)];
    view.categories[category] += a.block_bytes;
    layer.bytes += a.block_bytes;
    layer.categories[category] += a.block_bytes;
  }
}

std::string relative_name(const std::vector<Layer>& layers, const Layer& layer) {
  const std::string prefix = layers[static_cast<std::size_t>(layer.parent)].path + ".";
  return layer.path.starts_with(prefix) ? layer.path.substr(prefix.size()) : layer.path;
}

}  // namespace

std::shared_ptr<const LayerInstant> layers_at(const LoadedRun& run, std::optional<std::int64_t> event,
                                              const Filter& filter) {
  auto found = std::make_shared<LayerInstant>();
  const Breakdown& breakdown = run.breakdown;
  found->view = event ? view_after(run.recording, breakdown.allocations, *event) : breakdown.peak;
  const AllocationFilter shows(breakdown, filter);
  for (std::size_t i = 0; i < breakdown.layers.size(); ++i)
    found->shows_layer.push_back(shows.shows_layer(static_cast<LayerId>(i)));
  found->is_filtered = !filter.shows_everything();
  if (found->is_filtered) leave_out(found->view, breakdown, shows);
  for (const std::int64_t bytes : found->view.categories) found->shown_bytes += bytes;
  return found;
}

void LayerTree::set(RunHandle run, std::shared_ptr<const LayerInstant> instant, const LayerTreeOptions& options) {
  beginResetModel();
  run_ = std::move(run);
  instant_ = std::move(instant);
  options_ = options;
  figures_ = options.figures == LayerFigures::instant ? instant_figures() : run_figures();
  std::vector<Node> nodes = outline();
  add_up(nodes);
  adopt(std::move(nodes));
  find_most();
  endResetModel();
}

void LayerTree::clear() {
  beginResetModel();
  run_.reset();
  instant_.reset();
  figures_.clear();
  nodes_.clear();
  top_.clear();
  endResetModel();
}

std::vector<LayerTree::Figure> LayerTree::instant_figures() const {
  std::vector<Figure> figures;
  const std::vector<LayerBytes>& layers = instant_->view.layers;
  const auto together = [&layers](std::size_t layer) { return layers[layer].bytes; };
  figures.push_back({.title = tr("together"), .meaning = tr("Bytes of all categories."), .of = together});
  figures.push_back(
      {.title = tr("share"), .meaning = tr("Of the sum of all layers."), .is_share = true, .of = together});
  for (const CategoryStyle& style : kCategoryStyles) {
    const auto c = static_cast<std::size_t>(style.category);
    if (instant_->view.categories[c] == 0) continue;
    figures.push_back(
        {.title = title_of(style.category), .meaning = meaning_of(style.category), .category = style.category});
    figures.back().of = [&layers, c](std::size_t layer) { return layers[layer].categories[c]; };
  }
  return figures;
}

std::vector<LayerTree::Figure> LayerTree::run_figures() const {
  const std::vector<LayerRow>& rows = run_->breakdown.layer_rows;
  std::vector<Figure> figures;
  const auto add = [&](const QString& title, const QString& meaning, std::optional<Category> category, bool most,
                       std::int64_t LayerRow::*bytes) {
    if (std::none_of(rows.begin(), rows.end(), [bytes](const LayerRow& row) { return row.*bytes != 0; })) return;
    figures.push_back({.title = title,
                       .meaning = meaning,
                       .category = category,
                       .takes_most = most,
                       .of = [&rows, bytes](std::size_t layer) { return rows[layer].*bytes; }});
  };
  add(tr("parameters"), tr("Blocks of its parameters."), Category::parameter, false, &LayerRow::parameter_bytes);
  add(tr("gradients"), tr("Blocks of its gradients, the most at once in the last step."), Category::gradient, false,
      &LayerRow::gradient_bytes);
  add(tr("optimizer state"), tr("What the optimizer keeps for its parameters between steps."),
      Category::optimizer_state, false, &LayerRow::optimizer_state_bytes);
  add(tr("kept for backward"), tr("Activations of its forward that were alive when backward began, in the last step."),
      Category::activation, false, &LayerRow::activation_bytes);
  add(tr("temporaries, most"), tr("The most of its temporaries at once, over the run; of several layers the largest."),
      Category::temporary, true, &LayerRow::temporary_peak_bytes);
  add(tr("KV cache"), tr("Keys and values it keeps, the most at once in the last step."), Category::kv_cache, false,
      &LayerRow::kv_cache_bytes);
  add(tr("device in forward, most"),
      tr("All bytes in use on the device while it or a layer below it ran forward, at "
         "most."),
      {}, true, &LayerRow::forward_peak_bytes);
  add(tr("device in backward, most"),
      tr("All bytes in use on the device while it or a layer below it ran backward, at "
         "most."),
      {}, true, &LayerRow::backward_peak_bytes);
  return figures;
}

std::vector<LayerTree::Node> LayerTree::outline() const {
  if (options_.folded) return folded_outline();
  std::vector<Node> nodes;
  const std::vector<Layer>& layers = run_->breakdown.layers;
  for (const Layer& layer : layers) {
    const auto parent = static_cast<std::size_t>(layer.parent);
    nodes.push_back({.name = to_text(relative_name(layers, layer)),
                     .path = to_text(layer.path),
                     .parent = parent < nodes.size() ? static_cast<int>(parent) : -1,
                     .members = {layer.id}});
  }
  return nodes;
}

// A folded row is one for each row above it: once its blocks are unfolded, each has the rows below it to itself.
std::vector<LayerTree::Node> LayerTree::folded_outline() const {
  const std::vector<Layer>& layers = run_->breakdown.layers;
  std::vector<Node> nodes;
  std::vector<int> node_of(layers.size(), -1);
  const auto parent_of = [&](LayerId member) {
    for (LayerId at = member; at != LayerId::root;) {
      at = layers[static_cast<std::size_t>(at)].parent;
      if (const int node = node_of[static_cast<std::size_t>(at)]; node >= 0) return node;
    }
    return -1;
  };
  const auto add = [&](Node node) {
    for (const LayerId member : node.members)
      node_of[static_cast<std::size_t>(member)] = static_cast<int>(nodes.size());
    nodes.push_back(std::move(node));
  };
  const auto add_alone = [&](LayerId member, int parent, const QString& from) {
    const Layer& layer = layers[static_cast<std::size_t>(member)];
    add({to_text(relative_name(layers, layer)), to_text(layer.path), from, parent, 0, {}, {member}, {}, {}});
  };
  for (const FoldedLayer& fold : fold_layers(layers)) {
    std::vector<std::pair<int, std::vector<LayerId>>> parts;  // by the row above
    for (const LayerId member : fold.members) {
      const int parent = parent_of(member);
      if (parts.empty() || parts.back().first != parent) parts.push_back({parent, {}});
      parts.back().second.push_back(member);
    }
    for (auto& [parent, members] : parts) {
      const QString path = parts.size() == 1 || parent < 0
                               ? to_text(fold.path)
                               : nodes[static_cast<std::size_t>(parent)].path + u'.' + to_text(fold.name);
      if (members.size() > 1 && options_.unfolded.contains(path))
        for (const LayerId member : members) add_alone(member, parent, path);
      else if (members.size() == 1 && fold.members.size() > 1)
        add_alone(members.front(), parent, {});
      else
        add({to_text(fold.name), path, {}, parent, 0, {}, std::move(members), {}, {}});
    }
  }
  return nodes;
}

void LayerTree::join(std::vector<std::int64_t>& sum, const std::vector<std::int64_t>& part) const {
  for (std::size_t f = 0; f < figures_.size(); ++f)
    sum[f] = figures_[f].takes_most ? std::max(sum[f], part[f]) : sum[f] + part[f];
}

void LayerTree::add_up(std::vector<Node>& nodes) const {
  for (Node& node : nodes) {
    node.own.assign(figures_.size(), 0);
    for (const LayerId member : node.members) {
      std::vector<std::int64_t> part;
      for (const Figure& figure : figures_) part.push_back(figure.of(static_cast<std::size_t>(member)));
      join(node.own, part);
    }
    node.all = node.own;
  }
  for (std::size_t i = nodes.size(); i-- > 0;)
    if (nodes[i].parent >= 0) join(nodes[static_cast<std::size_t>(nodes[i].parent)].all, nodes[i].all);
}

// Of a filtered table the rows that it leaves something of, and those above them.
std::vector<bool> LayerTree::kept(const std::vector<Node>& nodes) const {
  std::vector<bool> keep(nodes.size(), !instant_->is_filtered);
  const auto is_shown = [&](LayerId id) { return instant_->shows_layer[static_cast<std::size_t>(id)]; };
  for (std::size_t i = nodes.size(); i-- > 0;) {
    if (options_.figures == LayerFigures::instant)
      keep[i] = keep[i] || std::any_of(nodes[i].own.begin(), nodes[i].own.end(), [](auto bytes) { return bytes != 0; });
    else
      keep[i] = keep[i] || std::any_of(nodes[i].members.begin(), nodes[i].members.end(), is_shown);
    if (keep[i] && nodes[i].parent >= 0) keep[static_cast<std::size_t>(nodes[i].parent)] = true;
  }
  return keep;
}

void LayerTree::adopt(std::vector<Node> nodes) {
  Node total{.name = tr("sum"), .path = tr("sum")};
  total.own.assign(figures_.size(), 0);
  for (const Node& node : nodes) join(total.own, node.own);
  total.all = total.own;
  const std::vector<bool> keep = kept(nodes);
  std::vector<int> place(nodes.size(), -1);
  nodes_.clear();
  top_.clear();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!keep[i]) continue;
    place[i] = static_cast<int>(nodes_.size());
    Node& node = nodes[i];
    node.parent = node.parent < 0 ? -1 : place[static_cast<std::size_t>(node.parent)];
    std::vector<int>& siblings = node.parent < 0 ? top_ : nodes_[static_cast<std::size_t>(node.parent)].children;
    node.row = static_cast<int>(siblings.size());
    siblings.push_back(place[i]);
    nodes_.push_back(std::move(node));
  }
  total.row = static_cast<int>(top_.size());
  top_.push_back(static_cast<int>(nodes_.size()));
  nodes_.push_back(std::move(total));
}

// Of figures at one instant colours compare with each other, over a run each with its own column.
void LayerTree::find_most() {
  most_.assign(figures_.size(), 0);
  for (std::size_t i = nodes_.size() > 2 ? 1 : 0; i + 1 < nodes_.size(); ++i)
    for (std::size_t f = 0; f < figures_.size(); ++f) most_[f] = std::max(most_[f], value(nodes_[i], f));
  if (options_.figures == LayerFigures::run) return;
  std::int64_t most = 0;
  for (std::size_t f = 0; f < figures_.size(); ++f)
    if (figures_[f].category) most = std::max(most, most_[f]);
  std::ranges::fill(most_, most);
}

std::vector<LayerId> LayerTree::layers_of(const QModelIndex& index) const {
  return index.isValid() ? node_of(index).members : std::vector<LayerId>();
}

std::optional<Category> LayerTree::category_of(int column) const {
  return column < 1 || column > static_cast<int>(figures_.size())
             ? std::nullopt
             : figures_[static_cast<std::size_t>(column - 1)].category;
}

QModelIndex LayerTree::index_of(LayerId layer) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (std::ranges::find(nodes_[i].members, layer) != nodes_[i].members.end())
      return createIndex(nodes_[i].row, 0, static_cast<quintptr>(i));
  return {};
}

QModelIndex LayerTree::index_of(const QString& path) const {
  for (std::size_t i = 0; i + 1 < nodes_.size(); ++i)
    if (nodes_[i].path == path) return createIndex(nodes_[i].row, 0, static_cast<quintptr>(i));
  return {};
}

int LayerTree::fold_count(const QModelIndex& index) const {
  return index.isValid() && node_of(index).members.size() > 1 ? static_cast<int>(node_of(index).members.size()) : 0;
}

QString LayerTree::fold_path(const QModelIndex& index) const {
  return fold_count(index) > 0 ? node_of(index).path : QString();
}

QString LayerTree::unfolded_path(const QModelIndex& index) const {
  return index.isValid() ? node_of(index).unfolded_from : QString();
}

bool LayerTree::stands_for(const QModelIndex& index, const QString& text) const {
  if (!index.isValid()) return false;
  const Node& node = node_of(index);
  return std::ranges::any_of(node.members, [&](LayerId member) {
    return to_text(run_->breakdown.layer(member).path).contains(text, Qt::CaseInsensitive);
  });
}

bool LayerTree::is_total(const QModelIndex& index) const { return index.isValid() && node_of(index).members.empty(); }

QModelIndex LayerTree::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  const std::vector<int>& siblings = parent.isValid() ? node_of(parent).children : top_;
  return createIndex(row, column, static_cast<quintptr>(siblings[static_cast<std::size_t>(row)]));
}

QModelIndex LayerTree::parent(const QModelIndex& index) const {
  if (!index.isValid() || node_of(index).parent < 0) return {};
  const int above = node_of(index).parent;
  return createIndex(nodes_[static_cast<std::size_t>(above)].row, 0, static_cast<quintptr>(above));
}

int LayerTree::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return static_cast<int>(top_.size());
  return parent.column() == 0 ? static_cast<int>(node_of(parent).children.size()) : 0;
}

int LayerTree::columnCount(const QModelIndex&) const {
  return nodes_.empty() ? 0 : 1 + static_cast<int>(figures_.size());
}

std::int64_t LayerTree::value(const Node& node, std::size_t figure) const {
  return options_.with_children ? node.all[figure] : node.own[figure];
}

double LayerTree::share(const Node& node, std::size_t figure) const {
  const std::int64_t whole = nodes_.back().all[figure];
  return whole == 0 ? 0 : 100.0 * static_cast<double>(value(node, figure)) / static_cast<double>(whole);
}

QString LayerTree::fold_link(const Node& node) const {
  if (node.members.size() > 1) return QStringLiteral("×%1").arg(node.members.size());
  const bool is_first = node.row == 0 || node.unfolded_from != sibling_before(node).unfolded_from;
  return node.unfolded_from.isEmpty() || !is_first ? QString() : tr("fold again");
}

const LayerTree::Node& LayerTree::sibling_before(const Node& node) const {
  const std::vector<int>& siblings = node.parent < 0 ? top_ : nodes_[static_cast<std::size_t>(node.parent)].children;
  return nodes_[static_cast<std::size_t>(siblings[static_cast<std::size_t>(node.row) - 1])];
}

QVariant LayerTree::name_data(const Node& node, int role) const {
  switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole:
      return node.members.size() > 1 ? QStringLiteral("%1  ×%2").arg(node.name).arg(node.members.size()) : node.name;
    case kFoldNameRole:
      return node.name;
    case kFoldLinkRole:
      return fold_link(node);
    case Qt::ToolTipRole:
    case kExportRole:
    case kSortRole:
      return node.path;
    case Qt::TextAlignmentRole:
      return QVariant(Qt::AlignVCenter | Qt::AlignLeft);
    default:
      return {};
  }
}

QVariant LayerTree::figure_data(const Node& node, std::size_t figure, int role) const {
  const std::int64_t bytes = value(node, figure);
  const bool is_share = figures_[figure].is_share;
  switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole:
      return is_share ? percent_text(share(node, figure)) : size_text(bytes);
    case Qt::ToolTipRole:
      return exact_text(bytes);
    case Qt::TextAlignmentRole:
      return QVariant(Qt::AlignVCenter | Qt::AlignRight);
    case Qt::ForegroundRole:
      return bytes == 0 ? QVariant(theme().soft) : QVariant();
    case kExportRole:
      return is_share ? QVariant(share(node, figure)) : QVariant(static_cast<qlonglong>(bytes));
    case kSortRole:
      return static_cast<qlonglong>(bytes);
    case kHeatRole:
      if (node.members.empty() || most_[figure] == 0 || !figures_[figure].category) return {};
      return std::sqrt(std::min(1.0, static_cast<double>(bytes) / static_cast<double>(most_[figure])));
    case kHeatColourRole:
      return figures_[figure].category ? QVariant(theme().category(*figures_[figure].category)) : QVariant();
    default:
      return {};
  }
}

QVariant LayerTree::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const Node& node = node_of(index);
  if (role == Qt::FontRole && node.members.empty()) {
    QFont font;
    font.setBold(true);
    return font;
  }
  return index.column() == 0 ? name_data(node, role)
                             : figure_data(node, static_cast<std::size_t>(index.column() - 1), role);
}

QVariant LayerTree::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  if (role == Qt::TextAlignmentRole)
    return QVariant(Qt::AlignVCenter | (section == 0 ? Qt::AlignLeft : Qt::AlignRight));
  if (section == 0) {
    if (role == Qt::DisplayRole) return tr("layer");
    return role == Qt::ToolTipRole ? QVariant(tr("×12 stands for twelve equal ones; a click on it shows each."))
                                   : QVariant();
  }
  const Figure& figure = figures_[static_cast<std::size_t>(section - 1)];
  if (role == Qt::DisplayRole) return figure.title;
  if (role == Qt::ToolTipRole) return figure.meaning;
  return {};
}

LayerTreeSort::LayerTreeSort(QObject* parent) : QSortFilterProxyModel(parent) { setSortRole(kSortRole); }

bool LayerTreeSort::lessThan(const QModelIndex& left, const QModelIndex& right) const {
  const auto* tree = qobject_cast<const LayerTree*>(sourceModel());
  const bool ascending = sortOrder() == Qt::AscendingOrder;
  if (tree != nullptr && tree->is_total(right)) return ascending;
  if (tree != nullptr && tree->is_total(left)) return !ascending;
  return QSortFilterProxyModel::lessThan(left, right);
}

}  // namespace headroom::gui
