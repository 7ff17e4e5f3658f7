// What a run that generates keeps of earlier tokens: figures, how it grew, layer by layer, and what the device holds.
const growthHeight = 220;

// From zero where the values fill at least half of that, else from just below the least: cache and peak change little
// beside what the prompt took.
function growthRange(values) {
  const most = Math.max(...values), least = Math.min(...values), spread = most - least;
  if (least <= most / 2) return [0, Math.max(most * 1.06, 1)];
  const room = Math.max(spread * 0.15, most * 0.002, 1);
  return [Math.max(0, least - room), most + room];
}

function growthTicks([low, high]) {
  const step = niceStep(high - low, 4), out = [];
  for (let at = Math.ceil(low / step) * step; at <= high && step > 0; at += step) out.push(at);
  return out;
}

const signed = (bytes, before) => (before === null || bytes === before ? "" : "\n" + (bytes > before ? "+" : "−") + exactSize(Math.abs(bytes - before)) + " since the step before");

// One value for each step, the prefill first; a value holds until the next step.
function growthChart(run, key, title, tint, width) {
  const steps = run.cache.steps, values = steps.map((step) => step[key]), range = growthRange(values);
  const left = 82, right = width - 14, top = 12, bottom = growthHeight - 26;
  const x = (i) => (steps.length === 1 ? (left + right) / 2 : left + (i / (steps.length - 1)) * (right - left));
  const y = (bytes) => bottom - ((bytes - range[0]) / (range[1] - range[0])) * (bottom - top);
  const grid = growthTicks(range).flatMap((bytes) => [draw("line", { x1: left, x2: right, y1: y(bytes), y2: y(bytes), stroke: "var(--grid)" }),
    draw("text", { x: left - 8, y: y(bytes) + 4, "text-anchor": "end" }, tickText(Math.round(bytes)))]);
  const line = values.map((bytes, i) => (i === 0 ? "M" : "H" + round(x(i)) + "V") + (i === 0 ? round(x(0)) + " " + round(y(bytes)) : round(y(bytes)))).join("");
  const few = steps.length <= 80, highest = values.indexOf(Math.max(...values));
  const points = steps.map((step, i) => draw("circle", { cx: x(i), cy: y(values[i]), r: few ? (step.phase === steps[0].phase ? 5 : 3.5) : 4, class: few ? null : "unseen", fill: tint, stroke: "var(--panel)", "stroke-width": 1.5,
    "data-tip": step.name + ": " + sizeText(values[i]) + "\n" + exactSize(values[i]) + ", " + grouped(step.tokens) + " tokens in the cache" + (key === "peak" ? "\nat " + step.layer : "") + signed(values[i], i > 0 ? values[i - 1] : null) }));
  const label = title + ": " + exactSize(values[0]) + " in the prefill" + (steps.length > 1 ? ", " + exactSize(values[values.length - 1]) + " in the last of " + grouped(steps.length) + " steps, most in " + steps[highest].name : "");
  const svg = draw("svg", { viewBox: "0 0 " + width + " " + growthHeight, height: growthHeight, role: "img", "aria-label": label },
    ...grid, draw("line", { x1: left, x2: right, y1: bottom, y2: bottom, stroke: "var(--line)" }),
    ...(range[0] === 0 ? [draw("path", { d: line + "V" + bottom + "H" + round(x(0)) + "Z", fill: tint, opacity: 0.16 })] : []), draw("path", { d: line, fill: "none", stroke: tint, "stroke-width": 2 }), ...points,
    draw("text", { x: left, y: growthHeight - 8 }, "prefill"), ...(steps.length > 1 ? [draw("text", { x: right, y: growthHeight - 8, "text-anchor": "end" }, "token " + grouped(steps[steps.length - 1].step))] : []));
  return h("div", { class: "chart growth" }, h("h3", {}, title, range[0] > 0 && h("span", { class: "times" }, "the axis does not start at 0")), svg);
}

function cacheFigures(run) {
  const c = run.cache, first = c.steps[0], last = c.steps[c.steps.length - 1], share = run.peak.categories[categories.findIndex((category) => category.name === "kv_cache")];
  const peakPhase = data.phases[run.peak.phase];
  const peak = (phase, bytes) => bytes !== null && figure("Peak of the " + phase, size(bytes), peakPhase === phase ? h("b", {}, "the peak of the run") : "below the peak of the run");
  return [figure("KV cache per token", size(c.per_token), ["of one sequence, ", c.basis]),
    figure(c.steps.length > 1 ? "From prompt to last token" : "After the prompt", size(last.cache), [size(first.cache), " after the prefill, ", grouped(first.tokens), " to ", grouped(last.tokens), " tokens"]),
    figure("Share of the peak", shareText(share, run.peak.allocated), [size(share), " of it is cache"]),
    peak("prefill", c.prefill_peak), peak("decode", c.decode_peak),
    c.fit.map((found) => figure(found.name, found.value === null ? "–" : grouped(found.value), found.text))];
}

function cacheTable(run) {
  const head = [["layer", true], ["per token", false], ["after prefill", false], ["at the end", false], ["grows", true]].map(([name, text]) => h("th", { scope: "col", class: text ? "text" : null }, name));
  const known = (row) => (row.per_token !== null ? size(row.per_token, "as recorded") : row.expected !== null ? size(row.expected, "by closed form") : "–");
  const rows = run.cache.rows.map((row) => h("tr", {}, h("th", { scope: "row", class: "wrap" }, breakable(row.name), row.count > 1 && h("span", { class: "times" }, "×" + grouped(row.count))),
    h("td", {}, known(row)), h("td", {}, size(row.prompt)), h("td", {}, size(row.bytes)), h("td", { class: "text wrap" }, row.growth)));
  return h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows));
}

function cacheSection(run) {
  const c = run.cache;
  $("cache-hint").textContent = "Kept as: " + c.kind + ", of " + grouped(c.sequences) + (c.sequences === 1 ? " sequence" : " sequences") + ". Bytes of the cache are what was requested, before the allocator’s rounding; " + c.verdict + ".";
  fill("cache-figures", cacheFigures(run));
  const whole = Math.max(300, $("cache-growth").clientWidth), width = whole > 760 ? Math.floor((whole - 24) / 2) : whole;
  fill("cache-growth", growthChart(run, "cache", "The cache after each step", "var(--kv_cache-line)", width), growthChart(run, "peak", "The peak within each step", "var(--accent)", width));
  fill("cache", c.rows.length > 0 ? [cacheTable(run), h("p", { class: "hint" }, "Of one layer each; ×N stands for N equal layers.")] : h("p", { class: "hint" }, "Nothing was kept."));
}
