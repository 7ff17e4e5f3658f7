// Largest tensors, steps, closed forms, environment.
const tensorView = { key: 0, ascending: false, filter: "", all: false };
const allTensorColumns = [["bytes", (t) => t.bytes, false], ["tensor", (t) => t.tensor, true], ["operator", (t) => t.op, true], ["layer", (t) => t.layer, true],
  ["category", (t) => t.category.title, true], ["phase", (t) => t.phase + (t.step > 0 ? " " + t.step : ""), true], ["line", (t) => t.line, true]];
const tensorColumnsOf = (run) => (run.sources.length > 0 ? allTensorColumns : allTensorColumns.slice(0, -1));
const shownTensors = 20;

const tensorsOf = (run) => run.tensors.map(([bytes, requested, tensor, op, layer, category, phase, step, line], index) => ({
  index, bytes, requested, tensor: run.strings[tensor] || "(scratch)", op: run.strings[op], layer: run.layers[layer] ? run.layers[layer].path : "", category: categories[category], phase: data.phases[phase], step, line: run.strings[line] }));

function orderedTensors(run) {
  const value = allTensorColumns[tensorView.key][1], sign = tensorView.ascending ? 1 : -1, wanted = tensorView.filter.toLowerCase();
  const matches = tensorsOf(run).filter((t) => [t.tensor, t.op, t.layer, t.category.title, t.phase, t.line].some((text) => text.toLowerCase().includes(wanted)));
  return matches.sort((a, b) => sign * (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) || b.bytes - a.bytes);
}

function tensorRow(t, lines) {
  return h("tr", {}, h("td", {}, size(t.bytes, "asked for " + exactSize(t.requested))), h("td", { class: "text mono" }, t.tensor), h("td", { class: "text mono" }, t.op), h("td", { class: "text mono wrap" + (lines ? " beside" : "") }, breakable(t.layer)),
    h("td", { class: "text" }, swatch(t.category), t.category.title), h("td", { class: "text" }, t.phase + (t.step > 0 ? " " + t.step : "")), lines && h("td", { class: "text mono", "data-tip": t.line }, t.line.replace(/.*\//, "")));
}

const smallerText = (count, bytes) => (count === 0 ? "" : grouped(count) + (count === 1 ? " more holds " : " more hold ") + binarySize(bytes) + (count === 1 ? "." : " together."));

function tensorSection(run) {
  const columns = tensorColumnsOf(run), body = h("tbody", {}), none = h("p", { class: "hint" }, "None matches.");
  if (tensorView.key >= columns.length) tensorView.key = 0;
  const again = () => {
    const rows = orderedTensors(run);
    keepRows(body, "tensors", (tensorView.all ? rows : rows.slice(0, shownTensors)).map((t) => [t.index, "", () => tensorRow(t, run.sources.length > 0)]));
    none.hidden = rows.length > 0;
    more.show(rows.length, shownTensors);
    const unlisted = tensorView.all || tensorView.filter ? [] : rows.slice(shownTensors);
    onPaper.textContent = smallerText(run.smaller.count + unlisted.length, run.smaller.bytes + sumOf(unlisted.map((t) => t.bytes)));
  };
  const onPaper = h("p", { class: "hint on-paper" });
  const more = moreButton(tensorView, again);
  fill("tensors-controls", h("input", { type: "search", placeholder: "filter", "aria-label": "Filter tensors by shape, operator, layer, category or phase", value: tensorView.filter, oninput: (event) => { tensorView.filter = event.target.value; again(); } }));
  fill("tensors", h("table", {}, h("thead", {}, sortHead(tensorView, columns, again)), body), none, more.button,
    h("p", { class: "hint on-screen" }, smallerText(run.smaller.count, run.smaller.bytes)), onPaper);
  again();
}

const shownSources = 30;

function sourcesSection(run) {
  const used = usedCategories(run.sources.map((row) => row.categories));
  const rows = run.sources.slice(0, shownSources).map((row) => h("tr", {}, h("th", { scope: "row", class: "mono wrap" }, breakablePath(run.strings[row.line] || "(no line of the program)")),
    h("td", {}, size(row.bytes)), h("td", {}, shareText(row.bytes, run.peak.allocated)), h("td", {}, grouped(row.blocks)), used.map((c) => h("td", {}, row.categories[c] === 0 ? h("span", { class: "none" }, "–") : size(row.categories[c])))));
  const head = ["line", "bytes", "share", "blocks"].map((name, i) => h("th", { scope: "col", class: i === 0 ? "text" : null }, name));
  const rest = run.sources.slice(shownSources);
  fill("sources", h("table", {}, h("thead", {}, h("tr", {}, head, used.map((c) => h("th", { scope: "col" }, swatch(categories[c]), categories[c].title)))), h("tbody", {}, rows)),
    rest.length > 0 && h("p", { class: "hint" }, grouped(rest.length) + " more lines hold " + binarySize(sumOf(rest.map((row) => row.bytes))) + " together."));
}

function ordersSection(run) {
  $("orders-hint").textContent = "PyTorch's allocator breaks ties between equal free blocks by address. The same run under " + run.order_count + " orders of addresses; all else on this page is under the first.";
  const rows = run.bands.map((band) => h("tr", {}, h("th", { scope: "row" }, "peak " + band.peak), h("td", {}, size(band.least)), h("td", { class: "text" }, band.least === band.most ? "all" : band.least_order), h("td", {}, size(band.most)), h("td", { class: "text" }, band.least === band.most ? "all" : band.most_order),
    h("td", {}, band.least === band.most ? h("span", { class: "none" }, "none") : [size(band.most - band.least), " (" + ((100 * (band.most - band.least)) / band.least).toFixed(3) + " %)"])));
  fill("orders", h("table", {}, h("thead", {}, h("tr", {}, [["", true], ["least", false], ["under", true], ["most", false], ["under", true], ["spread", false]].map(([name, text]) => h("th", { scope: "col", class: text ? "text" : null }, name)))), h("tbody", {}, rows)));
}

// Of a run that generates: the prefill, the first and the last token, and the one of the peak.
const tellingSteps = (run) => (run.cache ? run.steps.filter((step, i) => i < 2 || i + 1 === run.steps.length || step.step === run.peak.step) : run.steps);
const stepName = (run, step, i) => (run.cache ? moment(step.peak.phase, step.step) : "step " + step.step + (run.steps.length === 1 ? "" : i === 0 ? ", the first" : ", steady"));

function stepsSection(run) {
  if (run.steps.length === 0) return fill("steps", h("p", { class: "hint" }, "No step was recorded."));
  const steps = tellingSteps(run), used = usedCategories(steps.map((step) => step.peak.categories));
  const column = (step) => step.peak.event < 0 ? "–" : null;
  const line = (name, cell) => h("tr", {}, h("th", { scope: "row" }, name), steps.map((step) => h("td", { class: name === "where" ? "wrap" : null }, column(step) || cell(step.peak))));
  fill("steps", h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "text" }, "peak of"), steps.map((step, i) => h("th", { scope: "col" }, stepName(run, step, i))))),
    h("tbody", {}, used.map((c) => line([swatch(categories[c]), categories[c].title], (peak) => size(peak.categories[c]))), line("reserved then", (peak) => size(peak.reserved)), line("where", (peak) => breakable(place(run, peak)))),
    h("tfoot", {}, line("allocated", (peak) => size(peak.allocated)))));
}

