#!/usr/bin/env python3
"""read_tables.py DOCUMENT_FOLDER EXPORT_FOLDER: the tables as Python's csv reads them say what the JSON documents and the
recordings do, to the byte, and the pictures are sound XML.

DOCUMENT_FOLDER has NAME.json and NAME.tables/ with tables and pictures; EXPORT_FOLDER NAME.json of a recording's events
and NAME.events.csv."""
import csv
import json
import pathlib
import sys
import xml.etree.ElementTree

documents, exports = map(pathlib.Path, sys.argv[1:3])
failures, read = [], 0


def expect(truth, text):
    if not truth:
        failures.append(text)


def rows_of(path):
    """Every row as a dictionary; each has a cell for each column, and numbers where numbers belong."""
    global read
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    read += 1
    for row in rows:
        expect(None not in row and None not in row.values(), f"{path.name}: a line has another number of cells")
        for name, value in row.items():
            if name.endswith("bytes") or name in ("event", "step", "time_ns"):
                expect(value.lstrip("-").isdigit(), f"{path.name}: {name} is {value!r}")
    return rows


def check_documents(name, document, folder):
    runs, layers = rows_of(folder / "runs.csv"), rows_of(folder / "layers.csv")
    categories, tensors = rows_of(folder / "categories.csv"), rows_of(folder / "tensors.csv")
    if not name.startswith("hostile"):  # whose labels are no text that a file may hold
        expect([row["run"] for row in runs] == [run["label"] for run in document["runs"]], f"{name}: other runs")
    for row, run in zip(runs, document["runs"]):
        peak = run["peak"]
        expect(int(row["peak_allocated_bytes"]) == peak["allocated_bytes"] and int(row["peak_reserved_bytes"]) == peak["reserved_bytes"],
               f"{name}: the peak of {row['run']} differs")
        expect(row["outcome"] == run["outcome"]["kind"], f"{name}: the outcome of {row['run']} differs")
    if name.startswith("hostile"):
        return
    for run in document["runs"]:
        own = lambda rows: [row for row in rows if row["run"] == run["label"]]
        expected = run["at_peak"]["categories"]
        expect({row["category"]: int(row["bytes"]) for row in own(categories)} == expected, f"{name}: categories differ")
        expect([int(row["bytes"]) for row in own(layers)] == [layer["bytes"] for layer in run["at_peak"]["layers"]], f"{name}: layers differ")
        for category, total in expected.items():
            expect(sum(int(row[category]) for row in own(layers)) == total, f"{name}: {category} over layers is not {total}")
        expect(sum(int(row["bytes"]) for row in own(tensors)) == run["at_peak"]["allocated_bytes"], f"{name}: tensors do not sum to the peak")


def check_events(name, recording, rows):
    events = recording["events"]
    expect([(row["action"], int(row["block_bytes"]), int(row["address"], 16)) for row in rows]
           == [(event["action"], event["bytes"], event["address"]) for event in events], f"{name}: events differ")
    highest = max((int(row["allocated_bytes"]) for row in rows), default=0)
    expect(highest == recording["peak_bytes"], f"{name}: the highest of allocated_bytes is {highest}, the peak {recording['peak_bytes']}")
    for block in recording["allocations"]:
        row = rows[block["begin"]]
        expect(row["category"] == block["category"] and row["layer"] == recording["layers"][block["layer"]]["path"],
               f"{name}: event {block['begin']} has another label")


for path in sorted(documents.glob("*.json")):
    document = json.loads(path.read_text())
    if document["runs"]:
        check_documents(path.stem, document, documents / f"{path.stem}.tables")
for path in sorted(documents.glob("*.tables/*.svg")):
    read += 1
    try:
        expect(xml.etree.ElementTree.parse(path).getroot().find("{*}title").text, f"{path}: no title")
    except xml.etree.ElementTree.ParseError as error:
        failures.append(f"{path}: {error}")
for path in sorted(exports.glob("*.events.csv")):
    name = path.name.removesuffix(".events.csv")
    check_events(name, json.loads((exports / f"{name}.json").read_text()), rows_of(path))

print("\n".join(failures) or f"{read} tables and pictures say what their documents do")
sys.exit(bool(failures) or not read)
