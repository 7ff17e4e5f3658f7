#include "gui/items/device_rows.h"

#include <QCoreApplication>
#include <algorithm>

#include "gui/items/allocation_filter.h"
#include "gui/views/text.h"
#include "reports/device_words.h"
#include "reports/kernel_names.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Device", text); }

struct ShownKernel {
  const KernelRow* kernel = nullptr;
  std::int64_t count = 0, ns = 0;
};
using ShownKernels = std::shared_ptr<const std::vector<ShownKernel>>;

std::vector<ShownKernel> shown_kernels(const Breakdown& run, const AllocationFilter& filter) {
  std::vector<ShownKernel> shown;
  for (const KernelRow& kernel : run.device.kernels) {
    ShownKernel row{.kernel = &kernel};
    const bool named = filter.matches_text(kernel.name);
    for (const KernelUse& use : kernel.uses) {
      if (!filter.is_within(use.layer) || !(named || filter.shows_layer(use.layer))) continue;
      row.count += use.count;
      row.ns += use.sum_ns;
    }
    if (row.count > 0) shown.push_back(row);
  }
  return shown;
}

// Uses are sorted by layer.
std::optional<LayerId> only_layer(const KernelRow& kernel) {
  if (kernel.uses.empty() || kernel.uses.front().layer != kernel.uses.back().layer) return std::nullopt;
  return kernel.uses.front().layer;
}

QString shape_text(const DeviceWork& device, const KernelRow& kernel, bool of_grid) {
  const LaunchShape* shape = usual_shape(device, kernel);
  if (shape == nullptr) return QStringLiteral("–");
  const QString text = to_text(extents(of_grid ? shape->grid : shape->block));
  const std::size_t more = shape_count(kernel) - 1;
  return of_grid && more > 0 ? tr("%1, +%2 more").arg(text).arg(more) : text;
}

Column time_of(const QString& title, const QString& meaning, std::function<std::int64_t(std::int64_t)> ns) {
  return {.title = title,
          .meaning = meaning,
          .text = [ns](std::int64_t row) { return time_text(ns(row)); },
          .value = [ns](std::int64_t row) { return QVariant(static_cast<qlonglong>(ns(row))); }};
}

// How much of the most: colour behind the numbers.
void add_heat(Column& column, std::int64_t rows, const std::function<std::int64_t(std::int64_t)>& amount) {
  std::int64_t most = 1;
  for (std::int64_t row = 0; row < rows; ++row) most = std::max(most, amount(row));
  column.heat = [amount, most](std::int64_t row) {
    return static_cast<double>(amount(row)) / static_cast<double>(most);
  };
}

void add_shape_columns(const RunHandle& run, const ShownKernels& rows, std::vector<Column>& columns) {
  const auto kernel = [rows](std::int64_t row) -> const KernelRow& {
    return *(*rows)[static_cast<std::size_t>(row)].kernel;
  };
  const auto shape = [run, kernel](std::int64_t row) { return usual_shape(run->breakdown.device, kernel(row)); };
  columns.push_back(text_column(tr("Grid"), tr("Blocks of its most frequent launch."), [run, kernel](std::int64_t row) {
    return shape_text(run->breakdown.device, kernel(row), true);
  }));
  columns.push_back(text_column(tr("Block"), tr("Threads of a block."), [run, kernel](std::int64_t row) {
    return shape_text(run->breakdown.device, kernel(row), false);
  }));
  columns.push_back(bytes_column(tr("Shared memory"), tr("Of a block, static and dynamic."), [shape](std::int64_t row) {
    const LaunchShape* s = shape(row);
    return s == nullptr ? 0 : s->static_shared_bytes + s->dynamic_shared_bytes;
  }));
  columns.push_back(count_column(tr("Registers"), tr("Of a thread."), [shape](std::int64_t row) {
    const LaunchShape* s = shape(row);
    return s == nullptr ? std::int64_t{0} : std::int64_t{s->registers_per_thread};
  }));
}

using Places = std::shared_ptr<const std::vector<const PlaceWork*>>;

void add_work_columns(bool timed, const Places& places, std::vector<Column>& columns) {
  const auto work = [places](std::int64_t row) -> const Work& {
    return (*places)[static_cast<std::size_t>(row)]->work;
  };
  const auto rows = static_cast<std::int64_t>(places->size());
  const auto launches = [work](std::int64_t row) { return work(row).kernels.count; };
  columns.push_back(count_column(tr("Kernels"), tr("That ran on the device."), launches));
  if (!timed) add_heat(columns.back(), rows, launches);
  const auto ns = [work](std::int64_t row) { return work(row).kernels.sum_ns; };
  if (timed) {
    columns.push_back(time_of(tr("Time"), tr("Of its kernels, added up."), ns));
    add_heat(columns.back(), rows, ns);
  }
  columns.push_back(bytes_column(tr("Copied"), tr("Between host and device, and within the device."),
                                 [work](std::int64_t row) { return copied_bytes(work(row)); }));
  columns.push_back(bytes_column(tr("Set"), tr("Memory that was set to a value."),
                                 [work](std::int64_t row) { return work(row).set_bytes; }));
  columns.push_back(bytes_column(tr("Asked of the driver"), tr("Memory of any kind; the first caller pays."),
                                 [work](std::int64_t row) { return taken_bytes(work(row)); }));
}

