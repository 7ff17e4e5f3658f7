// What the driver saw, and the whole GPU's memory.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/bytes.h"
#include "reports/device_words.h"
#include "reports/kernel_names.h"
#include "reports/summary.h"
#include "reports/table.h"
#include "reports/terminal.h"

namespace headroom::terminal {
namespace {

constexpr std::size_t kShownKernels = 12, kShownOwners = 8;

Cell size(std::int64_t bytes) { return bytes == 0 ? Cell{"0", Style::dim} : Cell{format_bytes(bytes)}; }
Cell count(std::int64_t value) { return {format_count(value), value == 0 ? Style::dim : Style::plain}; }

std::string line(std::string_view name, const std::string& value, const Page& page) {
  return paragraph(pad_right(name, 16) + value, Style::plain, page);
}

std::string copies(const Work& work) {
  std::string out;
  for (const auto& [kind, name] : kCopyKindNames) {
    const Amount& amount = work.copied[static_cast<std::size_t>(kind)];
    if (amount.count == 0) continue;
    out += fmt::format("{}{} {} in {}", out.empty() ? "" : " · ", copy_title(kind), format_bytes(amount.bytes),
                       format_count(amount.count));
  }
  return out;
}

std::string times(const Timed& timed) {
  if (timed.timed_count == 0) return "";
  return fmt::format("{}; added up {}", duration_text(timed.busy_ns), duration_text(timed.sum_ns));
}

std::string traffic(const DeviceWork& device) {
  const Work& work = device.total;
  std::string out =
      fmt::format("read {}, written {}", format_bytes(work.dram_read_bytes), format_bytes(work.dram_written_bytes));
  const auto bandwidth = achieved_bandwidth(work);
  if (!bandwidth) return out;
  out += fmt::format("; {}/s while kernels ran", format_bytes(static_cast<std::int64_t>(*bandwidth)));
  if (device.peak_dram_bytes_per_second > 0)
    out += fmt::format(", {} of the device's peak",
                       percent(100 * *bandwidth / static_cast<double>(device.peak_dram_bytes_per_second)));
  return out;
}

std::string figures(const Breakdown& run, const Page& page) {
  const Work& work = run.device.total;
  std::string out = paragraph("What the driver saw (" + origin_of(run) + ")", Style::bold, page);
  if (work.kernels.count > 0)
    out += line("Kernels",
                fmt::format("{}, {} different", format_count(work.kernels.count),
                            format_count(static_cast<std::int64_t>(run.device.kernels.size()))),
                page);
  if (work.launch_count > 0) out += line("Launch calls", format_count(work.launch_count), page);
  if (const std::string time = times(work.kernels); !time.empty()) out += line("Kernels ran", time, page);
  if (const std::string text = copies(work); !text.empty()) out += line("Copied", text, page);
  if (work.sets.count > 0)
    out += line("Set", fmt::format("{} in {}", format_bytes(work.set_bytes), format_count(work.sets.count)), page);
  if (work.graph_count > 0) out += line("Graph launches", format_count(work.graph_count), page);
  if (work.synchronization.count > 0)
    out +=
        line("Host waited",
             fmt::format("{} times{}", format_count(work.synchronization.count),
                         work.synchronization.timed_count > 0 ? ", " + duration_text(work.synchronization.sum_ns) : ""),
             page);
  if (work.overhead.timed_count > 0) out += line("CUPTI's own cost", " " + duration_text(work.overhead.sum_ns), page);
  if (work.has_dram) out += line("Device memory", traffic(run.device), page);
  return out;
}

std::string phases(const DeviceWork& device, const Page& page) {
  if (device.phases.size() < 2) return "";
  std::vector<Column> columns{{"phase", 0, true}, {"kernels", 0},
                              {"kernels ran", 1}, {"copied", 2},
                              {"set", 4},         {"driver memory\nasked for", 3, false, "driver memory asked for"},
                              {"waits", 5}};
  if (!device.timed) columns.erase(columns.begin() + 2);
  Table table(columns);
  const auto add_row = [&](std::string_view name, const Work& work) {
    std::vector<Cell> cells{{std::string(name)},
                            count(work.kernels.count),
                            {work.kernels.timed_count > 0 ? duration_text(work.kernels.busy_ns) : "–"},
                            size(copied_bytes(work)),
                            size(work.set_bytes),
                            size(taken_bytes(work)),
                            count(work.synchronization.count)};
    if (!device.timed) cells.erase(cells.begin() + 2);
    table.add_row(std::move(cells));
  };
  for (const PhaseWork& row : device.phases) add_row(to_name(kPhaseNames, row.phase), row.work);
  table.add_rule();
  add_row(device.timed ? "together" : "sum", device.total);
  return "\n" + table.render(page.width, page.color);
}

std::vector<Cell> kernel_cells(const Breakdown& run, const KernelRow& kernel) {
  const DeviceWork& device = run.device;
  const LaunchShape* shape = usual_shape(device, kernel);
  const std::size_t shapes = shape_count(kernel);
  const auto share = [](std::int64_t part, std::int64_t whole) {
    return percent(whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0);
  };
  std::vector<Cell> cells{{printable(short_kernel_name(text_of(run, kernel.name)))}, count(kernel.work.count)};
  if (device.timed) {
    cells.push_back({kernel.work.timed_count > 0 ? duration_text(kernel.work.sum_ns) : "–"});
    cells.push_back({share(kernel.work.sum_ns, device.total.kernels.sum_ns), Style::dim});
  } else {
    cells.push_back({share(kernel.work.count, device.total.kernels.count), Style::dim});
  }
  const std::string more = shapes > 1 ? fmt::format(" +{}", shapes - 1) : "";
  cells.push_back({shape ? extents(shape->grid) + more : "–"});
  cells.push_back({shape ? extents(shape->block) : "–"});
  cells.push_back(shape ? size(shape->static_shared_bytes + shape->dynamic_shared_bytes) : Cell{"–"});
  cells.push_back({shape ? std::to_string(shape->registers_per_thread) : "–"});
  return cells;
}

std::string kernels(const Breakdown& run, const Page& page) {
  const DeviceWork& device = run.device;
  if (device.kernels.empty()) return "";
  std::vector<Column> columns{{device.timed ? "kernels by time" : "kernels by launches", 0, true, "kernel"},
                              {"launches", 0}};
  if (device.timed) columns.push_back({"time", 0});
  columns.insert(columns.end(), {{"share", 1},
                                 {"grid", 2, false, "grid"},
                                 {"block", 3},
                                 {"shared\nmemory", 4, false, "shared memory"},
                                 {"registers", 5}});
  Table table(columns);
  table.limit_first_column(std::max<std::size_t>(36, page.width / 2));
  std::int64_t rest = 0;
  for (std::size_t i = 0; i < device.kernels.size(); ++i) {
    if (i < kShownKernels)
      table.add_row(kernel_cells(run, device.kernels[i]));
    else
      rest += device.kernels[i].work.count;
  }
  std::string legend;
  if (rest > 0)
    legend = fmt::format("{} more kernels were launched {} times; the JSON report has them. ",
                         device.kernels.size() - kShownKernels, format_count(rest));
  const auto several = [](const KernelRow& kernel) { return shape_count(kernel) > 1; };
  if (std::any_of(device.kernels.begin(),
                  device.kernels.begin() + static_cast<std::ptrdiff_t>(std::min(device.kernels.size(), kShownKernels)),
                  several))
    legend += "Grid is that of most launches, +N: and N other shapes. ";
  legend += not_shown(table, page);
  return "\n" + table.render(page.width, page.color) + (legend.empty() ? "" : paragraph(legend, Style::dim, page));
}

struct Owner {
  StringId source{};
  MemoryKind kind{};
  Amount taken, returned;
  const DriverMemory* first = nullptr;  // the place with most bytes
};

std::vector<Owner> owners_of(const DeviceWork& device) {
  std::map<std::pair<StringId, MemoryKind>, Owner> owners;
  for (const DriverMemory& row : device.memory) {
    Owner& owner = owners[{row.source, row.kind}];
    if (owner.first == nullptr) owner = {row.source, row.kind, {}, {}, &row};
    owner.taken.count += row.taken.count;
    owner.taken.bytes += row.taken.bytes;
    owner.returned.bytes += row.returned.bytes;
  }
  std::vector<Owner> rows;
  for (const auto& [key, owner] : owners) rows.push_back(owner);
  std::ranges::stable_sort(rows, {}, [](const Owner& owner) { return -owner.taken.bytes; });
  return rows;
}

std::string driver_memory(const Breakdown& run, const Page& page) {
  const std::vector<Owner> owners = owners_of(run.device);
  if (owners.empty()) return "";
  Table table({{"driver memory, by caller", 0, true, "caller"},
               {"kind", 1, true},
               {"asked for", 0},
               {"given back", 2},
               {"times", 3},
               {"most of it first in", 4, true, "where most of it was asked for"}});
  for (std::size_t i = 0; i < std::min(owners.size(), kShownOwners); ++i) {
    const Owner& owner = owners[i];
    const std::string layer = layer_path(run, owner.first->layer);
    table.add_row({{printable(library_name(run, owner.source))},
                   {std::string(to_name(kMemoryKindNames, owner.kind))},
                   size(owner.taken.bytes),
                   size(owner.returned.bytes),
                   count(owner.taken.count),
                   {fmt::format("{}{}{}", to_name(kPhaseNames, owner.first->phase), layer.empty() ? "" : " at ",
                                shorten(printable(layer), 40))}});
  }
  std::string legend =
      "Bytes as asked for, over the run; the layer that first needed memory pays for it, though later ones use it too.";
  if (owners.size() > kShownOwners)
    legend += fmt::format(" {} more callers are in the JSON report.", owners.size() - kShownOwners);
  return "\n" + table.render(page.width, page.color) + paragraph(legend, Style::dim, page);
}

std::optional<std::int64_t> bytes_of(const std::optional<Reconciliation>& at, const DeviceUse& wanted) {
  if (!at) return std::nullopt;
  for (const DeviceUse& use : at->uses)
    if (use.kind == wanted.kind && use.source == wanted.source) return use.bytes;
  return std::nullopt;
}

// The uses of both instants, each once, in order.
std::vector<DeviceUse> uses_of(const WholeGpu& gpu) {
  std::vector<DeviceUse> uses;
  for (const auto* at : {&gpu.peak, &gpu.end})
    if (*at)
      for (const DeviceUse& use : (*at)->uses)
        if (std::ranges::none_of(uses,
                                 [&](const DeviceUse& u) { return u.kind == use.kind && u.source == use.source; }))
          uses.push_back(use);
  std::ranges::stable_sort(uses, {}, &DeviceUse::kind);
  return uses;
}

std::string gpu_legend(const Breakdown& run) {
  const WholeGpu& gpu = run.gpu;
  std::string out =
      "Pinned is free memory in segments that a live block keeps; cached is free in segments without one. ";
  if (gpu.modelled)
    out +=
        "The device is virtual: what the driver says, and so the context and what is unexplained, is modelled and was "
        "not measured. ";
  else
    out +=
        "Unexplained is what the driver counts beyond that: pages, local memory of kernels, late modules, processes "
        "that came; negative where others gave memory back. ";
  if (gpu.peak && !gpu.peak_is_exact) out += "The driver was not asked at the very peak: the nearest moment is shown. ";
  return out;
}

}  // namespace

std::string device_activity(const Breakdown& run, const Page& page) {
  if (!run.device.any()) return "";
  const std::string body = figures(run, page);
  return body + phases(run.device, page) + kernels(run, page) + driver_memory(run, page);
}

std::string whole_gpu(const Breakdown& run, const Page& page) {
  const WholeGpu& gpu = run.gpu;
  if (!gpu.peak && !gpu.end) return "";
  std::vector<Column> columns{{"the whole GPU", 0, true, "use"}};
  if (gpu.peak)
    columns.insert(columns.end(), {{"at the most\nreserved", 0, false, "at the most reserved"},
                                   {"exact bytes", 2, false, "exact bytes at the most reserved"}});
  if (gpu.end)
    columns.insert(columns.end(),
                   {{"at the end", gpu.peak ? 1 : 0}, {"exact bytes", 3, false, "exact bytes at the end"}});
  Table table(columns);
  const auto add_row = [&](const std::string& name, std::optional<std::int64_t> peak, std::optional<std::int64_t> end,
                           Style style) {
    std::vector<Cell> cells{{name, style}};
    const auto cells_of = [&](std::optional<std::int64_t> bytes) {
      cells.push_back(bytes ? Cell{*bytes == 0 ? "0" : format_bytes(*bytes), *bytes == 0 ? Style::dim : style}
                            : Cell{"–", Style::dim});
      cells.push_back(bytes ? Cell{format_count(*bytes)} : Cell{"–", Style::dim});
    };
    if (gpu.peak) cells_of(peak);
    if (gpu.end) cells_of(end);
    table.add_row(std::move(cells));
  };
  for (const DeviceUse& use : uses_of(gpu))
    add_row(printable(title_of(run, use)), bytes_of(gpu.peak, use), bytes_of(gpu.end, use), Style::plain);
  table.add_rule();
  const auto member = [](const std::optional<Reconciliation>& at, std::int64_t Reconciliation::*bytes) {
    return at ? std::optional((*at).*bytes) : std::nullopt;
  };
  add_row(gpu.modelled ? "used, as modelled" : "used, as the driver says",
          member(gpu.peak, &Reconciliation::used_bytes), member(gpu.end, &Reconciliation::used_bytes), Style::bold);
  add_row("of", member(gpu.peak, &Reconciliation::total_bytes), member(gpu.end, &Reconciliation::total_bytes),
          Style::dim);
  return table.render(page.width, page.color) + paragraph(gpu_legend(run) + not_shown(table, page), Style::dim, page);
}

std::string trace_notes(const Report& report, const Page& page) {
  std::string out;
  for (const ReportRun& r : report.runs)
    for (const TraceRemark& remark : trace_remarks(r.breakdown.device))
      out += paragraph(fmt::format("{}{}: {}", remark.serious ? "! " : "- ", r.breakdown.label, remark.text),
                       remark.serious ? Style::bad : Style::dim, page);
  return out;
}

}  // namespace headroom::terminal
