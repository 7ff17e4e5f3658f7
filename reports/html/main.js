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

function detail(run) {
  assumptionSection(run);
  ordersSection(run);
  cacheSection(run);
  timeline(run);
  layersSection(run);
  tensorSection(run);
  sourcesSection(run);
  deviceSection(run);
  gpuSection(run);
  fragmentationSection(run);
  stepsSection(run);
  formsSection(run);
  factsSection(run);
}

// Links to the parts that are shown.
function contents() {
  const parts = [...document.querySelectorAll("main section > h2, main section > .panel-head > h2, main .picker h2")].filter((title) => title.id && title.closest("[hidden]") === null);
  fill("contents", h("ul", {}, parts.map((title) => h("li", {}, h("a", { href: "#" + title.id }, title.textContent)))));
  $("contents").hidden = parts.length < 2;
}

function choose(index) {
  chosen = index;
  chart.cursor = null;
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
  contents();
}

drawAll();
fill("footer", "Written by headroom " + data.version + ". Sizes are in binary units (1 KiB = 1024 bytes); point at a number, or choose “Exact bytes”, for the exact count. This page loads nothing from anywhere.");
let lastWidth = $("timeline").clientWidth;
addEventListener("resize", () => {
  if ($("timeline").clientWidth === lastWidth || data.runs.length === 0) return;
  lastWidth = $("timeline").clientWidth;
  timeline(data.runs[chosen]);
  cacheSection(data.runs[chosen]);
});
document.documentElement.dataset.drawn = "yes";
