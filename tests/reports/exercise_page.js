// Runs after the page's own scripts: presses every control, moves the cursor, and adds up what is on screen.
(() => {
  const problems = [];
  const expect = (truth, text) => truth || problems.push(text);
  const number = (text) => Number(text.replace(/−/g, "-").replace(/[^0-9-]/g, ""));
  const all = (selector) => [...document.querySelectorAll(selector)];
  addEventListener("error", (event) => problems.push(event.message));

  function rowsSumToTotal(run) {
    settle();
    const rows = all("#layers tbody tr"), foot = document.querySelector("#layers tfoot");
    if (!foot) return;
    const together = (row) => [...row.cells].slice(-2)[0];
    const sum = rows.filter((row) => row.cells.length > 2).map((row) => number(together(row).textContent)).reduce((a, b) => a + b, 0);
    expect(sum === run.peak.allocated, "rows of the layer table sum to " + sum + ", the peak is " + run.peak.allocated);
  }

  function pressAll(selector) {
    for (let i = 0; i < all(selector).length; ++i) all(selector)[i].click();
  }

  function exerciseDevice(run) {
    settle();
    expect($("kernels-panel").hidden === (run.device === null) && $("gpu-panel").hidden === (run.gpu === null), "a panel of the driver's is shown or hidden wrongly");
    if (run.device && run.device.uses.length > 0) {
      const listed = () => number($("kernels-sum").textContent), every = run.device.total.kernels - run.device.rest.count;
      expect(listed() === every, "the table has " + listed() + " launches of " + every);
      pressAll("#kernels .sort");
      const select = $("kernels-phase");
      let sum = 0;
      for (let i = 1; i < select.options.length; ++i) {
        select.selectedIndex = i;
        select.dispatchEvent(new Event("change"));
        sum += $("kernels-sum") ? listed() : 0;
      }
      expect(sum === every, "the phases have " + sum + " launches of " + every);
      select.selectedIndex = 0;
      select.dispatchEvent(new Event("change"));
      document.querySelector("#work-controls input[value='0']").click();
      expect(number($("work-sum").textContent) === run.device.total.kernels, "layers and phases do not sum to the launches");
      pressAll("#work-controls input");
    }
    if (run.gpu)
      run.gpu.instants.forEach((instant, i) => {
        const cells = all("#gpu tbody tr").map((row) => number(row.cells[1 + 2 * i].textContent.replace("–", "0")));
        expect(cells.reduce((a, b) => a + b, 0) === instant.used, "the uses of the GPU do not sum to what is used");
      });
  }

  // Zoomed in, moved to an end and out again, the curve is what it was; the cursor stays where it can be seen.
  function zoomWorks(run) {
    chart.range = "all";
    timeline(run);
    const svg = document.querySelector("#timeline svg"), line = timelineOf(run), key = (name) => svg.dispatchEvent(new KeyboardEvent("keydown", { key: name }));
    const [zoomOut, zoomIn] = all(".zoom button");
    if (line.count < 100) return;
    for (let i = 0; i < 3; ++i) zoomIn.click();
    const span = () => chart.window[1] - chart.window[0], whole = line[chart.axis][line.count - 1] - line[chart.axis][0];
    expect(chart.window && Math.abs(span() - whole / 8) <= 20, "zoomed in three times the curve shows " + (chart.window && span()) + " of " + whole);
    key("End");
    expect(chart.cursor === line.count - 1 && line[chart.axis][chart.cursor] <= chart.window[1], "the cursor is beyond what is shown");
    svg.dispatchEvent(new WheelEvent("wheel", { ctrlKey: true, deltaY: -100, clientX: box(svg).left + 90, cancelable: true }));
    expect(span() < whole / 8 || span() <= 20, "the wheel with Ctrl does not zoom");
    const plain = new WheelEvent("wheel", { deltaY: 100, cancelable: true });
    svg.dispatchEvent(plain);
    expect(!plain.defaultPrevented, "the wheel alone no longer scrolls the page");
    for (let i = 0; i < 20; ++i) zoomOut.click();
    expect(chart.window === null, "zoomed out the curve does not show all");
    key("+");
    key("0");
    expect(chart.window === null, "0 does not show all");
  }
  const box = (element) => element.getBoundingClientRect();

  function exerciseCache(run) {
    expect($("cache-panel").hidden === (run.cache === null), "the panel of the cache is shown or hidden wrongly");
    if (!run.cache) return;
    const steps = run.cache.steps, last = steps[steps.length - 1];
    expect(all("#cache-growth circle").length === 2 * steps.length, "not every step is drawn");
    expect(sumOf(run.cache.rows.map((row) => row.count * row.bytes)) === last.cache, "the caches of layers do not sum to that of the last step");
    expect(Math.max(...steps.map((step) => step.peak)) === run.peak.allocated, "no step has the peak of the run");
    expect(number(document.querySelector("#cache tbody td:nth-child(4)").textContent) === run.cache.rows[0].bytes, "the table has other bytes than the run");
    expect(all("#timeline-controls input[name=range]").length === (steps.length > 1 ? 3 : 2), "the phases cannot be chosen");
  }

  function exercise(run) {
    if (!view.exact) $("exact").click();
    rowsSumToTotal(run);
    all(".fold").length && all(".fold")[0].click();
    rowsSumToTotal(run);
    all(".twist[aria-expanded]").reverse().forEach((twist) => { $(twist.id) && $(twist.id).click(); rowsSumToTotal(run); });
    pressAll("#layers-controls input");
    pressAll("#timeline-controls input");
    pressAll("#tensors .sort");
    if (run.timeline.event.length > 0) zoomWorks(run);
    const drawing = document.querySelector("#timeline svg");
    if (drawing) {
      for (const key of ["ArrowRight", "ArrowLeft", "PageDown", "End", "Home"]) drawing.dispatchEvent(new KeyboardEvent("keydown", { key }));
      const box = drawing.getBoundingClientRect();
      drawing.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + box.width / 2, clientY: box.top + 50 }));
      const lines = all(".readout li").map((line) => number(line.lastElementChild.textContent)), reserved = lines.pop(), allocated = lines.pop();
      expect(lines.reduce((a, b) => a + b, 0) === allocated, "the categories under the cursor do not sum to what is allocated");
      expect(reserved >= allocated || run.timeline.reserved.length === 0, "less is reserved than allocated");
      const line = timelineOf(run);
      expect(Math.max(...line.total) === run.peak.allocated, "the curve does not reach the peak");
    }
    exerciseDevice(run);
    exerciseCache(run);
    $("tensors-controls").firstElementChild.value = "no such tensor";
    $("tensors-controls").firstElementChild.dispatchEvent(new Event("input"));
    layerView.kind = "peak";
  }

  // "rgb(1, 2, 3)", "rgba(1, 2, 3, 0.5)", "color(srgb 0.1 0.2 0.3 / 0.5)" as four numbers from 0 to 1.
  function colorOf(text) {
    const parts = text.replace(/^color\(srgb/, "").match(/[\d.e-]+/g).map(Number), scale = text.startsWith("rgb") ? 255 : 1;
    return [parts[0] / scale, parts[1] / scale, parts[2] / scale, parts.length > 3 ? parts[3] : 1];
  }
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  function contrast(a, b) {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  }
  function groundOf(element) {
    if (!element) return [1, 1, 1, 1];
    const own = colorOf(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, groundOf(element.parentElement));
  }
  const opacityOf = (element) => (element ? Number(getComputedStyle(element).opacity) * opacityOf(element.parentElement) : 1);

  // Every text that is shown stands out from its ground as WCAG 2.2 AA asks of small text.
  function textsAreReadable() {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = new Set();
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const holder = node.parentElement;
      if (!node.textContent.trim() || !holder.getClientRects().length || holder.closest("noscript, script, style, template")) continue;
      const style = getComputedStyle(holder), ground = groundOf(holder), ink = colorOf(holder.namespaceURI.endsWith("svg") ? style.fill : style.color);
      ink[3] *= opacityOf(holder);
      const ratio = contrast(over(ink, ground), ground);
      if (ratio < 4.5) found.add(ratio.toFixed(2) + " of '" + node.textContent.trim().slice(0, 30) + "' in " + (holder.className.baseVal ?? holder.className));
    }
    expect(found.size === 0, "too little contrast: " + [...found].slice(0, 5).join(", "));
  }

  function structureIsSound() {
    for (const landmark of ["header", "nav", "main", "footer"]) expect(all("body > " + landmark).length === 1, "no single " + landmark);
    expect(all("h1").length === 1, "not one h1");
    let level = 1;
    for (const title of all("h1, h2, h3")) {
      if (!title.getClientRects().length) continue;
      const own = Number(title.tagName[1]);
      expect(own <= level + 1, "a level is left out before '" + title.textContent + "'");
      level = own;
    }
    all("th").forEach((cell) => expect(cell.scope, "a header without scope: " + cell.textContent));
    all("table").forEach((table) => expect(table.closest("[role=region][aria-label][tabindex='0']"), "a table that no keyboard can scroll"));
    all("nav a").forEach((link) => expect(document.querySelector(link.getAttribute("href")), "a link leads nowhere: " + link.textContent));
    const ids = all("[id]").map((part) => part.id);
    expect(new Set(ids).size === ids.length, "two parts have one id: " + ids.filter((id, i) => ids.indexOf(id) !== i));
    for (const name of ["aria-labelledby", "aria-describedby", "aria-controls"])
      all("[" + name + "]").forEach((part) => expect($(part.getAttribute(name)), "a name is taken from " + part.getAttribute(name) + ", which is not there"));
    all("svg[role=img]").forEach((drawing) => expect(drawing.getAttribute("aria-label"), "a drawing has no name"));
    all("button, input, select, a, [tabindex='0']").filter((part) => part.getClientRects().length).forEach((part) => {
      part.focus();
      const shown = part.matches("input[type=radio]") ? part.nextElementSibling : part;
      expect(document.activeElement !== part || !part.matches(":focus-visible") || getComputedStyle(shown).outlineStyle !== "none", "focus is not visible on " + part.outerHTML.slice(0, 80));
    });
  }

  settle();
  expect(document.documentElement.dataset.drawn === "yes", "the page was not drawn to its end");
  expect(document.documentElement.scrollWidth <= innerWidth + 1, "the page is wider than the window");
  expect(!document.body.innerText.includes("[object"), "an object was written as text");
  textsAreReadable();
  if (data.runs.length > 0) structureIsSound();
  data.runs.slice(0, 3).forEach((run, i) => { choose(i); exercise(run); });
  textsAreReadable();
  expect(!document.body.innerText.includes("NaN") && !document.body.innerText.includes("undefined"), "NaN or undefined is on the page");
  all("button, input, select").forEach((control) => {
    const name = control.getAttribute("aria-label") || control.textContent || (control.labels && control.labels[0] && control.labels[0].textContent) || control.placeholder;
    expect(name && name.trim(), "a control has no name: " + control.outerHTML);
  });
  expect(performance.getEntriesByType("resource").length === 0, "the page fetched " + performance.getEntriesByType("resource").map((entry) => entry.name));
  document.documentElement.dataset.exercised = problems.join("; ") || "well";
})();
