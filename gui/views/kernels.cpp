#include "gui/views/kernels.h"

#include <QHeaderView>
#include <QLabel>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include "gui/charts/table_page.h"
#include "gui/items/device_rows.h"
#include "gui/items/flat_rows.h"
#include "gui/views/flow_layout.h"
#include "gui/views/row_menu.h"
#include "gui/views/segments.h"
#include "gui/views/text.h"
#include "reports/device_words.h"

namespace headroom::gui {
namespace {

constexpr std::array<const char*, 3> kPartNames{"kernels", "places", "memory"};

}  // namespace

Kernels::Kernels(Session& session, QWidget* parent)
    : View(session, parent),
      which_(new Segments({tr("Kernels"), tr("Layers and phases"), tr("Driver memory")}, tr("What the table shows"),
                          this)),
      summary_(new WrappingLabel(this)),
      stack_(new QStackedWidget(this)) {
  auto* top = new FlowLayout;
  top->addWidget(summary_);
  top->addWidget(which_);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addWidget(stack_, 1);
  for (const QString& name : {tr("Kernels"), tr("Work by layer and phase"), tr("Memory asked of the driver")})
    parts_.push_back(make_part(name));
  setFocusProxy(stack_);
  connect(which_, &Segments::changed, stack_, &QStackedWidget::setCurrentIndex);
  for (Part& part : parts_) {
    connect(part.panel, &ItemPanel::row_chosen, this, [this, &part](const QModelIndex& index) { choose(part, index); });
    connect(part.panel, &ItemPanel::menu_wanted, this, [this, &part](QMenu* menu, const QModelIndex& index) {
      const int row = part.sorted->mapToSource(index).row();
      if (row >= 0)
        add_place_actions(*menu, this->session(), *this, {.layer = part.layers[static_cast<std::size_t>(row)]});
    });
  }
  connect(&session, &Session::current_changed, this, &Kernels::refresh);
  connect(&selection(), &Selection::filter_changed, this, &Kernels::refresh);
  connect(&selection(), &Selection::changed, this, &Kernels::show_chosen);
  refresh();
}

Kernels::Part Kernels::make_part(const QString& name) {
  auto* table = new QTableView;
  Part part{.panel = new ItemPanel(table, name, stack_),
            .rows = new RowsModel(this),
            .sorted = new QSortFilterProxyModel(this)};
  part.sorted->setSourceModel(part.rows);
  part.sorted->setSortRole(kSortRole);
  part.panel->set_model(part.sorted);
  table->setSortingEnabled(true);
  table->sortByColumn(-1, Qt::AscendingOrder);
  stack_->addWidget(part.panel);
  return part;
}

Kernels::Part& Kernels::current() { return parts_[static_cast<std::size_t>(which_->current())]; }

QAbstractItemModel* Kernels::table() { return current().sorted; }

bool Kernels::begin_find() { return current().panel->begin_find(); }

void Kernels::refresh() {
  const RunHandle run = session().current_loaded();
  const bool any = run && run->breakdown.device.any();
  which_->setVisible(any);
  summary_->setText(any ? summary() : QString());
  for (Part& part : parts_) {
    part.rows->clear();
    part.layers.clear();
    part.panel->set_caption({});
    part.panel->set_sentence(sentence());
  }
  if (!run) return;
  show_kernels(run);
  show_places(run);
  show_memory(run);
  if (any) return show_chosen();
  for (Part& part : parts_) {
    part.panel->set_caption({});
    part.panel->set_sentence(sentence());
  }
}

void Kernels::fill(Part& part, std::vector<Column> columns, std::vector<std::optional<LayerId>> layers,
                   const QString& caption, const QString& empty) {
  part.layers = std::move(layers);
  part.rows->set(std::move(columns), static_cast<std::int64_t>(part.layers.size()));
  part.panel->set_caption(caption);
  const QString filtered = selection().filter().shows_everything() ? empty : tr("The filter shows none.");
  part.panel->set_sentence(part.layers.empty() ? filtered : QString());
}

void Kernels::show_kernels(const RunHandle& run) {
  DeviceRows made = kernel_rows(run, selection().filter());
  const DeviceWork& device = run->breakdown.device;
  const QString caption =
      tr("%1 kernels, launched %2 times").arg(count_text(made.layers.size()), count_text(made.count));
  fill(parts_[0], std::move(made.columns), std::move(made.layers), caption,
       device.level == TraceLevel::memory ? tr("Kernels were not traced: the run asked for memory alone. --trace full "
                                               "traces them.")
                                          : tr("No kernel ran."));
}

void Kernels::show_places(const RunHandle& run) {
  DeviceRows made = place_rows(run, selection().filter());
  fill(parts_[1], std::move(made.columns), std::move(made.layers),
       tr("Of each layer itself, without the layers below, over all steps."), tr("The driver saw no work."));
}

void Kernels::show_memory(const RunHandle& run) {
  DeviceRows made = driver_memory_rows(run, selection().filter());
  fill(parts_[2], std::move(made.columns), std::move(made.layers),
       tr("Memory that the driver was asked for, by the library that asked."),
       tr("Nobody asked the driver for memory."));
}

void Kernels::choose(const Part& part, const QModelIndex& index) {
  const int row = part.sorted->mapToSource(index).row();
  if (row < 0 || &part == &parts_[0]) return;  // a kernel belongs to many layers
  if (const auto& layer = part.layers[static_cast<std::size_t>(row)]) selection().choose_layer(*layer);
}

void Kernels::show_chosen() {
  const std::optional<LayerId> layer = selection().chosen().layer;
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    const int now = part.sorted->mapToSource(part.panel->items()->currentIndex()).row();
    if (now >= 0 && part.layers[static_cast<std::size_t>(now)] == layer) continue;
    const auto found = std::find(part.layers.begin(), part.layers.end(), layer);
    const bool none = !layer || found == part.layers.end();
    part.panel->choose_row(
        none ? QModelIndex()
             : part.sorted->mapFromSource(part.rows->index(static_cast<int>(found - part.layers.begin()), 0)));
  }
}