// Forms that differ only in the numbers of their layer's path are one row.
function groupedForms(run) {
  const groups = new Map();
  for (const form of run.forms) {
    const pattern = form.layer.replace(/\d+/g, "*");
    const key = JSON.stringify([form.quantity, pattern, form.formula, form.closed, form.recorded]);
    if (!groups.has(key)) groups.set(key, { ...form, pattern, count: 0 });
    ++groups.get(key).count;
  }
  return [...groups.values()].sort((a, b) => Number(b.recorded !== null && b.recorded !== b.closed) - Number(a.recorded !== null && a.recorded !== a.closed));
}

function verdict(form) {
  if (form.recorded === null) return h("span", { class: "none" }, "not in this run");
  const difference = form.recorded - form.closed;
  return difference === 0 ? h("span", { class: "saves" }, "✓ equal") : h("span", { class: "costs" }, "✗ " + (difference > 0 ? "+" : "") + grouped(difference) + " B");
}

function formsSection(run) {
  if (run.forms.length === 0) return fill("forms", h("p", { class: "hint" }, "This run has no closed forms."));
  const rows = groupedForms(run).map((form) => h("tr", {}, h("th", { scope: "row" }, form.quantity.replace(/_/g, " ").replace(/ bytes/, ""), h("br"), h("span", { class: "times", style: { "margin-left": 0 } }, breakable(form.count > 1 ? form.pattern + " ×" + form.count : form.layer))),
    h("td", { class: "text wrap mono" }, form.formula), h("td", {}, size(form.closed)), h("td", {}, form.recorded === null ? null : [size(form.recorded), h("br")], verdict(form))));
  fill("forms", h("table", {}, h("thead", {}, h("tr", {}, [["quantity", true], ["closed form", true], ["expected", false], ["recorded", false]].map(([name, text]) => h("th", { scope: "col", class: text ? "text" : null }, name)))), h("tbody", {}, rows)));
}

async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", {}, text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

const pairs = (rows) => h("dl", {}, rows.filter(([, value]) => value !== "" && value !== null).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

function factsSection(run) {
  const e = run.environment;
  const commands = [...new Set(data.runs.map((other) => other.command))], several = commands.length > 1;
  const command = (text, name) => h("div", { class: "command" }, h("code", {}, text), h("button", { class: "button", type: "button", "aria-label": "Copy " + name, onclick: (event) => copyText(text, event.currentTarget) }, "Copy"));
  fill("facts", h("h3", {}, "Repeat this run"), command(run.command, "the command of this run"),
    several && [h("h3", {}, "Repeat all " + commands.length + " runs"), command(commands.join("\n"), "the commands of all runs")],
    h("div", { class: "facts" },
      h("div", {}, h("h3", {}, "Environment"), pairs([["numbers are", run.truth], ["device", e.device_name], ["compute capability", e.compute_capability], ["device memory", e.total > 0 ? size(e.total) : ""], ["PyTorch", e.torch], ["CUDA", e.cuda], ["driver", e.driver], ["allocator settings", e.allocator_settings], ["headroom", e.headroom]])),
      h("div", {}, h("h3", {}, "The allocator’s own account"), pairs([["most allocated", size(run.allocator.allocated)], ["most requested", size(run.allocator.requested)], ["most reserved", size(run.allocator.reserved)], ["events dropped", grouped(run.dropped)]])),
      !run.program && run.assumptions.length > 0 && h("div", {}, h("h3", {}, "Assumed"), h("ul", {}, run.assumptions.map((text) => h("li", {}, text))))));
}
