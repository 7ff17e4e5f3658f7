#!/usr/bin/env python3
"""How fluid the HTML report is: opened in headless Chromium, zoomed, moved, hovered over, sorted and filtered; prints what took how long.

    html_page.py HEADROOM [--make-up VIEWER_SPEED] [--memory-viz MemoryViz.js --d3 d3.v5.min.js] [RECORDING | PAGE.html …]

HEADROOM: build/release/bin/headroom. With --make-up (the target viewer_speed) a recording of a million events is made up, or of those
of --events. The page is not changed: another page holds it in a frame as large as the window, does what a hand would do, and waits after each
deed until the browser has laid it out and painted it. A frame is what the deed takes and what the next animation frame takes to its
end, on the page's own thread, of the processor and by the clock; "nothing" is what asking for the time takes. With --memory-viz the snapshot of each recording is opened by PyTorch's page, too.
"""
import argparse
import pathlib
import tempfile

from browser import FOUND, chromium, run, visit
from viewer_against_memory_viz import of_memory_viz

PAGE = """<!doctype html><meta charset="utf-8"><title>report</title><style>body{margin:0}iframe{border:0;width:100vw;height:100vh}</style>
<iframe src="/report.html"></iframe><script type="module">
FOUND
const begun = performance.now(), shown = document.querySelector("iframe");
await new Promise(done => shown.contentDocument.readyState === "complete" && shown.contentDocument.body.children.length ? done() : shown.onload = done);
const loaded = performance.now() - begun;
await frame(), await frame();
const inside = shown.contentWindow, page = shown.contentDocument;
const paint = inside.performance.getEntriesByType("paint").find(entry => entry.name === "first-contentful-paint");
const found = {loaded, paint: paint ? paint.startTime : null, frames: {}};
const all = selector => [...page.querySelectorAll(selector)];
const channel = new MessageChannel(), afterPaint = () => new Promise(done => (channel.port1.onmessage = done, channel.port2.postMessage(0)));
async function measured(name, count, act) {
  const clock = [], own = [];
  for (let i = 0; i < count; ++i) {
    await frame(), await afterPaint();
    const spent = processor(), begins = frame().then(() => performance.now()), from = performance.now();
    if (act(i) === false) break;
    const acted = performance.now() - from, painted = await begins;
    await afterPaint();
    clock.push(acted + performance.now() - painted);
    own.push(processor() - spent);
  }
  if (clock.length) found.frames[name] = {clock, own};
}
const drawing = () => page.querySelector("#timeline svg");
function pointer(kind, share, more = {}) {
  const target = drawing();
  if (!target) return false;
  const box = target.getBoundingClientRect(), event = kind === "wheel" ? inside.WheelEvent : inside.PointerEvent;
  target.dispatchEvent(new event(kind, {bubbles: true, cancelable: true, pointerId: 1, isPrimary: true, buttons: kind === "pointermove" ? more.buttons || 0 : 1,
    clientX: box.left + 70 + (box.width - 90) * share, clientY: box.top + 150, ...more}));
}
function press(selector, i) {
  const parts = all(selector);
  if (!parts.length) return false;
  parts[i % parts.length].click();
}
function type(selector, text) {
  const field = page.querySelector(selector);
  if (!field) return false;
  field.value = text;
  field.dispatchEvent(new inside.Event("input", {bubbles: true}));
}
const words = ["a", "at", "ate", "aten", "aten:", "aten::o", "1", "12", "bl", "block", "activation", ""];
if (drawing()) drawing().scrollIntoView({behavior: "instant", block: "center"});
await frame(), await frame();
await measured("nothing", 60, () => {});
await measured("hover over the timeline", 120, i => pointer("pointermove", (i * 37 % 120) / 120));
await measured("zoom the timeline", 80, i => pointer("wheel", 0.2 + i % 60 / 100, {ctrlKey: true, deltaY: i % 40 < 20 ? -100 : 100}));
for (let i = 0; i < 8; ++i) pointer("wheel", 0.5, {ctrlKey: true, deltaY: -100});
pointer("pointerdown", 0.5);
await measured("move the timeline", 60, i => pointer("pointermove", 0.5 + 0.4 * Math.sin(i / 5), {buttons: 1}));
pointer("pointerup", 0.5);
await measured("another part or axis of the timeline", 24, i => press("#timeline-controls input:not(:checked)", i));
await measured("fold and unfold layers", 24, i => press("#layers .twist[aria-expanded], #layers .fold", i * 5));
await measured("the other table of layers", 8, i => press("#layers-controls input:not(:checked)", 0));
press("#tensors .button", 0);
await measured("sort all tensors", 28, i => press("#tensors .sort", i));
await measured("filter all tensors", 36, i => type("#tensors-controls input", words[i % words.length]));
press("#kernels .button", 0);
await measured("sort all kernels", 20, i => press("#kernels .sort", i));
await measured("filter all kernels", 24, i => type("#kernels-controls input", words[i % words.length]));
await measured("exact bytes and back", 12, () => press("#exact", 0));
await measured("another run", 14, i => press(".bar-row[aria-pressed]", i));
inside.scrollTo({top: 0, behavior: "instant"});
await measured("scroll", 80, i => inside.scrollTo({top: i * 60, behavior: "instant"}));
tell(found);
</script>""".replace("FOUND", FOUND)


