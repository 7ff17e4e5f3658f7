// Allocated bytes by category over the run, as steps: a value holds until the next event.
const chart = { axis: "event", range: "all", cursor: null };
const chartHeight = 340, margin = { left: 68, right: 12, top: 30, bottom: 26 };

function ranges(run) {
  if (run.timeline.event.length === 0) return [["all", "Whole run"]];
  if (run.cache) return [["all", "Whole run"], ["step1", "Prefill"], ...(run.cache.steps.length > 1 ? [["decode", "Decode"]] : [])];
  const all = [...new Set(run.marks.map((mark) => mark.step))].filter((step) => step > 0);
  const steps = all.length > 5 ? all.filter((step, i) => i < 2 || step === run.peak.step || i + 1 === all.length) : all;
  const near = run.peak.event > nearPeak || lastEvent(run) - run.peak.event > nearPeak;
  return [["all", "Whole run"], ...steps.map((step) => ["step" + step, "Step " + step]), ...(near ? [["peak", "Around the peak"]] : [])];
}

// Around the peak every event is there; elsewhere of long runs the lowest and the highest of each interval.
const nearPeak = 300;
const lastEvent = (run) => timelineOf(run).event[timelineOf(run).count - 1];

// First and last point shown.
function shownPoints(run, line) {
  if (!ranges(run).some(([value]) => value === chart.range)) chart.range = "all";
  if (chart.range === "all") return [0, line.count - 1];
  if (chart.range === "peak") {
    const from = line.event.findIndex((event) => event >= run.peak.event - nearPeak), past = line.event.findIndex((event) => event > run.peak.event + nearPeak);
    return [Math.max(from, 0), past < 0 ? line.count - 1 : past - 1];
  }
  const step = chart.range === "decode" ? 2 : Number(chart.range.slice(4));
  const first = run.marks.find((mark) => mark.step === step), after = chart.range === "decode" ? null : run.marks.find((mark) => mark.event > first.event && mark.step !== step);
  const from = Math.max(0, line.event.findIndex((event) => event >= first.event) - 1);
  const to = after ? line.event.findIndex((event) => event >= after.event) : line.count - 1;
  return [Math.min(from, line.count - 1), to < 0 ? line.count - 1 : Math.max(to, from)];
}

function scales(run, line, width) {
  const [from, to] = shownPoints(run, line);
  const axis = line[chart.axis], first = axis[from], last = Math.max(axis[to], first + 1);
  const [left, right] = [margin.left, width - margin.right];
  let most = 1;
  for (let i = from; i <= to; ++i) most = Math.max(most, line.total[i], line.reserved[i]);
  const total = run.environment.total;
  if (total > 0 && total < 1.3 * most) most = total;
  most *= 1.04;
  return {
    from, to, most, left, right, bottom: chartHeight - margin.bottom, axis,
    x: (value) => left + ((Math.min(Math.max(value, first), last) - first) / (last - first)) * (right - left),
    y: (bytes) => chartHeight - margin.bottom - (bytes / most) * (chartHeight - margin.bottom - margin.top),
  };
}

const shortPhases = { build: "b", forward: "fwd", backward: "bwd", optimizer: "opt", prefill: "pre", decode: "dec", recompute: "re" };
const round = (value) => Math.round(value * 10) / 10;
function stepPath(s, values, backwards) {
  const parts = [];
  const order = [];
  for (let i = s.from; i <= s.to; ++i) order.push(i);
  for (const i of order) {
    const start = round(s.x(s.axis[i])), end = round(i < s.to ? s.x(s.axis[i + 1]) : s.right), y = round(s.y(values[i]));
    parts.push([start, y], [end, y]);
  }
  if (backwards) parts.reverse();
  let text = "", lastX = null, lastY = null;
  for (const [x, y] of parts) {
    if (x === lastX && y === lastY) continue;
    text += (text === "" ? "" : "L") + x + " " + y;
    [lastX, lastY] = [x, y];
  }
  return text;
}

// Where phases begin; the tokens of a decode are one phase.
const phaseMarks = (run) => (run.cache ? run.marks.filter((mark, i) => i === 0 || mark.phase !== run.marks[i - 1].phase) : run.marks);

