// Layers x categories as a tree. A closed row stands for everything below it, an open one for its own bytes, so the rows
// on screen always add up to the total. Identical blocks are one row until unfolded.
const layerView = { kind: "peak", closed: new Set(), unfolded: new Set() };
const runColumns = [["parameters", "parameter", sumOf], ["gradients", "gradient", sumOf], ["optimizer state", "optimizer_state", sumOf],
  ["kept for backward", "activation", sumOf], ["temporaries, most", "temporary", (v) => Math.max(0, ...v)], ["KV cache", "kv_cache", sumOf],
  ["device in forward, most", null, (v) => Math.max(0, ...v)], ["device in backward, most", null, (v) => Math.max(0, ...v)]];

function foldedNode(run, index) {
  const row = run.folds[index];
  const parent = run.folds[row.parent];
  return {
    key: "f" + index, name: row.name, members: row.members, count: row.members.length,
    group: index > 0 && row.members.length > parent.members.length,
    children: () => run.folds.flatMap((other, i) => (i > 0 && other.parent === index ? [foldedNode(run, i)] : [])),
    singles: () => row.members.map((id) => singleNode(run, id)),
  };
}

function singleNode(run, id) {
  const layer = run.layers[id], prefix = run.layers[layer.parent].path + ".";
  return {
    key: "l" + id, name: layer.path.startsWith(prefix) ? layer.path.slice(prefix.length) : layer.path, members: [id], count: 1, group: false,
    children: () => run.layers.flatMap((other, i) => (i > 0 && i !== id && other.parent === id ? [singleNode(run, i)] : [])),
  };
}

const childrenOf = (node) => (node.group && layerView.unfolded.has(node.key) ? node.singles() : node.children());
function everythingBelow(node) {
  return [...node.members, ...node.children().flatMap(everythingBelow)];
}

// Bytes of some layers, one number for each column.
function layerCells(run, ids) {
  if (layerView.kind === "peak") return categories.map((_, c) => sumOf(ids.map((id) => run.cells[id][c] || 0)));
  return runColumns.map(([, , join], c) => join(ids.map((id) => run.rows[id][c])));
}

function visibleRows(run, node, depth, out) {
  const children = childrenOf(node), open = children.length > 0 && !layerView.closed.has(node.key);
  const unfolded = node.group && layerView.unfolded.has(node.key);
  const ids = open ? (unfolded ? [] : node.members) : everythingBelow(node);
  out.push({ node, depth, open, unfolded, expandable: children.length > 0, cells: layerCells(run, ids) });
  if (open) for (const child of children) visibleRows(run, child, depth + 1, out);
  return out;
}

function toggle(set, key, again) {
  if (!set.delete(key)) set.add(key);
  again();
}

function layerName(row, again) {
  const { node, depth } = row;
  const twist = row.expandable
    ? h("button", { class: "twist", type: "button", id: "twist-" + node.key, "aria-expanded": String(row.open), "aria-label": (row.open ? "Close " : "Open ") + node.name, onclick: () => toggle(layerView.closed, node.key, again) }, row.open ? "▾" : "▸")
    : h("span", { class: "twist" });
  const fold = node.group &&
    h("button", { class: "fold", type: "button", id: "fold-" + node.key, onclick: () => toggle(layerView.unfolded, node.key, again) }, row.unfolded ? "fold" : "show each of " + node.count);
  return h("span", { class: "tree", style: { "--depth": depth } }, h("span", { class: "named" }, twist, h("span", { title: node.name }, node.name)),
    node.count > 1 && !row.unfolded && h("span", { class: "times" }, "×" + node.count), fold);
}

// The most that one row has of its own where all are open; a closed row may have more and is as dark as can be.
const mostOf = (run) => run.folds.map((fold) => layerCells(run, fold.members));

function heatCell(bytes, most, category, what) {
  if (bytes === 0) return h("td", { class: "zero" }, "0");
  const share = Math.min(1, Math.sqrt(bytes / Math.max(most, 1)));
  return h("td", { class: "heat", style: { "--color": color(category), "--share": share.toFixed(3) } }, size(bytes, what));
}

