#!/usr/bin/env python3
"""The same allocations opened by Headroom's viewer and by PyTorch's memory_viz; prints both times and their ratio.

    viewer_against_memory_viz.py HEADROOM VIEWER_SPEED TORCH [RECORDING ...]

HEADROOM: build/release/bin/headroom. VIEWER_SPEED: the target viewer_speed. TORCH: the folder `torch` of an installed wheel.
Without a RECORDING two are made up, of 20,000 and 200,000 events. Each is exported with `headroom report --format snapshot`, and
PyTorch's `_memory_viz.py trace_plot` makes a page of it.

The page cannot be drawn without a network: the wheel has no MemoryViz.js, the page loads it, and with it d3, from two hosts of
scripts. So PyTorch's side is the time to make the page, which shows nothing yet; the viewer's is from the file to the first picture.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import time

EVENTS = [20_000, 200_000]


def seconds(command):
    start = time.perf_counter()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stderr}")
    return time.perf_counter() - start, done.stdout


def viewer(program, recording):
    _, text = seconds([program, "--open", recording])
    return float(re.search(r"open to first picture: ([\d.]+) s", text).group(1))


def page_of(torch, snapshot, page):
    spent, _ = seconds([sys.executable, torch / "cuda" / "_memory_viz.py", "trace_plot", snapshot, "-o", page])
    return spent


def compare(recording, options):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        seconds([options.headroom, "report", recording, "--format", "snapshot", "--out", folder, "--quiet"])
        snapshot, page = next(folder.glob("*.pickle")), folder / "page.html"
        ours, theirs = viewer(options.viewer_speed, recording), page_of(options.torch, snapshot, page)
        print(f"{recording.name}: viewer, opened and drawn {ours:.2f} s; memory_viz, page made {theirs:.2f} s, "
              f"{page.stat().st_size / 2**20:.1f} MiB; {theirs / ours:.1f} times the viewer's")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("headroom", "viewer_speed", "torch"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("recordings", type=pathlib.Path, nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recordings = list(options.recordings)
        if not recordings:
            for events in EVENTS:
                recordings.append(pathlib.Path(folder) / f"made-up-{events}.headroom")
                seconds([options.viewer_speed, "--write", recordings[-1], events])
        for recording in recordings:
            compare(recording, options)


if __name__ == "__main__":
    main()
