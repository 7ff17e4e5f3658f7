// Title, key figures, warnings and the comparison.
function masthead() {
  const first = data.runs[0];
  const badges = [...new Set(data.runs.map((run) => run.truth))];
  const explain = {
    virtual: "No GPU ran this. PyTorch's own CUDA code and caching allocator ran over a virtual CUDA device: its allocations, no measurement.",
    measured: "It really ran on this device; every allocation was recorded.",
    reported: "A memory snapshot of PyTorch's says so; it does not say whether a GPU or a virtual one was under it.",
  };
  fill("masthead",
    h("p", { class: "brand" }, "Headroom memory report"),
    h("h1", {}, data.title),
    first && h("p", { class: "device" }, badges.map((word) => h("span", { class: "badge " + word, tabindex: "0", "data-tip": explain[word] }, word)), data.device),
    first && h("ul", { class: "chips", "aria-label": "Settings" }, data.settings.map((text) => h("li", {}, text))),
    first && h("p", { class: "made" }, madeWith(), h("span", { class: "on-screen" }, " · ", h("a", { href: "#facts-title" }, "how this was made, and how to repeat it"))));
}

// "PyTorch 2.11.0 · CUDA 13.0 · headroom 0.1.0", of each what the runs have in common.
function madeWith() {
  const common = (key) => (data.runs.every((run) => run.environment[key] === data.runs[0].environment[key]) ? data.runs[0].environment[key] : "several versions");
  return [["PyTorch", "torch"], ["CUDA", "cuda"], ["headroom", "headroom"]].map(([name, key]) => [name, common(key)]).filter(([, version]) => version !== "").map((words) => words.join(" ")).join(" · ");
}

const figure = (name, value, note) =>
  h("div", { class: "figure" }, h("p", { class: "name" }, name), h("p", { class: "value" }, value), h("p", { class: "note" }, note || ""));

function comparisonFigures() {
  const measured = data.runs.filter((run) => !failed(run));
  const base = data.baseline === null ? null : data.runs[data.baseline];
  const least = measured.reduce((a, b) => (b.peak.allocated < a.peak.allocated ? b : a), measured[0]);
  const cards = [];
  if (base && !failed(base)) cards.push(figure("Baseline peak: " + base.label, size(base.peak.allocated), ["in ", breakable(place(base, base.peak))]));
  if (least) cards.push(figure("Lowest peak: " + least.label, size(least.peak.allocated), least.saving && least.saving.peak !== null && least !== base ? [savingText(least.saving.peak), " saved against " + base.label] : least === base ? "the baseline itself is lowest" : ["in ", breakable(place(least, least.peak))]));
  const best = (key) => measured.filter((run) => run.saving && run.saving[key] !== null).reduce((a, b) => (!a || b.saving[key] > a.saving[key] ? b : a), null);
  const attention = best("attention"), kept = best("activation"), cache = best("kv");
  if (cache && cache.cache) cards.push(figure("Smallest KV cache: " + cache.label, size(cache.kv_per_token), cache === base ? "a token of one sequence" : ["a token of one sequence, ", savingText(cache.saving.kv), " saved"]));
  if (attention) cards.push(figure("Smallest attention: " + attention.label, percentText(attention.saving.attention), "of the attention parameters saved"));
  if (kept && kept.kept > 0) cards.push(figure("Least kept for backward: " + kept.label, size(kept.kept), [savingText(kept.saving.activation), " saved in activations"]));
  return cards;
}

function runFigures(run) {
  const cards = [figure("Peak allocated", size(run.peak.allocated), [run.outcome.kind === "oom" ? "until it ran out, in " : "in ", breakable(place(run, run.peak))]),
    figure("Peak reserved", size(run.peak.most_reserved), "what the allocator took from the device"),
    figure("Parameters", size(run.parameters.bytes), grouped(run.parameters.count) + " numbers")];
  if (run.kept > 0) cards.push(figure("Kept for backward", size(run.kept), "requested for activations of the last step"));
  if (run.cache) cards.push(figure("KV cache", size(run.cache.bytes), [size(run.kv_per_token), " a token of one sequence"]));
  else if (run.kv_per_token > 0) cards.push(figure("KV cache", size(run.kv_per_token), "a token of one sequence"));
  return cards;
}

function figures() {
  if (data.runs.length > 1) return fill("figures", comparisonFigures());
  fill("figures", data.runs.length === 1 && data.runs[0].peak.event >= 0 ? runFigures(data.runs[0]) : []);
}