def share_of(frames, share):
    return sorted(frames)[min(len(frames) - 1, int(share * len(frames)))]


def show_page(name, page, options):
    found = visit(options.chromium, {"/": ("text/html", PAGE.encode()), "/report.html": ("text/html", page)}, options.timeout)
    print(f"{name}: a page of {len(page) / 2**20:.2f} MiB")
    if "trouble" in found:
        raise SystemExit(f"  {found['trouble']}")
    print(f"  first paint {found['paint'] or found['loaded']:.0f} ms, loaded {found['loaded']:.0f} ms, {found['memory']:.0f} MiB of memory at most")
    print(f"  {'a frame, ms':38}{'processor':>10}{'99 %':>8}{'worst':>8}{'clock':>10}{'99 %':>8}{'worst':>8}")
    for what, frames in found["frames"].items():
        figures = [figure for times in (frames["own"], frames["clock"]) for figure in (share_of(times, 0.5), share_of(times, 0.99), max(times))]
        print(f"  {what:38}" + "".join(f"{figure:>{(10, 8, 8)[i % 3]}.1f}" for i, figure in enumerate(figures)), flush=True)


def show_memory_viz(recording, folder, options):
    run([options.headroom, "report", recording, "--format", "snapshot", "--out", folder, "--quiet"])
    found = of_memory_viz(options, next(folder.glob("*.pickle")))
    if "trouble" in found:
        print(f"  memory_viz: {found['trouble']}")
    else:
        print(f"  memory_viz: drawn {found['drawn'] * 1e3:.0f} ms, {found['memory']:.0f} MiB of memory at most; "
              f"a frame of zoom, median {found['median']:.0f} ms, worst {found['worst']:.0f} ms")


def show(source, options):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if source.suffix == ".html":
            return show_page(source.name, source.read_bytes(), options)
        run([options.headroom, "report", source, "--format", "html", "--out", folder, "--quiet"])
        show_page(source.name, (folder / "report.html").read_bytes(), options)
        if options.memory_viz:
            show_memory_viz(source, folder, options)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("headroom", type=pathlib.Path)
    parser.add_argument("sources", type=pathlib.Path, nargs="*")
    parser.add_argument("--make-up", type=pathlib.Path, metavar="VIEWER_SPEED", help="makes the recordings of --events")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--memory-viz", type=pathlib.Path, metavar="FILE", help="MemoryViz.js of PyTorch")
    parser.add_argument("--d3", type=pathlib.Path, metavar="FILE", help="d3, version 5, as one script")
    parser.add_argument("--chromium", default=chromium() or "google-chrome", metavar="PROGRAM")
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="for a page; 600")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sources = list(options.sources)
        for events in options.events if options.make_up else []:
            sources.append(pathlib.Path(folder) / f"made-up-{events}.headroom")
            run([options.make_up, "--write", sources[-1], events])
        for source in sources:
            show(source, options)


if __name__ == "__main__":
    main()
