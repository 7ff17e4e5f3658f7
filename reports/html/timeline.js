// Allocated bytes by category over the run, as steps: a value holds until the next event.
// `window`: what is shown of the range along the axis where it is zoomed, [low, high].
const chart = { axis: "event", range: "all", cursor: null, window: null };
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

// How far along the axis the range goes, and the least that zooming leaves of it.
function wholeRange(run, line) {
  const [from, to] = shownPoints(run, line), axis = line[chart.axis], first = axis[from], last = Math.max(axis[to], first + 1);
  return { from, to, first, last, least: Math.min(last - first, chart.axis === "event" ? 20 : (last - first) / 20000) };
}

// The last of `axis` between two indices that is at or below a value.
function lastBelow(axis, from, to, value) {
  let low = from, high = to;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (axis[middle] <= value) low = middle; else high = middle - 1;
  }
  return low;
}

function scales(run, line, width) {
  const whole = wholeRange(run, line), axis = line[chart.axis], [first, last] = chart.window || [whole.first, whole.last];
  const from = lastBelow(axis, whole.from, whole.to, first), to = Math.min(whole.to, lastBelow(axis, from, whole.to, last) + 1);
  const [left, right] = [margin.left, width - margin.right];
  let most = 1;
  for (let i = whole.from; i <= whole.to; ++i) most = Math.max(most, line.total[i], line.reserved[i]);
  const total = run.environment.total;
  if (total > 0 && total < 1.3 * most) most = total;
  most *= 1.04;
  const s = {
    from, to, most, left, right, first, last, bottom: chartHeight - margin.bottom, axis,
    x: (value) => left + ((Math.min(Math.max(value, first), last) - first) / (last - first)) * (right - left),
    y: (bytes) => chartHeight - margin.bottom - (bytes / most) * (chartHeight - margin.bottom - margin.top),
    at: (x) => first + (Math.min(Math.max(x, left), right) - left) / (right - left) * (last - first),
  };
  s.points = pointsDrawn(line, s);
  return s;
}

// The points between `from` and `to`; where more than two fall on a column of pixels its lowest and its highest.
function pointsDrawn(line, s) {
  const all = [];
  for (let i = s.from; i <= s.to; ++i) all.push(i);
  if (all.length <= 2 * (s.right - s.left)) return all;
  const out = [];
  for (let i = s.from; i <= s.to;) {
    const column = Math.floor(s.x(s.axis[i]));
    let low = i, high = i;
    for (; i <= s.to && Math.floor(s.x(s.axis[i])) === column; ++i) {
      if (line.total[i] < line.total[low]) low = i;
      if (line.total[i] > line.total[high]) high = i;
    }
    out.push(...(low === high ? [low] : [Math.min(low, high), Math.max(low, high)]));
  }
  return out;
}

const shortPhases = { build: "b", forward: "fwd", backward: "bwd", optimizer: "opt", prefill: "pre", decode: "dec", recompute: "re" };
const round = (value) => Math.round(value * 10) / 10;

// Steps through the drawn points; values[i] belongs to s.points[i].
function stepPath(s, values) {
  let y = round(s.y(values[0])), text = "M" + round(s.x(s.axis[s.points[0]])) + " " + y;
  for (let i = 1; i < values.length; ++i) {
    const next = round(s.y(values[i]));
    if (next !== y) text += "H" + round(s.x(s.axis[s.points[i]])) + "V" + next;
    y = next;
  }
  return text + "H" + round(s.right);
}

// Where phases begin; the tokens of a decode are one phase.
const phaseMarks = (run) => (run.cache ? run.marks.filter((mark, i) => i === 0 || mark.phase !== run.marks[i - 1].phase) : run.marks);

