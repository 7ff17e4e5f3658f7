// One chosen run; every section is drawn anew from it.
let chosen = data.baseline === null ? 0 : data.baseline;

function picker(run) {
  const exact = h("button", { class: "button", type: "button", "aria-pressed": String(view.exact), id: "exact", onclick: () => { view.exact = !view.exact; drawAll(); $("exact").focus(); } }, "Exact bytes");
  const choices = data.runs.map((other, i) => [String(i), other.label]);
  const pick = data.runs.length < 2 ? null : data.runs.length <= 12
    ? segmented("Run in detail", "run", choices, String(chosen), (value) => { choose(Number(value)); document.querySelector("input[name=run]:checked").focus(); })
    : h("select", { "aria-label": "Run in detail", id: "run-select", onchange: (event) => { choose(Number(event.target.value)); $("run-select").focus(); } }, choices.map(([value, text]) => h("option", { value, selected: value === String(chosen) }, text)));
  fill("picker", h("div", { class: "picker" }, h("h2", { id: "picker-title" }, data.runs.length > 1 ? "One run in detail" : "In detail"), pick, exact));
}

// Every part of a run in detail, in the page's order: its element, whether the run has it, what draws it.
const always = () => true;
const sections = [["assumed", (run) => run.program && run.assumptions.length > 0, assumptionSection], ["orders-panel", (run) => run.bands.length > 0, ordersSection],
  ["cache-panel", (run) => run.cache !== null, cacheSection], ["timeline-panel", always, timeline], ["layers-panel", always, layersSection],
  ["tensors-panel", always, tensorSection], ["sources-panel", (run) => run.sources.length > 0, sourcesSection],
  ["kernels-panel", (run) => run.device !== null, kernelSection], ["work-panel", (run) => run.device !== null && quantities.some((_, i) => hasWork(run.device, i)), workTable],
  ["gpu-panel", (run) => run.gpu !== null, gpuSection], ["driver-panel", (run) => run.device !== null && run.device.memory.length > 0, driverMemory],
  ["fragmentation-panel", (run) => run.fragmentation !== null, fragmentationSection], ["steps-panel", always, stepsSection],
  ["forms-panel", (run) => !run.program, formsSection], ["facts-panel", always, factsSection]];

function isInView(element) {
  const box = element.getBoundingClientRect();
  return box.top < innerHeight && box.bottom > 0;
}

// A part a frame, those in view first; of the page's first run what is in view at once.
function detail(run) {
  for (const [id, has] of sections) $(id).hidden = !has(run);
  $("steps-title").textContent = run.cache ? "Prefill and decode" : "First step and steady step";
  contents();
  const wait = ([id, has, drawPart]) => later("part " + id, () => void (has(run) && drawPart(run)));
  if (document.documentElement.dataset.drawn) {
    const seen = sections.filter(([id]) => isInView($(id)));
    return [...seen, ...sections.filter((part) => !seen.includes(part))].forEach(wait);
  }
  for (const part of sections) if (part[1](run) && isInView($(part[0]))) part[2](run); else wait(part);
}

// Links to the parts that are shown.
function contents() {
  const parts = [...document.querySelectorAll("main section > h2, main section > .panel-head > h2, main .picker h2")].filter((title) => title.id && title.closest("[hidden]") === null);
  fill("contents", h("ul", {}, parts.map((title) => h("li", {}, h("a", { href: "#" + title.id }, title.textContent)))));
  $("contents").hidden = parts.length < 2;
}

function choose(index) {
  chosen = index;
  chart.cursor = chart.window = null;
  drawAll();
  const pressed = document.querySelectorAll(".bar-row[aria-pressed]")[index];
  if (pressed && document.activeElement === document.body) pressed.focus();
}

function drawAll() {
  document.body.classList.toggle("exact", view.exact);
  masthead();
  alerts();
  figures();
  comparison(chosen, choose);
  $("contents").hidden = data.runs.length === 0;
  if (data.runs.length === 0) return document.querySelectorAll("section.panel").forEach((panel) => (panel.hidden = true));
  picker(data.runs[chosen]);
  detail(data.runs[chosen]);
}

drawAll();
if (location.hash) settle();
fill("footer", "Written by headroom " + data.version + ". Sizes are in binary units (1 KiB = 1024 bytes). ", h("span", { class: "on-screen" }, "Point at a number, or choose “Exact bytes”, for the exact count. This page loads nothing from anywhere."));
let lastWidth = $("timeline").clientWidth;
addEventListener("resize", () => {
  if ($("timeline").clientWidth === lastWidth || data.runs.length === 0) return;
  lastWidth = $("timeline").clientWidth;
  timeline(data.runs[chosen]);
  if (data.runs[chosen].cache) cacheSection(data.runs[chosen]);
});
document.documentElement.dataset.drawn = "yes";
