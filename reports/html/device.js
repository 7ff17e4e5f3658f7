// What the driver saw: kernels, work by layer and phase, memory asked of the driver.
const kernelView = { key: null, ascending: false, filter: "", phase: -1, layer: -1, all: false };
const workView = { quantity: 0 };
const shownKernels = 25;

// A fold and everything below it.
function foldsBelow(run, wanted) {
  const inside = new Set([wanted]);
  run.folds.forEach((fold, i) => { if (i > 0 && inside.has(fold.parent)) inside.add(i); });
  return inside;
}

function foldDepth(run, i) {
  let depth = 0;
  for (; i > 0; i = run.folds[i].parent) ++depth;
  return depth;
}

// One row for each kernel that the filters leave, summed over what they leave.
function kernelRows(run) {
  const d = run.device, wanted = kernelView.filter.toLowerCase();
  const layers = kernelView.layer < 0 ? null : foldsBelow(run, kernelView.layer);
  const rows = new Map();
  for (const [k, shape, fold, phase, count, ns] of d.uses) {
    if ((kernelView.phase >= 0 && phase !== kernelView.phase) || (layers && !layers.has(fold))) continue;
    const [short, name] = d.names[k];
    if (!name.toLowerCase().includes(wanted)) continue;
    if (!rows.has(k)) rows.set(k, { short, name, count: 0, ns: 0, shapes: new Map() });
    const row = rows.get(k);
    row.count += count;
    row.ns += ns;
    row.shapes.set(shape, (row.shapes.get(shape) || 0) + count);
  }
  return [...rows].map(([k, row]) => ({ ...row, k, shape: d.shapes[[...row.shapes].reduce((a, b) => (b[1] > a[1] ? b : a))[0]] || ["–", "–", 0, 0, 0] }));
}

function kernelColumns(d) {
  return [["kernel", (r) => r.short, true], ["launches", (r) => r.count], d.timed && ["time", (r) => r.ns], ["share", (r) => (d.timed ? r.ns : r.count)],
    ["grid", null, true], ["block", null, true], ["shared memory", (r) => r.shape[2]], ["registers", (r) => r.shape[3]]].filter(Boolean);
}

function kernelRow(run, row, whole) {
  const d = run.device, more = row.shapes.size - 1, part = d.timed ? row.ns : row.count;
  const shapes = [...row.shapes].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([i, count]) => (d.shapes[i] ? d.shapes[i][0] + " blocks of " + d.shapes[i][1] : "?") + ": " + grouped(count)).join("\n");
  return h("tr", {}, h("th", { scope: "row", class: "mono wrap kernel", tabindex: "0", "data-tip": row.name }, row.short),
    h("td", {}, grouped(row.count)), d.timed && h("td", {}, timeText(row.ns)),
    h("td", { class: "share" }, h("span", { class: "sharebar", "aria-hidden": "true", style: { width: (whole > 0 ? (2 * part) / whole : 0) + "rem" } }), " " + shareText(part, whole)),
    h("td", { class: "text", "data-tip": shapes }, row.shape[0], more > 0 && h("span", { class: "times" }, "+" + more)), h("td", { class: "text" }, row.shape[1]), h("td", {}, row.shape[2] === 0 ? "0" : size(row.shape[2])), h("td", {}, row.shape[3]));
}