QString Kernels::summary() const {
  const Breakdown& run = session().current_loaded()->breakdown;
  const Work& total = run.device.total;
  QStringList parts{to_text(origin_of(run))};
  if (run.device.timed) parts << tr("kernels ran for %1").arg(time_text(total.kernels.busy_ns));
  for (std::size_t kind = 0; kind < total.copied.size(); ++kind)
    if (total.copied[kind].count > 0)
      parts << tr("%1 copied %2")
                   .arg(size_text(total.copied[kind].bytes), to_text(copy_title(static_cast<CopyKind>(kind))));
  if (total.sets.count > 0) parts << tr("%1 set").arg(size_text(total.set_bytes));
  QString text = parts.join(QStringLiteral(" · "));
  for (const TraceRemark& remark : trace_remarks(run.device)) text += u'\n' + to_text(remark.text);
  return text;
}

QString Kernels::sentence() const {
  const SessionRun* run = session().current_run();
  if (run == nullptr) return tr("No run is open. Open a recording to see its kernels.");
  if (!run->loaded)
    return run->state == RunState::failed ? tr("This run could not be read: %1").arg(run->message)
                                          : tr("The run is still being read…");
  if (run->loaded->breakdown.device.any()) return {};
  return tr(
      "Nothing was traced in this run. headroom profile --trace full records kernels and what the driver was asked "
      "for.");
}

QSizeF Kernels::page_size(double width) {
  return table_page_size({.title = current().panel->items()->accessibleName(),
                          .caption = current().panel->caption(),
                          .model = current().sorted},
                         width);
}

void Kernels::paint_page(QPainter& painter, const QRectF& page) {
  Part& part = current();
  RowsModel rows;
  set_flat(rows, *part.sorted, part.panel->shown_columns());
  const QString text = part.layers.empty() && !sentence().isEmpty() ? sentence() : part.panel->caption();
  paint_table_page(painter, page, {.title = part.panel->items()->accessibleName(), .caption = text, .model = &rows});
}

Json Kernels::state() const {
  Json state{{"table", which_->current()}};
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const QHeaderView* header = parts_[i].panel->header();
    state[kPartNames[i]] = {{"sort", header->sortIndicatorSection()},
                            {"descending", header->sortIndicatorOrder() == Qt::DescendingOrder},
                            {"columns", parts_[i].panel->state()}};
  }
  return state;
}

void Kernels::restore(const Json& state) {
  if (!state.is_object()) return;
  if (const auto table = state.find("table"); table != state.end() && table->is_number_integer())
    which_->set_current(table->get<int>());
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto part = state.find(kPartNames[i]);
    if (part == state.end() || !part->is_object()) continue;
    const auto sort = part->find("sort"), down = part->find("descending");
    if (sort != part->end() && sort->is_number_integer() && sort->get<int>() >= -1 && sort->get<int>() < 64)
      static_cast<QTableView*>(parts_[i].panel->items())
          ->sortByColumn(sort->get<int>(),
                         down != part->end() && *down == true ? Qt::DescendingOrder : Qt::AscendingOrder);
    if (part->contains("columns")) parts_[i].panel->restore((*part)["columns"]);
  }
}

QString Kernels::help() const {
  return tr(
      "<p>What the driver saw, through NVIDIA's CUPTI or the virtual GPU's own account of the same. <b>Kernels</b>: "
      "how often each was launched and, on a real device, how long it ran; grid and block are those of its most "
      "frequent launch. Over a virtual GPU nothing is executed, so there are no times.</p>"
      "<p><b>Layers and phases</b>: the kernels, copies and sets that each layer caused. <b>Driver memory</b>: who "
      "asked the driver for memory, PyTorch's allocator among them.</p>");
}

}  // namespace headroom::gui
