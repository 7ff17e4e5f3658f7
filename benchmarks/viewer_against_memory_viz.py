#!/usr/bin/env python3
"""The same snapshot opened by Headroom's viewer and by PyTorch's memory_viz in Chromium; prints both and their ratios.

    viewer_against_memory_viz.py HEADROOM VIEWER_SPEED --memory-viz MemoryViz.js --d3 d3.v5.min.js [--events N …] [RECORDING …]

HEADROOM: build/release/bin/headroom. VIEWER_SPEED: the target viewer_speed. MemoryViz.js and d3 are not part of Headroom; where
they are had says docs/benchmarks.md. Without a RECORDING some are made up, of 10,000, 100,000 and 1,000,000 events or of those
of --events. Each is exported with `headroom report --format snapshot`, and both open that file.

A server of this machine alone hands MemoryViz.js out with the addresses of its imports replaced by the d3 that was given, and a
page that opens the snapshot as a user would with its Active Memory Timeline, waits until it is drawn, turns the wheel over it,
and tells the server how long each took. Memory is the most that the page's process, and the viewer's, ever held.
"""
import argparse
import pathlib
import re
import tempfile

from browser import FOUND, chromium, number, run, visit

EVENTS = [10_000, 100_000, 1_000_000]
FRAMES = 40

PAGE = """<!doctype html><meta charset="utf-8"><title>memory_viz</title><body></body><script src="/d3.js"></script>
<script type="module">
FOUND
const begun = performance.now();
const {add_remote_files} = await import("/MemoryViz.js");
add_remote_files([{name: "snapshot", url: "/snapshot.pickle"}]);
while (!document.querySelector("svg polygon")) await frame();
await frame(), await frame();
const drawn = performance.now() - begun, frames = [];
const plot = document.querySelector("svg g[clip-path]"), box = document.querySelector("svg").getBoundingClientRect();
for (let i = 0; i < FRAMES; ++i) {
  const from = performance.now();
  plot.dispatchEvent(new WheelEvent("wheel", {deltaY: i % 10 < 5 ? -60 : 60, bubbles: true, cancelable: true, view: window,
    clientX: box.left + box.width * (0.3 + i / 100), clientY: box.top + box.height / 2}));
  await frame(), await frame();
  frames.push(performance.now() - from);
}
tell({drawn, frames, shapes: document.querySelectorAll("svg polygon").length});
</script>""".replace("FRAMES", str(FRAMES)).replace("FOUND", FOUND)


def of_viewer(program, snapshot):
    text = run([program, "--open", snapshot])
    along_events = text[text.index("timeline along events"):]
    return {"drawn": number(r"open to first picture: ([\d.]+) s", text), "memory": number(r"([\d.]+) MiB of memory", text),
            "median": number(r"by the clock +median ([\d.]+) ms", along_events),
            "worst": number(r"by the clock .*worst ([\d.]+) ms", along_events)}


def with_given_d3(script):
    script = re.sub(r'import \* as d3 from "[^"]+";', "const d3 = window.d3;", script)
    return re.sub(r'import (\{[^}]+\}) from "[^"]+";', r"const \1 = window.d3;", script)


def of_memory_viz(options, snapshot):
    script = with_given_d3(options.memory_viz.read_text(encoding="utf-8"))
    if re.search(r"^import ", script, re.MULTILINE):
        raise SystemExit(f"{options.memory_viz}: has imports other than those of d3")
    found = visit(options.chromium, {
        "/": ("text/html", PAGE.encode()), "/MemoryViz.js": ("text/javascript", script.encode()),
        "/d3.js": ("text/javascript", options.d3.read_bytes()),
        "/snapshot.pickle": ("application/octet-stream", snapshot.read_bytes())}, options.timeout)
    if "trouble" in found:
        return found
    frames = sorted(found["frames"])
    return {"drawn": found["drawn"] / 1e3, "memory": found["memory"], "median": frames[len(frames) // 2], "worst": frames[-1],
            "shapes": found["shapes"]}


def compare(recording, options):
    with tempfile.TemporaryDirectory() as name:
        run([options.headroom, "report", recording, "--format", "snapshot", "--out", name, "--quiet"])
        snapshot = next(pathlib.Path(name).glob("*.pickle"))
        ours, theirs = of_viewer(options.viewer_speed, snapshot), of_memory_viz(options, snapshot)
        print(f"{recording.stem}, a snapshot of {snapshot.stat().st_size / 2**20:.1f} MiB")
        print(f"  {'':24}{'viewer':>10}{'memory_viz':>12}{'ratio':>8}")
        if "trouble" in theirs:
            print(f"  memory_viz: {theirs['trouble']}; {theirs['memory']:.0f} MiB by then")
        for key, what in (("drawn", "open to drawn, s"), ("memory", "memory at most, MiB"), ("median", "frame, median, ms"),
                          ("worst", "frame, worst, ms")):
            other = theirs.get(key)
            behind = f"{other:>12.2f}{other / max(ours[key], 1e-9):>8.1f}" if other is not None else f"{'–':>12}{'':>8}"
            print(f"  {what:24}{ours[key]:>10.2f}{behind}")
        if "shapes" in theirs:
            print(f"  memory_viz drew {theirs['shapes']:,} shapes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("headroom", type=pathlib.Path)
    parser.add_argument("viewer_speed", type=pathlib.Path)
    parser.add_argument("recordings", type=pathlib.Path, nargs="*")
    parser.add_argument("--memory-viz", type=pathlib.Path, required=True, metavar="FILE", help="MemoryViz.js of PyTorch")
    parser.add_argument("--d3", type=pathlib.Path, required=True, metavar="FILE", help="d3, version 5, as one script")
    parser.add_argument("--chromium", default=chromium() or "google-chrome", metavar="PROGRAM")
    parser.add_argument("--events", type=int, nargs="+", default=EVENTS, help="of recordings that are made up")
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="for a page; 600")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recordings = list(options.recordings)
        for events in [] if recordings else options.events:
            recordings.append(pathlib.Path(folder) / f"made-up-{events}.headroom")
            run([options.viewer_speed, "--write", recordings[-1], events])
        for recording in recordings:
            compare(recording, options)


if __name__ == "__main__":
    main()