function kernelTable(run) {
  if (kernelView.layer >= run.folds.length) kernelView.layer = -1;
  const d = run.device, columns = kernelColumns(d), body = h("tbody", {}), none = h("p", { class: "hint" }, "None matches.");
  if (kernelView.key === null || kernelView.key >= columns.length || !columns[kernelView.key][1]) kernelView.key = d.timed ? 2 : 1;
  const many = h("th", { scope: "row" }), launched = h("td", { id: "kernels-sum" }), ran = d.timed && h("td", {});
  const again = () => {
    const value = columns[kernelView.key][1], sign = kernelView.ascending ? 1 : -1, all = kernelRows(run);
    all.sort((a, b) => sign * (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) || b.count - a.count);
    const launches = sumOf(all.map((row) => row.count)), whole = d.timed ? sumOf(all.map((row) => row.ns)) : launches;
    keepRows(body, "kernels", (kernelView.all ? all : all.slice(0, shownKernels)).map((row) => [row.k, [row.count, row.ns, row.shapes.size, whole].join(), () => kernelRow(run, row, whole)]));
    many.textContent = grouped(all.length) + " kernels";
    launched.textContent = grouped(launches);
    if (ran) ran.textContent = timeText(whole);
    none.hidden = all.length > 0;
    more.show(all.length, shownKernels);
  };
  const more = moreButton(kernelView, again);
  const foot = h("tr", {}, many, launched, ran, h("td", { colspan: columns.length - (d.timed ? 3 : 2) }));
  fill("kernels", h("table", {}, h("thead", {}, sortHead(kernelView, columns, again)), body, h("tfoot", {}, foot)), none, more.button,
    d.rest.names > 0 && h("p", { class: "hint" }, grouped(d.rest.names) + " more kernels, launched " + grouped(d.rest.count) + " times, are not on this page; the JSON report has more."));
  again();
  return again;
}

const chooser = (id, label, choices, chosenValue, onchange) =>
  h("select", { id, "aria-label": label, onchange: (event) => onchange(Number(event.target.value)) }, choices.map(([value, text]) => h("option", { value, selected: value === chosenValue }, text)));

function kernelControls(run, show) {
  const d = run.device, again = (member) => (value) => { kernelView[member] = value; show(); };
  const used = new Set(d.uses.map((use) => use[2]));
  const layers = run.folds.map((fold, i) => [i, "\u00a0".repeat(2 * foldDepth(run, i)) + fold.name + (fold.members.length > 1 ? " ×" + fold.members.length : "")]).filter(([i]) => [...foldsBelow(run, i)].some((below) => used.has(below)));
  fill("kernels-controls",
    h("input", { type: "search", placeholder: "filter", "aria-label": "Filter kernels by name", value: kernelView.filter, oninput: (event) => again("filter")(event.target.value) }),
    chooser("kernels-phase", "Phase of the kernels", [[-1, "every phase"], ...d.phases.map((row) => [row.phase, data.phases[row.phase]])], kernelView.phase, again("phase")),
    run.folds.length > 1 && chooser("kernels-layer", "Layer of the kernels", [[-1, "every layer"], ...layers], kernelView.layer, again("layer")));
}

function workFigures(d) {
  const t = d.total, cards = [];
  if (t.kernels > 0) cards.push(figure("Kernels", grouped(t.kernels), grouped(d.names.length + d.rest.names) + " different" + (t.launches > 0 ? ", by " + grouped(t.launches) + " launch calls" : "")));
  if (t.timed > 0) cards.push(figure("Kernels ran", timeText(t.busy), timeText(t.sum) + " added up over kernels"));
  if (t.bandwidth !== null) cards.push(figure("Memory bandwidth", sizeText(t.bandwidth) + "/s", d.peak_bandwidth > 0 ? shareText(t.bandwidth, d.peak_bandwidth) + " of the device’s peak, while kernels ran" : "while kernels ran"));
  if (t.copies.length > 0) cards.push(figure("Copied", size(t.copied), t.copies.map(([name, count, bytes]) => [h("span", { class: "line" }, name + " ", size(bytes), " in " + grouped(count))])));
  if (t.sets > 0) cards.push(figure("Set", size(t.set), "in " + grouped(t.sets)));
  if (t.waits > 0) cards.push(figure("Host waited", grouped(t.waits) + "×", t.waited === null ? "for the device" : timeText(t.waited) + " for the device"));
  return cards;
}

// Layers by phases, one quantity at a time; equal blocks are one row.
const quantities = [["kernels", (p) => p[2], grouped], ["time of kernels", (p) => p[3], timeText], ["bytes copied", (p) => p[4], null], ["bytes set", (p) => p[5], null], ["asked of the driver", (p) => p[6], null]];

