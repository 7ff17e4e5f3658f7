"use strict";
// Elements from plain values: strings only ever become text, so nothing a recording names is read as markup.
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else element.setAttribute(name, value === true ? "" : value);
  }
}

const drawingRoot = document.getElementById("drawing").content.firstElementChild;
function draw(tag, attributes, ...children) {
  const element = document.createElementNS(drawingRoot.namespaceURI, tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

// Work that can wait until what is in view is painted: a piece of it a frame, the oldest first. One job of a name; `piece` says
// whether there is more. settle() does all of it at once.
const jobs = new Map();
let jobsFrame = 0;
function later(name, piece) {
  jobs.delete(name);
  jobs.set(name, piece);
  cancelAnimationFrame(jobsFrame);
  jobsFrame = requestAnimationFrame(() => (jobsFrame = requestAnimationFrame(workOnJobs)));  // the frame that is due is full enough
}
function onePiece() {
  const [name, piece] = jobs.entries().next().value;
  if (!piece() && jobs.get(name) === piece) jobs.delete(name);
}
function workOnJobs() {
  if (jobs.size > 0) onePiece();
  jobsFrame = jobs.size > 0 ? requestAnimationFrame(workOnJobs) : 0;
}
function settle() {
  while (jobs.size > 0) onePiece();
}
addEventListener("beforeprint", settle);

// Fills a table's body with rows of [key, what, make]. Rows whose `what` is as it was stay the elements they are, so little is laid
// out anew; of many rows that are new or move the first come at once.
const rowsAtOnce = 12;
function keepRows(body, name, wanted) {
  const kept = (body.kept = body.kept || new Map()), whats = new Map(wanted.map(([key, what]) => [key, what]));
  for (const [key, { what, row }] of kept) if (whats.get(key) !== what) row.remove();
  let placed = 0, next = body.firstElementChild;
  const place = ([key, what, make]) => {
    if (!kept.has(key) || kept.get(key).what !== what) kept.set(key, { what, row: make() });
    const row = kept.get(key).row, stays = row === next;
    if (stays) next = next.nextElementSibling; else body.insertBefore(row, next);
    return stays ? 0 : 1;
  };
  const piece = () => {
    for (let room = rowsAtOnce; placed < wanted.length && room > 0; ++placed) room -= place(wanted[placed]);
    return placed < wanted.length;
  };
  if (piece()) later(name, piece); else jobs.delete(name);
}

// The head of a table that a press on a column's name sorts; `columns` are [name, value or null, is it text].
function sortHead(view, columns, again) {
  const cells = columns.map(([name, value, text], key) => h("th", { scope: "col", class: text ? "text" : null },
    value ? h("button", { class: "sort", type: "button", onclick: () => sortBy(key) }, name) : name));
  const mark = () => cells.forEach((cell, key) => (key === view.key ? cell.setAttribute("aria-sort", view.ascending ? "ascending" : "descending") : cell.removeAttribute("aria-sort")));
  const sortBy = (key) => {
    view.ascending = key === view.key ? !view.ascending : Boolean(columns[key][2]);
    view.key = key;
    mark();
    again();
  };
  mark();
  return h("tr", {}, cells);
}

// A button that shows all rows of a table or but the first of them; gone where there are no more.
function moreButton(view, again) {
  const button = h("button", { class: "button more", type: "button", onclick: () => { view.all = !view.all; again(); } });
  return { button, show: (count, few) => { button.hidden = count <= few; button.textContent = view.all ? "Show fewer" : "Show all " + grouped(count); } };
}

const $ = (id) => document.getElementById(id);
const fill = (id, ...children) => $(id).replaceChildren(...children.flat(Infinity).filter(Boolean));

// Sizes as headroom prints them: binary units, three significant digits at least.
const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const grouped = (value) => (value <= -1 ? "−" : "") + Math.abs(Math.trunc(value)).toString().replace(/\B(?=(\d{3})+$)/g, ",");
const view = { exact: false };

function binarySize(bytes) {
  let size = Math.abs(bytes), unit = 0;
  if (size < 1024) return grouped(bytes) + " B";
  for (size /= 1024, unit = 1; size >= 1023.5 && unit + 1 < units.length; ++unit) size /= 1024;
  return (bytes < 0 ? "−" : "") + size.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0) + " " + units[unit];
}
const exactSize = (bytes) => grouped(bytes) + " B";
const sizeText = (bytes) => (view.exact ? exactSize(bytes) : binarySize(bytes));
const size = (bytes, extra) => h("span", { class: "size", "data-tip": exactSize(bytes) + (extra ? "\n" + extra : "") }, sizeText(bytes));
const fixed = (value, digits) => (value < 0 && Number(value.toFixed(digits)) !== 0 ? "−" : "") + Math.abs(value).toFixed(digits);
const percentText = (value) => fixed(value, 1) + " %";
const shareText = (part, whole) => (whole > 0 ? percentText((100 * part) / whole) : "–");
const timeText = (ns) =>
  ns < 1e3 ? ns + " ns" : ns < 1e6 ? (ns / 1e3).toFixed(1) + " µs" : ns < 1e9 ? (ns / 1e6).toFixed(2) + " ms" : (ns / 1e9).toFixed(3) + " s";
const sumOf = (numbers) => numbers.reduce((a, b) => a + b, 0);
const color = (category) => "var(--" + category.name + ")";
const swatch = (category) => h("span", { class: "swatch", "aria-hidden": "true", style: { "--color": color(category) } });

function savingText(percent) {
  if (percent === null || percent === undefined) return h("span", { class: "none" }, "–");
  return h("span", { class: "size " + (percent > 0.05 ? "saves" : percent < -0.05 ? "costs" : "none"), "data-tip": fixed(percent, 6) + " %" }, percentText(percent));
}

// Text that may break after its dots, or after the slashes of a file's path.
const breakableAfter = (text, mark) => text.split(mark).flatMap((part) => [part, h("wbr")]);
const breakable = (text) => breakableAfter(text, /(?<=\.)/);
const breakablePath = (text) => breakableAfter(text, /(?<=\/)/);

// A sentence whose flags stay whole: "--value" does not break after its hyphens.
const withFlags = (text) => text.split(/(--[a-z-]+)/).map((part) => (part.startsWith("--") ? h("span", { class: "flag" }, part) : part));

// One of several choices, as radio buttons: arrow keys move, screen readers count them.
function segmented(legend, name, choices, chosen, onchange) {
  return h("fieldset", { class: "segmented" }, h("legend", {}, legend), choices.map(([value, text]) =>
    h("label", {}, h("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onchange(value) }), h("span", {}, text))));
}

// Exact bytes under the pointer and at the keyboard's focus, from data-tip.
function showTip(event) {
  const holder = event.target.closest ? event.target.closest("[data-tip]") : null;
  const tip = $("tip");
  tip.hidden = !holder;
  if (!holder) return;
  tip.textContent = holder.dataset.tip;
  const box = holder.getBoundingClientRect(), own = tip.getBoundingClientRect();
  const pointed = event.type === "mousemove" || event.type === "mouseover";
  const x = pointed ? event.clientX - own.width / 2 : box.left;
  const above = box.top - own.height - 8;
  tip.style.left = Math.max(4, Math.min(x, innerWidth - own.width - 4)) + "px";
  tip.style.top = (above > 4 ? above : Math.min(box.bottom + 8, innerHeight - own.height - 4)) + "px";
}
for (const type of ["mouseover", "mousemove", "focusin"]) document.addEventListener(type, showTip);
document.addEventListener("focusout", () => ($("tip").hidden = true));
document.addEventListener("keydown", (event) => event.key === "Escape" && ($("tip").hidden = true));