function peakTable(run, rows, again) {
  const used = usedCategories([run.peak.categories]), total = run.peak.allocated, most = Math.max(...mostOf(run).flat());
  const head = [h("th", { scope: "col", class: "text" }, "layer"), used.map((c) => h("th", { scope: "col", "data-tip": categories[c].meaning }, swatch(categories[c]), categories[c].title)), h("th", { scope: "col" }, "together"), h("th", { scope: "col", class: "text" }, "share")];
  const write = (row) => {
    const own = sumOf(row.cells);
    const header = h("th", { scope: "row" }, layerName(row, again));
    if (own === 0 && row.open) return h("tr", {}, header, h("td", { colspan: used.length + 2 }));
    return h("tr", {}, header, used.map((c) => heatCell(row.cells[c], most, categories[c], row.node.name + ", " + categories[c].title)),
      own === 0 ? h("td", { class: "zero" }, "0") : h("td", {}, size(own)), h("td", { class: "share" }, h("span", { class: "sharebar", "aria-hidden": "true", style: { width: (total > 0 ? (1.4 * own) / total : 0) + "rem" } }), " " + shareText(own, total)));
  };
  const foot = h("tr", {}, h("th", { scope: "row" }, "sum"), used.map((c) => h("td", {}, size(sumOf(rows.map((row) => row.cells[c]))))), h("td", {}, size(total)), h("td", { class: "share" }, shareText(total, total)));
  return { head, write, foot };
}

function runTable(run, rows, again) {
  const used = runColumns.map((_, c) => c).filter((c) => run.rows.some((row) => row[c] !== 0));
  const category = runColumns.map(([, name]) => categories.find((c) => c.name === name));
  const own = mostOf(run), most = runColumns.map((_, c) => Math.max(...own.map((cells) => cells[c])));
  const cell = (row, c) => (category[c] ? heatCell(row.cells[c], most[c], category[c], row.node.name + ", " + runColumns[c][0]) : h("td", {}, row.cells[c] === 0 ? "" : size(row.cells[c])));
  const head = [h("th", { scope: "col", class: "text" }, "layer"), used.map((c) => h("th", { scope: "col" }, category[c] && swatch(category[c]), runColumns[c][0]))];
  return { head, write: (row) => h("tr", {}, h("th", { scope: "row" }, layerName(row, again)), used.map((c) => cell(row, c))), foot: null };
}

function layersSection(run) {
  fill("layers-controls", segmented("What the table shows", "layers", [["peak", "At the peak"], ["run", "Over the run"]], layerView.kind, (value) => { layerView.kind = value; layersSection(run); document.querySelector("input[name=layers]:checked").focus(); }));
  $("layers-hint").textContent = layerView.kind === "peak"
    ? "A closed row holds everything below it, an open row only its own bytes: what you see always adds up to the peak." +
      (run.peak.categories[categories.findIndex((c) => c.name === "workspace")] > 0 ? " Workspace stands at the layer that first needed it; all later layers use it too." : "")
    : "What each layer took, whenever that was: sums over the layers of a row, but the largest of them where the column says “most”. " + (run.trains ? "“Kept for backward” is what operators requested in the last step; the last two columns are" : "The last column is") + " all bytes in use on the device while the layer ran.";
  if (run.folds.length === 0) return fill("layers", h("p", { class: "hint" }, "No layers were recorded."));
  const body = h("tbody", {}), head = h("tr", {}), foot = h("tfoot", {});
  const show = () => {
    const rows = visibleRows(run, foldedNode(run, 0), 0, []), table = (layerView.kind === "peak" ? peakTable : runTable)(run, rows, again);
    head.replaceChildren(...table.head.flat());
    foot.replaceChildren(...(table.foot ? [table.foot] : []));
    keepRows(body, "layers", rows.map((row) => [row.node.key, JSON.stringify([row.open, row.unfolded, row.cells]), () => table.write(row)]));
  };
  const again = () => {
    const focused = document.activeElement && document.activeElement.id;
    show();
    if (focused && $(focused)) $(focused).focus();
  };
  show();
  fill("layers", h("table", {}, h("thead", {}, head), body, foot));
}