const hasWork = (d, i) => d.places.some((place) => quantities[i][1](place) !== 0);

function workTable(run) {
  const d = run.device, used = quantities.map((_, i) => i).filter((i) => (i !== 1 || d.timed) && hasWork(d, i));
  if (!used.includes(workView.quantity)) workView.quantity = used[0];
  const [, value, write] = quantities[workView.quantity];
  const phases = [...new Set(d.places.filter((place) => value(place) !== 0).map((place) => place[1]))].sort((a, b) => a - b);
  const cells = new Map();
  for (const place of d.places) if (value(place) !== 0) cells.set(place[0] + "," + place[1], value(place));
  const cell = (fold, phase) => cells.get(fold + "," + phase) || 0, most = Math.max(1, ...cells.values());
  const text = (amount) => (write ? write(amount) : size(amount));
  const rows = run.folds.map((_, i) => i).filter((i) => [...foldsBelow(run, i)].some((below) => phases.some((phase) => cell(below, phase) !== 0)));
  const row = (i) => {
    const own = phases.map((phase) => cell(i, phase)), all = sumOf(own), fold = run.folds[i];
    return h("tr", {}, h("th", { scope: "row" }, h("span", { class: "tree", style: { "--depth": foldDepth(run, i) } }, fold.name, fold.members.length > 1 && h("span", { class: "times" }, "×" + fold.members.length))),
      own.map((amount) => (amount === 0 ? h("td", { class: "zero" }, all === 0 ? "" : "0") : h("td", { class: "heat", style: { "--color": "var(--parameter)", "--share": Math.sqrt(amount / most).toFixed(3) } }, text(amount)))), h("td", { class: "sum" }, all === 0 ? "" : text(all)));
  };
  const sums = phases.map((phase) => sumOf(run.folds.map((_, i) => cell(i, phase))));
  fill("work-controls", segmented("What the table shows", "work", used.map((i) => [String(i), quantities[i][0]]), String(workView.quantity), (chosenQuantity) => { workView.quantity = Number(chosenQuantity); workTable(run); document.querySelector("input[name=work]:checked").focus(); }));
  fill("work", h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "text" }, "layer"), phases.map((phase) => h("th", { scope: "col" }, data.phases[phase])), h("th", { scope: "col" }, "together"))),
    h("tbody", {}, rows.map(row)), h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "sum"), sums.map((amount) => h("td", {}, text(amount))), h("td", { id: "work-sum" }, text(sumOf(sums)))))));
}

function driverMemory(run) {
  const d = run.device;
  const rows = d.memory.map(([library, path, kind, layer, phase, count, taken, returned]) => h("tr", {}, h("th", { scope: "row", class: "wrap", "data-tip": path || null }, library), h("td", { class: "text" }, kind.replace(/_/g, " ")), h("td", {}, size(taken)), h("td", {}, returned === 0 ? "0" : size(returned)), h("td", {}, grouped(count)), h("td", { class: "text wrap" }, data.phases[phase], layer && " at ", breakable(layer))));
  const head = [["caller", true], ["kind", true], ["asked for", false], ["given back", false], ["times", false], ["first needed in", true]];
  fill("driver", h("table", {}, h("thead", {}, h("tr", {}, head.map(([name, text]) => h("th", { scope: "col", class: text ? "text" : null }, name)))), h("tbody", {}, rows)),
    d.smaller_memory > 0 && h("p", { class: "hint" }, grouped(d.smaller_memory) + " smaller rows are in the JSON report."));
}

function kernelSection(run) {
  const d = run.device;
  $("kernels-hint").replaceChildren(h("b", {}, d.origin + ". "), d.timed ? "“Ran” counts kernels side by side once; the table adds up each kernel’s own time." : "");
  fill("device-figures", workFigures(d));
  $("kernels").hidden = d.uses.length === 0;
  fill("kernels-controls");
  if (d.uses.length > 0) kernelControls(run, kernelTable(run));
}