function failureText(run) {
  const o = run.outcome;
  if (o.kind === "error" && run.has_figures) return run.label + ": " + o.message.replace(/\.?$/, ".") + " What it allocated until then is shown.";
  if (o.kind === "error") return run.label + " could not be measured: " + o.message;
  const where = (o.phase ? " in " + o.phase : "") + (o.layer ? " at " + o.layer : "");
  return [run.label + " ran out of memory" + where + ": asked for ", size(o.request), ", free ", size(o.free), "; ", size(o.allocated), " live and ", size(o.reserved), " reserved by the allocator." + (run.unfinished ? " " + run.unfinished : "")];
}

function alerts() {
  const lines = [];
  if (data.runs.length === 0) lines.push("This report holds no runs.");
  if (data.differences.length > 0) lines.push("The runs differ in " + data.differences.join(", ") + ": their savings are not of the attention mechanism alone.");
  if (data.baseline !== null && failed(data.runs[data.baseline])) lines.push("No savings: the baseline, " + data.runs[data.baseline].label + ", has no peak to compare with.");
  for (const run of data.runs) {
    if (run.outcome.kind !== "ok") lines.push(failureText(run));
    if (run.dropped > 0) lines.push(run.label + ": " + grouped(run.dropped) + " events were dropped, so its numbers are too low.");
    if (run.device) for (const [text, serious] of run.device.remarks) if (serious) lines.push(run.label + ": " + text);
    const wrong = run.forms.filter((form) => form.recorded !== null && form.recorded !== form.closed);
    if (wrong.length > 0) lines.push(run.label + ": " + wrong.length + " closed forms differ from the recorded bytes; see the table below.");
  }
  fill("alerts", lines.length > 0 && h("section", { class: "alert", role: "alert", "aria-label": "Warnings" }, h("h2", {}, "Read this first"), h("ul", {}, lines.map((line) => h("li", {}, line)))));
}

function niceStep(most, ticks) {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log(Math.max(most, 1)) / Math.log(1024)));
  const rough = most / unit / ticks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  return step * unit;
}

function ticksUpTo(most, ticks) {
  const step = niceStep(most, ticks), out = [];
  for (let at = 0; at <= most && step > 0; at += step) out.push(at);
  return out;
}
const tickText = (bytes) => (bytes === 0 ? "0" : binarySize(bytes).replace(/\.0+(?= )|(\.\d*?)0+(?= )/, "$1"));

function barRow(run, index, most, chosen, choose) {
  const parts = categories.map((c, i) => [c, run.peak.categories[i]]).filter(([, bytes]) => bytes > 0);
  const label = run.label + (failed(run) ? ": failed" : ": peak " + exactSize(run.peak.allocated) + "; " + parts.map(([c, bytes]) => c.title + " " + exactSize(bytes)).join(", "));
  const base = index === data.baseline;
  const bar = failed(run)
    ? h("span", { class: "failed" }, run.outcome.kind === "oom" ? "out of memory" : "could not be measured")
    : h("span", { class: "track" },
        h("span", { class: "stack", style: { width: (100 * run.peak.allocated) / most + "%" } },
          parts.map(([c, bytes]) => h("i", { style: { "--color": color(c), flex: bytes + " 0 0" }, "data-tip": c.title + ": " + sizeText(bytes) + "\n" + exactSize(bytes) + ", " + shareText(bytes, run.peak.allocated) + " of the peak" }))),
        h("span", { class: "reserved", style: { width: (100 * run.peak.most_reserved) / most + "%" } }));
  return h("button", { class: "bar-row", type: "button", "aria-pressed": String(index === chosen), "aria-label": label, onclick: () => choose(index) },
    h("span", { class: "who" }, run.label, base && h("small", {}, "baseline")), bar,
    !failed(run) && [h("span", { class: "much" }, size(run.peak.allocated)), h("span", { class: "diff" }, base ? null : differenceText(run))]);
}

// "12.9 % saved" or "3.0 % more" than the baseline's peak.
function differenceText(run) {
  const percent = run.saving ? run.saving.peak : null;
  if (percent === null) return null;
  return h("span", { class: percent > 0.05 ? "saves" : percent < -0.05 ? "costs" : "none", "data-tip": fixed(percent, 6) + " % saved against the baseline" },
    percentText(Math.abs(percent)) + (percent < 0 ? " more" : " saved"));
}