// All shades are one shape and all lines another: of a thousand phases as many elements would take longer than a frame.
function bands(run, s) {
  const names = [], height = s.bottom - margin.top, marks = phaseMarks(run);
  let shades = "", lines = "";
  const key = chart.axis === "event" ? "event" : "time";
  marks.forEach((mark, i) => {
    const start = s.x(mark[key]), end = i + 1 < marks.length ? s.x(marks[i + 1][key]) : s.right;
    if (end - start < 0.5) return;
    const number = mark.step > 0 && !run.cache ? " " + mark.step : "", phase = data.phases[mark.phase];
    if (i % 2 === 0) shades += "M" + round(start) + " " + margin.top + "H" + round(end) + "v" + height + "H" + round(start) + "Z";
    lines += "M" + round(start) + " 8V" + s.bottom;
    const room = Math.floor((end - start - 6) / 7.2);
    const name = [phase + number, shortPhases[phase] + number, shortPhases[phase]].find((text) => text.length <= room);
    if (name) names.push(draw("text", { x: start + 5, y: 20 }, name));
  });
  return [draw("path", { d: shades, fill: "var(--band)" }), draw("path", { d: lines, stroke: "var(--line)", fill: "none" }), ...names];
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

// From the top down: each area goes to the ground, and those below it are drawn over it.
function areas(line, s) {
  const height = new Float64Array(s.points.length), paths = [];
  line.series.forEach((values, c) => {
    if (!line.used[c]) return;
    for (let i = 0; i < height.length; ++i) height[i] += values[s.points[i]];
    paths.push(draw("path", { d: stepPath(s, height) + "V" + s.bottom + "H" + s.left + "Z", fill: color(categories[c]) }));
  });
  return paths.reverse();
}

function peakMark(run, s) {
  const at = chart.axis === "event" ? run.peak.event : run.peak.time;
  if (run.peak.event < 0 || at < s.first || at > s.last) return [];
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
  return [draw("text", { x: s.left, y: chartHeight - 8 }, text(s.first)),
    draw("text", { x: (s.left + s.right) / 2, y: chartHeight - 8, "text-anchor": "middle" }, chart.axis === "event" ? "allocations and frees" : timeName(run)),
    draw("text", { x: s.right, y: chartHeight - 8, "text-anchor": "end" }, text(s.last))];
}

function eventText(run, line, i) {
  const site = line.site[i];
  if (site === 0) return "";
  const [bytes, tensor, op, layer] = run.sites[Math.abs(site) - 1];
  return (site > 0 ? "allocates " : "frees ") + exactSize(bytes) + ": " + describe(run, [run.strings[tensor] || "scratch", run.strings[op], run.layers[layer] && run.layers[layer].path]);
}

// What the run had at a point; `show` changes the texts and leaves the elements.
function readout(run, line) {
  const used = categories.map((c, k) => [c, k]).filter(([, k]) => line.used[k]);
  const item = (...name) => { const value = h("span", {}); return { value, row: h("li", {}, h("span", {}, name), value) }; };
  const items = used.map(([c]) => item(swatch(c), c.title)), allocated = item(h("b", {}, "allocated")), reserved = item(h("span", { class: "swatch line", "aria-hidden": "true" }), "reserved");
  allocated.value.className = "sum";
  const title = h("b", {}), text = h("span", {});
  const panel = h("div", { class: "readout", "aria-live": "polite" }, h("p", { class: "when" }, title, text), h("ul", {}, [...items, allocated, reserved].map(({ row }) => row)));
  const show = (i) => {
    const mark = run.marks[lastMark(run, line.event[i])], phase = mark ? moment(mark.phase, mark.step) : "";
    title.textContent = line.event[i] === run.peak.event ? "At the peak" : "At the cursor";
    text.textContent = ": event " + grouped(line.event[i]) + ", " + timeText(line.time[i]) + (run.truth === "virtual" ? " on the host" : "") + (phase ? ", " + phase : "") + "; " + eventText(run, line, i);
    used.forEach(([, k], at) => (items[at].value.textContent = exactSize(line.series[k][i])));
    allocated.value.textContent = exactSize(line.total[i]);
    reserved.value.textContent = exactSize(line.reserved[i]);
  };
  return { panel, show };
}

// The index of the phase that an event is in; -1 before the first.
function lastMark(run, event) {
  let low = -1, high = run.marks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (run.marks[middle].event <= event) low = middle; else high = middle - 1;
  }
  return low;
}

const curveLabel = (run) => "Allocated bytes by category over the run; the peak is " + exactSize(run.peak.allocated) + " in " + place(run, run.peak) +
  ". Arrow keys move the cursor, plus and minus zoom, 0 shows all.";

// What is left out of a long run's curve.
function curveHint(run, line) {
  const events = lastEvent(run) + 1;
  return (line.count < 0.9 * events ? "Of " + grouped(events) + " events the curve has " + grouped(line.count) + ": the lowest and the highest of each stretch, and every one around the peak. " : "");
}

