// The whole GPU's memory told apart, and what pins the allocator's.
const useColors = { others: "other", context: "workspace", tracing: "kv_cache", others_context: "other", context_tracing: "workspace", others_context_tracing: "other",
  outside: "gradient", live: "parameter", rounding: "temporary", held: "input", cached: "optimizer_state", fragmentation: "activation" };
const useColor = (kind) => (kind in useColors ? "var(--" + useColors[kind] + ")" : null);
const useSwatch = (kind) => h("span", { class: "swatch" + (kind === "unknown" ? " unknown" : ""), "aria-hidden": "true", style: { "--color": useColor(kind) } });

function gpuBar(instant, most) {
  const parts = instant.uses.filter(([, , bytes]) => bytes > 0);
  const label = instant.name + ": " + exactSize(instant.used) + " used; " + instant.uses.map(([, title, bytes]) => title + " " + exactSize(bytes)).join(", ");
  return h("div", { class: "gpu-row" }, h("span", { class: "who" }, instant.name),
    h("span", { class: "track", role: "img", "aria-label": label }, h("span", { class: "stack", style: { width: (100 * sumOf(parts.map((part) => part[2]))) / most + "%" } },
      parts.map(([kind, title, bytes, meaning]) => h("i", { class: kind === "unknown" ? "unknown" : null, style: { "--color": useColor(kind), flex: bytes + " 0 0" }, "data-tip": title + ": " + sizeText(bytes) + "\n" + exactSize(bytes) + "\n" + meaning })))),
    h("span", { class: "much" }, size(instant.used)));
}

function gpuTable(gpu) {
  const keys = new Map();
  for (const instant of gpu.instants) for (const [kind, title, , meaning] of instant.uses) keys.set(kind + "\n" + title, { kind, title, meaning });
  const order = [...Object.keys(useColors), "unknown"];
  const rows = [...keys.values()].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const found = (instant, row) => instant.uses.find(([kind, title]) => kind === row.kind && title === row.title);
  const cells = (row) => gpu.instants.flatMap((instant) => {
    const use = found(instant, row);
    return [h("td", { class: "use" }, use ? size(use[2]) : h("span", { class: "none" }, "–")), h("td", {}, use ? shareText(use[2], instant.used) : "")];
  });
  const end = (name, member) => h("tr", {}, h("th", { scope: "row" }, name), gpu.instants.flatMap((instant) => [h("td", {}, size(instant[member])), h("td", {}, member === "used" ? shareText(instant.used, instant.used) : "")]));
  return h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "text" }, "use"), gpu.instants.flatMap((instant) => [h("th", { scope: "col" }, instant.name), h("th", { scope: "col" }, "share")]))),
    h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row", tabindex: "0", "data-tip": row.meaning }, useSwatch(row.kind), row.title), cells(row)))),
    h("tfoot", {}, end(gpu.modelled ? "used, as modelled" : "used, as the driver says", "used"), end("of the device’s", "total")));
}

function gpuSection(run) {
  const gpu = run.gpu;
  $("gpu-hint").textContent = (gpu.modelled ? "The device is virtual: what its driver says, and so the context and what is unexplained, is modelled and was not measured. " : "What the driver says is used, told apart to the byte. ") +
    "What is not known has a dash." + (gpu.instants.length > 1 && !gpu.exact ? " The driver was not asked at the very peak: the nearest moment is shown." : "");
  const most = Math.max(1, ...gpu.instants.map((instant) => sumOf(instant.uses.map((use) => Math.max(0, use[2])))));
  fill("gpu-bars", gpu.instants.map((instant) => gpuBar(instant, most)));
  fill("gpu", gpuTable(gpu));
}

function segmentRow(segment, most) {
  const parts = [["live", segment.live, "var(--parameter)"], ["held", segment.held, "var(--input)"], ["free", segment.free, segment.count > 0 ? "var(--activation)" : "var(--optimizer_state)"]].filter(([, bytes]) => bytes > 0);
  const blocks = segment.blocks.map(([bytes, category, tensor, op, layer, phase, step]) => binarySize(bytes) + " " + [categories[category].title, tensor || "scratch", layer, data.phases[phase] + (step > 0 ? " " + step : "")].filter((text) => text).join(" · "));
  const pins = segment.count === 0 ? "nothing: cached" : blocks[0] + (segment.count > 1 ? " and " + grouped(segment.count - 1) + " more" : "");
  return h("tr", {}, h("th", { scope: "row" }, size(segment.bytes)), h("td", { class: "segment" }, h("span", { class: "track small", "aria-hidden": "true", style: { width: (100 * segment.bytes) / most + "%" } }, h("span", { class: "stack" }, parts.map(([name, bytes, shade]) => h("i", { style: { "--color": shade, flex: bytes + " 0 0" }, "data-tip": name + ": " + exactSize(bytes) }))))),
    h("td", {}, size(segment.free)), h("td", {}, size(segment.gap)), h("td", {}, grouped(segment.count)), h("td", { class: "text wrap", "data-tip": blocks.join("\n") || null }, pins));
}

function replayTable(f) {
  const rows = f.replays.map((replay) => h("tr", {}, h("th", { scope: "row", class: "wrap" }, replay.label), h("td", {}, replay.oom ? h("span", { class: "costs" }, "out of memory") : size(replay.reserved)),
    h("td", {}, replay.saved === null ? h("span", { class: "none" }, replay.change === "none" ? (replay.faithful ? "as recorded" : "differs") : "–") : h("span", { class: replay.saved > 0 ? "saves" : replay.saved < 0 ? "costs" : "none" }, size(replay.saved))), h("td", {}, grouped(replay.segments)), h("td", {}, grouped(replay.calls))));
  const head = [["the same requests", true], ["reserve at most"], ["save"], ["segments"], ["driver calls"]];
  return h("table", {}, h("thead", {}, h("tr", {}, head.map(([name, text]) => h("th", { scope: "col", class: text ? "text" : null }, name)))), h("tbody", {}, rows));
}

const shownSegments = 12;
const segmentView = { all: false };

function fragmentationSection(run) {
  const f = run.fragmentation;
  const free = f.cached + f.fragmented;
  $("fragmentation-hint").replaceChildren("At the most reserved bytes, in " + moment(f.phase, f.step) + ": ", size(f.reserved), " in " + grouped(f.count) + " segments; ", size(f.fragmented), " of it free but pinned by live blocks, ", size(f.cached), " free in segments without one" + (free === 0 ? "." : ". Segments with most to gain come first; their smallest blocks are named."));
  const most = Math.max(1, ...f.segments.map((segment) => segment.bytes));
  const head = [["segment", true], ["live and free", true], ["free"], ["in one piece"], ["blocks"], ["kept by", true]];
  const body = h("tbody", {}), again = () => {
    keepRows(body, "segments", f.segments.slice(0, segmentView.all ? f.segments.length : shownSegments).map((segment, i) => [i, "", () => segmentRow(segment, most)]));
    more.show(f.segments.length, shownSegments);
  };
  const more = moreButton(segmentView, again);
  fill("replays", f.replays.length > 0 && replayTable(f));
  $("replays").hidden = f.replays.length === 0;
  fill("fragmentation", h("table", {}, h("thead", {}, h("tr", {}, head.map(([name, text]) => h("th", { scope: "col", class: text ? "text" : null }, name)))), body),
    more.button,
    f.count > f.segments.length && h("p", { class: "hint" }, grouped(f.count - f.segments.length) + " more segments are full or empty, or have less to gain."));
  again();
}