function bars(chosen, choose) {
  const most = Math.max(1, ...data.runs.filter((run) => !failed(run)).map((run) => Math.max(run.peak.allocated, run.peak.most_reserved)));
  const used = usedCategories(data.runs.map((run) => run.peak.categories));
  fill("legend", used.map((i) => h("li", { "data-tip": categories[i].meaning }, swatch(categories[i]), categories[i].title)),
    h("li", { "data-tip": "The most the allocator held from the device at any time." }, h("span", { class: "swatch line", "aria-hidden": "true" }), "reserved"));
  fill("bars", data.runs.map((run, i) => barRow(run, i, most, chosen, choose)),
    h("div", { class: "bar-row axis-row", "aria-hidden": "true", style: { cursor: "default" } }, h("span"),
      h("div", { class: "axis" }, ticksUpTo(most, 6).map((at) => h("span", { style: { left: (100 * at) / most + "%" } }, tickText(at)))), h("span"), h("span")));
}

// Nothing for the baseline itself.
const savingOf = (run, key) => savingText(run.saving && data.runs[data.baseline] !== run ? run.saving[key] : null);
const cacheSize = (run, key) => (run.cache && run.cache[key] !== null ? size(run.cache[key]) : "–");
const allComparisonColumns = [
  ["peak allocated", (r) => size(r.peak.allocated)], ["peak saved", (r) => savingOf(r, "peak")],
  ["peak reserved", (r) => size(r.peak.most_reserved)], ["parameters", (r) => size(r.parameters.bytes)],
  ["parameters saved", (r) => savingOf(r, "parameter")], ["attention params saved", (r) => savingOf(r, "attention")],
  ["kept for backward", (r) => size(r.kept)], ["kept saved", (r) => savingOf(r, "activation")],
  ["kernels", (r) => (r.device && r.device.total.kernels > 0 ? grouped(r.device.total.kernels) : "–")],
  ["peak of prefill", (r) => cacheSize(r, "prefill_peak")], ["peak of decode", (r) => cacheSize(r, "decode_peak")], ["KV cache at the end", (r) => cacheSize(r, "bytes")],
  ["KV cache per token", (r) => (r.kv_per_token > 0 ? size(r.kv_per_token) : "–")], ["KV cache saved", (r) => savingOf(r, "kv")]];

function comparisonTable(chosen) {
  const has = { "kept for backward": data.runs.some((run) => run.kept > 0), "kept saved": data.runs.some((run) => run.kept > 0),
    "KV cache per token": data.runs.some((run) => run.kv_per_token > 0), "KV cache saved": data.runs.some((run) => run.kv_per_token > 0) };
  for (const name of ["peak of prefill", "peak of decode", "KV cache at the end"]) has[name] = data.runs.some((run) => run.cache);
  has.kernels = data.runs.some((run) => run.device && run.device.total.kernels > 0);
  for (const [name, key] of [["parameters saved", "parameter"], ["attention params saved", "attention"]])
    has[name] = data.runs.some((run, i) => i !== data.baseline && run.saving && run.saving[key] !== null);
  const comparisonColumns = allComparisonColumns.filter(([name]) => has[name] !== false && (data.baseline !== null || !name.endsWith("saved")));
  const head = h("tr", {}, h("th", { scope: "col", class: "text" }, data.runs[0].program ? "recording" : "variant"), comparisonColumns.map(([name]) => h("th", { scope: "col" }, name)));
  const rows = data.runs.map((run, i) => h("tr", { class: i === chosen ? "chosen" : null },
    h("th", { scope: "row" }, run.label, i === data.baseline ? " (baseline)" : ""),
    failed(run) ? h("td", { colspan: comparisonColumns.length, class: "text failed" }, run.outcome.kind === "oom" ? "out of memory" : "could not be measured")
      : comparisonColumns.map(([, cell]) => h("td", {}, cell(run)))));
  fill("comparison-table", h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}

function comparison(chosen, choose) {
  $("comparison").hidden = data.runs.length < 2;
  if (data.runs.length < 2) return;
  bars(chosen, choose);
  comparisonTable(chosen);
}

// What a program's run rests on stands above its numbers.
function assumptionSection(run) {
  fill("assumed", h("h2", {}, "Assumed"), h("ul", {}, run.assumptions.map((text) => h("li", {}, withFlags(text)))), run.value_hint && h("p", { class: "hint" }, withFlags(run.value_hint)));
}