// The chart lives as long as its run is shown: what a hand does changes it once a frame.
function timelineChart(run, width, buttons) {
  const line = timelineOf(run), whole = wholeRange(run, line), told = readout(run, line);
  const svg = draw("svg", { viewBox: "0 0 " + width + " " + chartHeight, height: chartHeight, role: "img", tabindex: "0", "aria-label": curveLabel(run) });
  const cursor = h("div", { class: "cursor", "aria-hidden": "true", style: { top: margin.top + "px", height: chartHeight - margin.top - margin.bottom + "px" } });
  let s = scales(run, line, width), frame = 0, stale = true, grip = null;

  const paint = () => {
    frame = 0;
    if (stale) {
      s = scales(run, line, width);
      svg.replaceChildren(...bands(run, s), ...gridLines(s), ...areas(line, s),
        draw("path", { d: stepPath(s, s.points.map((i) => line.reserved[i])), fill: "none", stroke: "var(--ink)", "stroke-width": 1.3, "stroke-dasharray": "6 4" }),
        ...deviceLine(run, s), ...peakMark(run, s), ...axisText(run, s));
      stale = false;
    }
    const at = s.axis[chart.cursor];
    cursor.hidden = at < s.first || at > s.last;
    cursor.style.transform = "translateX(" + s.x(at) + "px)";
    told.show(chart.cursor);
  };
  const soon = () => { if (frame === 0) frame = requestAnimationFrame(() => svg.isConnected && paint()); };
  const mark = () => {
    buttons.out.disabled = chart.window === null;
    buttons.in.disabled = whole.last - whole.first <= whole.least || (chart.window && chart.window[1] - chart.window[0] <= whole.least);
  };
  const look = (low, span) => {
    const within = Math.min(Math.max(span, whole.least), whole.last - whole.first), start = Math.min(Math.max(low, whole.first), whole.last - within);
    chart.window = within >= whole.last - whole.first ? null : [start, start + within];
    stale = true;
    mark();
    soon();
  };
  const now = () => chart.window || [whole.first, whole.last];
  const zoom = (factor, centre) => { const [low, high] = now(); look(centre - (centre - low) * factor, (high - low) * factor); };
  const move = (i) => {
    chart.cursor = Math.min(Math.max(i, whole.from), whole.to);
    const at = s.axis[chart.cursor], [low, high] = now();
    if (at < low || at > high) look(at - (high - low) / 2, high - low); else soon();
  };
  const xOf = (event) => { const box = svg.getBoundingClientRect(); return ((event.clientX - box.left) / box.width) * width; };
  const pointed = (event) => { chart.cursor = lastBelow(s.axis, s.from, s.to, s.at(xOf(event))); soon(); };

  const onwheel = (event) => {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0, [low, high] = now();
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(Math.min(Math.max(event.deltaY, -100), 100) / 400), s.at(xOf(event)));
    else if (sideways !== 0 && chart.window) look(low + (sideways / (s.right - s.left)) * (high - low), high - low);
    else return;
    event.preventDefault();
  };
  const onpointerdown = (event) => { grip = { x: xOf(event), window: chart.window }; pointed(event); };
  const onpointermove = (event) => {
    if (grip && event.buttons !== 0 && grip.window) {
      const [low, high] = grip.window;
      look(low - ((xOf(event) - grip.x) / (s.right - s.left)) * (high - low), high - low);
    } else pointed(event);
  };
  const centre = () => s.axis[chart.cursor];
  const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -25, PageDown: 25 };
  const keys = { "+": () => zoom(0.5, centre()), "=": () => zoom(0.5, centre()), "-": () => zoom(2, centre()), 0: () => look(whole.first, Infinity), Home: () => move(whole.from), End: () => move(whole.to) };
  const onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const deed = event.key in steps ? () => move(chart.cursor + steps[event.key]) : keys[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  };
  setAttributes(svg, { onwheel, onpointerdown, onpointermove, onpointerup: () => (grip = null), onpointercancel: () => (grip = null), onkeydown });
  buttons.in.onclick = () => zoom(0.5, centre());
  buttons.out.onclick = () => zoom(2, centre());
  if (chart.cursor === null || chart.cursor < whole.from || chart.cursor > whole.to) {
    const peak = line.event.findIndex((event) => event >= run.peak.event);
    chart.cursor = peak >= whole.from && peak <= whole.to ? peak : whole.from;
  }
  mark();
  paint();
  return h("div", { class: "chart" }, h("div", { class: "plot" }, svg, cursor),
    h("p", { class: "hint" }, curveHint(run, line), h("span", { class: "on-screen" }, "Ctrl and the wheel, a pinch, or + and − zoom; drag to move.")), told.panel);
}

function timeline(run) {
  const again = () => timeline(run), zoomButton = (text, name) => h("button", { class: "button", type: "button", "aria-label": name, "data-tip": name }, text);
  if (run.timeline.event.length === 0) {
    fill("timeline-controls");
    return fill("timeline", h("p", { class: "hint" }, "Nothing was allocated, so there is no curve."));
  }
  const buttons = { out: zoomButton("−", "Zoom out"), in: zoomButton("+", "Zoom in") };
  fill("timeline-controls",
    segmented("Part of the run", "range", ranges(run), chart.range, (value) => { chart.range = value; chart.cursor = null; chart.window = null; again(); document.querySelector("input[name=range]:checked").focus(); }),
    segmented("Horizontal axis", "axis", [["event", "by event"], ["time", "by time"]], chart.axis, (value) => { chart.axis = value; chart.window = null; again(); document.querySelector("input[name=axis]:checked").focus(); }),
    h("span", { class: "zoom" }, buttons.out, buttons.in));
  fill("timeline", timelineChart(run, Math.max(320, $("timeline").clientWidth), buttons));
}