function bands(run, s) {
  const out = [], height = s.bottom - margin.top, marks = phaseMarks(run);
  const key = chart.axis === "event" ? "event" : "time";
  marks.forEach((mark, i) => {
    const start = s.x(mark[key]), end = i + 1 < marks.length ? s.x(marks[i + 1][key]) : s.right;
    if (end - start < 0.5) return;
    const number = mark.step > 0 && !run.cache ? " " + mark.step : "", phase = data.phases[mark.phase];
    if (i % 2 === 0) out.push(draw("rect", { x: start, y: margin.top, width: end - start, height, fill: "var(--band)" }));
    out.push(draw("line", { x1: start, x2: start, y1: 8, y2: s.bottom, stroke: "var(--line)" }));
    const room = Math.floor((end - start - 6) / 7.2);
    const name = [phase + number, shortPhases[phase] + number, shortPhases[phase]].find((text) => text.length <= room);
    if (name) out.push(draw("text", { x: start + 5, y: 20 }, name));
  });
  return out;
}

function gridLines(s) {
  return ticksUpTo(s.most, 6).flatMap((bytes) => [
    draw("line", { x1: s.left, x2: s.right, y1: s.y(bytes), y2: s.y(bytes), stroke: "var(--grid)" }),
    draw("text", { x: s.left - 8, y: s.y(bytes) + 4, "text-anchor": "end" }, tickText(bytes))]);
}

// The device's memory, where the run came near it.
function deviceLine(run, s) {
  const total = run.environment.total;
  if (!(total > 0 && total < s.most)) return [];
  const y = s.y(total);
  return [draw("line", { x1: s.left, x2: s.right, y1: y, y2: y, stroke: "var(--bad)", "stroke-width": 1.5 }),
    draw("text", { x: s.left + 6, y: y + 14, style: { fill: "var(--bad)" } }, "device memory " + binarySize(total))];
}

function areas(line, s) {
  const below = new Float64Array(line.count);
  return line.series.flatMap((values, c) => {
    if (values.every((bytes) => bytes === 0)) return [];
    const above = below.map((bytes, i) => bytes + values[i]);
    const path = draw("path", { d: "M" + stepPath(s, above) + "L" + stepPath(s, below, true) + "Z", fill: color(categories[c]) });
    below.set(above);
    return [path];
  });
}

function peakMark(run, s) {
  const at = chart.axis === "event" ? run.peak.event : run.peak.time;
  if (run.peak.event < 0 || at < s.axis[s.from] || at > s.axis[s.to]) return [];
  const x = s.x(at), y = s.y(run.peak.allocated), leftward = x > (s.left + s.right) / 2;
  const total = run.environment.total, crowded = total > 0 && total < s.most && y - s.y(total) < 24;
  return [draw("line", { x1: x, x2: x, y1: margin.top, y2: s.bottom, stroke: "var(--ink)", "stroke-dasharray": "2 3" }),
    draw("circle", { cx: x, cy: y, r: 4.5, fill: "var(--ink)", stroke: "var(--panel)", "stroke-width": 2 }),
    draw("text", { class: "strong", x: x + (leftward ? -8 : 8), y: crowded ? y + 18 : Math.max(y - 7, margin.top + 12), "text-anchor": leftward ? "end" : "start", style: { "paint-order": "stroke", stroke: "var(--panel)", "stroke-width": "4px" } }, "peak " + binarySize(run.peak.allocated))];
}

// Kernels of a virtual device do nothing, so only the host's time passes.
const timeName = (run) => (run.truth === "virtual" ? "time on the host; a virtual device takes none" : "time");

function axisText(run, s) {
  const text = (value) => (chart.axis === "event" ? grouped(value) : timeText(value));
  return [draw("text", { x: s.left, y: chartHeight - 8 }, text(s.axis[s.from])),
    draw("text", { x: (s.left + s.right) / 2, y: chartHeight - 8, "text-anchor": "middle" }, chart.axis === "event" ? "allocations and frees" : timeName(run)),
    draw("text", { x: s.right, y: chartHeight - 8, "text-anchor": "end" }, text(s.axis[s.to]))];
}

// The last point at or before an x coordinate.
function pointAt(s, x) {
  let low = s.from, high = s.to;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (s.x(s.axis[middle]) <= x) low = middle; else high = middle - 1;
  }
  return low;
}

