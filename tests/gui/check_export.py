#!/usr/bin/env python3
"""check_export.py FOLDER: what headroom-viewer --export wrote there of several runs is read by programs of others. Every
CSV has rows as long as its header, of titles that are all different, and its bytes are integers that add up to the peak;
every SVG is well-formed (xmllint, where it is installed)."""
import csv
import pathlib
import shutil
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
failures = []
# Of these columns every cell that says something is an integer.
INTEGERS = {"Size", "Requested", "Rounding", "Allocated", "Reserved", "bytes", "blocks", "block", "requested", "segment",
            "live", "free", "largest gap", "its size", "together", "Peak", "Parameters", "Event", "Before", "After", "Change"}


def check(file, holds, what):
    if not holds:
        failures.append(f"{file.relative_to(folder)}: {what}")


def table(file):
    with open(file, newline="", encoding="utf-8") as lines:
        rows = list(csv.reader(lines, strict=True))
    if not rows:
        return []
    header = rows[0]
    check(file, all(header), f"a column without a title: {header}")
    check(file, len(set(header)) == len(header), f"titles occur twice: {header}")
    for number, row in enumerate(rows[1:], 2):
        check(file, len(row) == len(header), f"row {number} has {len(row)} cells, the header {len(header)}")
    found = [dict(zip(header, row)) for row in rows[1:]]
    for row in found:
        for title in INTEGERS & set(header):
            check(file, not row[title] or row[title].lstrip("-").isdigit(), f"{title} is {row[title]!r}")
    return found


def number(text):
    return int(text or 0)


def check_sums(run):
    def of(view):
        return run / f"{view}.csv", table(run / f"{view}.csv")

    file, rows = of("overview")
    figures = {row["figure"]: number(row["bytes"]) for row in rows}
    peak = figures["peak allocated"]
    check(file, peak > 0, "no peak")
    check(file, sum(v for k, v in figures.items() if k.endswith(" at the peak")) == peak, "categories do not sum to the peak")
    file, rows = of("tensors")
    check(file, sum(number(row["Size"]) for row in rows) == peak, "tensors do not sum to the peak")
    file, rows = of("layers")
    tops = [row for row in rows if " / " not in row.get("path", row["layer"])]
    for tops in [row for row in tops if row["layer"] == "sum"], [row for row in tops if row["layer"] != "sum"]:
        check(file, sum(number(row["together"]) for row in tops) == peak, "layers do not sum to the peak")
    for row in rows:
        cells = [number(v) for k, v in row.items() if k not in ("path", "layer", "together", "share", "blocks")]
        check(file, sum(cells) == number(row["together"]), f"{row}: its categories do not sum to it")
    file, rows = of("treemap")
    check(file, [number(row["bytes"]) for row in rows if row["depth"] == "0"] == [peak], "its root is not the peak")
    file, rows = of("timeline")
    check(file, max(number(row["Allocated"]) for row in rows) == peak, "its highest is not the peak")
    fixed = {"Event", "Time in ns", "Phase", "Step", "Reserved", "Allocated"}
    for row in rows:
        parts = sum(number(v) for k, v in row.items() if k not in fixed)
        check(file, parts == number(row["Allocated"]), f"event {row['Event']}: parts do not sum to what is allocated")
    file, rows = of("fragmentation")
    for row in rows:
        check(file, number(row["live"]) + number(row["free"]) == number(row["segment"]), f"{row}: not the segment")


tables = list(folder.rglob("*.csv"))
for file in tables:
    table(file)
runs = [path for path in folder.iterdir() if path.is_dir()]
for run in runs:
    check_sums(run)
file, rows = folder / "comparison.csv", table(folder / "comparison.csv")
check(file, len(rows) == len(runs), f"{len(rows)} rows for {len(runs)} runs")
if shutil.which("xmllint"):
    drawings = sorted(folder.rglob("*.svg"))
    done = subprocess.run(["xmllint", "--noout", *map(str, drawings)], capture_output=True, text=True)
    check(folder / "*.svg", done.returncode == 0, done.stderr)
print("\n".join(failures) or f"{len(tables)} tables of {len(runs)} runs are as they should be")
sys.exit(1 if failures else 0)