QString kind_text(MemoryKind kind) { return to_text(to_name(kMemoryKindNames, kind)).replace(u'_', u' '); }

}  // namespace

DeviceRows kernel_rows(const RunHandle& run, const Filter& filter) {
  const Breakdown& breakdown = run->breakdown;
  const auto rows =
      std::make_shared<const std::vector<ShownKernel>>(shown_kernels(breakdown, AllocationFilter(breakdown, filter)));
  const auto row_of = [rows](std::int64_t row) -> const ShownKernel& { return (*rows)[static_cast<std::size_t>(row)]; };
  const auto count = [row_of](std::int64_t row) { return row_of(row).count; };
  const auto ns = [row_of](std::int64_t row) { return row_of(row).ns; };
  DeviceRows made;
  const auto full = [run, row_of](std::int64_t row) { return text_of(run->breakdown, row_of(row).kernel->name); };
  made.columns.push_back(text_column(tr("Kernel"),
                                     tr("Its name without return type, parameters and namespaces; in full "
                                        "when pointed at."),
                                     [full](std::int64_t row) { return to_text(short_kernel_name(full(row))); }));
  made.columns.back().tooltip = [full](std::int64_t row) { return to_text(full(row)); };
  made.columns.push_back(count_column(tr("Launches"), tr("How often it ran."), count));
  const bool timed = breakdown.device.timed;
  if (!timed) add_heat(made.columns.back(), static_cast<std::int64_t>(rows->size()), count);
  if (timed) {
    made.columns.push_back(time_of(tr("Time"), tr("Of all its launches, added up."), ns));
    add_heat(made.columns.back(), static_cast<std::int64_t>(rows->size()), ns);
  }
  add_shape_columns(run, rows, made.columns);
  for (const ShownKernel& row : *rows) made.count += row.count;
  for (const ShownKernel& row : *rows) made.layers.push_back(only_layer(*row.kernel));
  return made;
}

DeviceRows place_rows(const RunHandle& run, const Filter& filter) {
  const AllocationFilter shows(run->breakdown, filter);
  DeviceRows made;
  std::vector<const PlaceWork*> shown;
  for (const PlaceWork& place : run->breakdown.device.cells) {
    if (!shows.shows_layer(place.layer)) continue;
    shown.push_back(&place);
    made.layers.emplace_back(place.layer);
    made.count += place.work.kernels.count;
  }
  const Places places = std::make_shared<const std::vector<const PlaceWork*>>(std::move(shown));
  const auto place = [places](std::int64_t row) -> const PlaceWork& {
    return *(*places)[static_cast<std::size_t>(row)];
  };
  made.columns.push_back(
      text_column(tr("Layer"), tr("In which it was caused, without the layers below."),
                  [run, place](std::int64_t row) { return to_text(layer_path(run->breakdown, place(row).layer)); }));
  made.columns.push_back(
      text_column(tr("Phase"), tr("In which it was caused, over all steps."),
                  [place](std::int64_t row) { return to_text(to_name(kPhaseNames, place(row).phase)); }));
  add_work_columns(run->breakdown.device.timed, places, made.columns);
  return made;
}

DeviceRows driver_memory_rows(const RunHandle& run, const Filter& filter) {
  const AllocationFilter shows(run->breakdown, filter);
  DeviceRows made;
  auto shown = std::make_shared<std::vector<const DriverMemory*>>();
  for (const DriverMemory& memory : run->breakdown.device.memory) {
    if (!shows.is_within(memory.layer) || !(shows.matches_text(memory.source) || shows.shows_layer(memory.layer)))
      continue;
    shown->push_back(&memory);
    made.layers.emplace_back(memory.layer);
  }
  const auto at = [shown](std::int64_t row) -> const DriverMemory& { return *(*shown)[static_cast<std::size_t>(row)]; };
  made.columns.push_back(
      text_column(tr("Caller"), tr("The library that asked the driver for memory."),
                  [run, at](std::int64_t row) { return to_text(library_name(run->breakdown, at(row).source)); }));
  made.columns.back().tooltip = [run, at](std::int64_t row) {
    return to_text(text_of(run->breakdown, at(row).source));
  };
  made.columns.push_back(text_column(tr("Kind"), tr("Of memory."), [at](std::int64_t row) {
    return at(row).pooled ? tr("%1, of a pool").arg(kind_text(at(row).kind)) : kind_text(at(row).kind);
  }));
  made.columns.push_back(
      bytes_column(tr("Asked for"), tr("Over the run."), [at](std::int64_t row) { return at(row).taken.bytes; }));
  made.columns.push_back(bytes_column(tr("Given back"), tr("Of these, by the end."),
                                      [at](std::int64_t row) { return at(row).returned.bytes; }));
  made.columns.push_back(
      count_column(tr("Times"), tr("It asked."), [at](std::int64_t row) { return at(row).taken.count; }));
  made.columns.push_back(
      text_column(tr("First needed in"), tr("Phase and layer of the first time."), [run, at](std::int64_t row) {
        return tr("%1 at %2")
            .arg(to_text(to_name(kPhaseNames, at(row).phase)), to_text(layer_path(run->breakdown, at(row).layer)));
      }));
  return made;
}

}  // namespace headroom::gui