function eventText(run, line, i) {
  const site = line.site[i];
  if (site === 0) return "";
  const [bytes, tensor, op, layer] = run.sites[Math.abs(site) - 1];
  return (site > 0 ? "allocates " : "frees ") + exactSize(bytes) + ": " + describe(run, [run.strings[tensor] || "scratch", run.strings[op], run.layers[layer] && run.layers[layer].path]);
}

function readout(run, line, i) {
  const marks = run.marks.filter((mark) => mark.event <= line.event[i]);
  const mark = marks[marks.length - 1];
  const phase = mark ? moment(mark.phase, mark.step) : "";
  const atPeak = line.event[i] === run.peak.event;
  return [h("p", { class: "when" }, h("b", {}, atPeak ? "At the peak" : "At the cursor"), ": event " + grouped(line.event[i]) + ", " + timeText(line.time[i]) + (run.truth === "virtual" ? " on the host" : "") + (phase ? ", " + phase : "") + "; ", eventText(run, line, i)),
    h("ul", {}, categories.map((c, k) => [c, line.series[k][i]]).filter(([c, bytes], k) => bytes !== 0 || run.peak.categories[k] !== 0)
      .map(([c, bytes]) => h("li", {}, h("span", {}, swatch(c), c.title), h("span", {}, exactSize(bytes)))),
      h("li", {}, h("b", {}, "allocated"), h("b", {}, exactSize(line.total[i]))),
      h("li", {}, h("span", {}, h("span", { class: "swatch line", "aria-hidden": "true" }), "reserved"), h("span", {}, exactSize(line.reserved[i]))))];
}

function timelineChart(run, width) {
  const line = timelineOf(run), s = scales(run, line, width);
  const peak = line.event.findIndex((event) => event >= run.peak.event);
  if (chart.cursor === null || chart.cursor < s.from || chart.cursor > s.to) chart.cursor = peak >= s.from && peak <= s.to ? peak : s.from;
  const cursor = draw("line", { y1: margin.top, y2: s.bottom, stroke: "var(--ink)", "stroke-width": 1 });
  const panel = h("div", { class: "readout", "aria-live": "polite" });
  const move = (i) => {
    chart.cursor = Math.min(Math.max(i, s.from), s.to);
    const x = s.x(s.axis[chart.cursor]);
    setAttributes(cursor, { x1: x, x2: x });
    panel.replaceChildren(...readout(run, line, chart.cursor));
  };
  const pointed = (event) => move(pointAt(s, ((event.clientX - svg.getBoundingClientRect().left) / svg.getBoundingClientRect().width) * width));
  const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -25, PageDown: 25 };
  const svg = draw("svg", { viewBox: "0 0 " + width + " " + chartHeight, height: chartHeight, role: "img", tabindex: "0",
    "aria-label": "Allocated bytes by category over the run; the peak is " + exactSize(run.peak.allocated) + " in " + place(run, run.peak) + ". Arrow keys move the cursor.",
    onpointermove: pointed, onpointerdown: pointed,
    onkeydown: (event) => {
      const goal = event.key in steps ? chart.cursor + steps[event.key] : event.key === "Home" ? s.from : event.key === "End" ? s.to : null;
      if (goal === null) return;
      event.preventDefault();
      move(goal);
    } },
    ...bands(run, s), ...gridLines(s), ...areas(line, s),
    draw("path", { d: "M" + stepPath(s, line.reserved), fill: "none", stroke: "var(--ink)", "stroke-width": 1.3, "stroke-dasharray": "6 4" }),
    ...deviceLine(run, s), ...peakMark(run, s), cursor, ...axisText(run, s));
  move(chart.cursor);
  return h("div", { class: "chart" }, svg, panel);
}

function timeline(run) {
  const again = () => timeline(run);
  fill("timeline-controls",
    segmented("Part of the run", "range", ranges(run), chart.range, (value) => { chart.range = value; chart.cursor = null; again(); }),
    segmented("Horizontal axis", "axis", [["event", "by event"], ["time", "by time"]], chart.axis, (value) => { chart.axis = value; again(); }));
  if (run.timeline.event.length === 0) {
    fill("timeline-controls");
    return fill("timeline", h("p", { class: "hint" }, "Nothing was allocated, so there is no curve."));
  }
  fill("timeline", timelineChart(run, Math.max(320, $("timeline").clientWidth)));
}
