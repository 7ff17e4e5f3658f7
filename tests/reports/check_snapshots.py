#!/usr/bin/env python3
"""check_snapshots.py FOLDER MEMORY_VIZ…: every snapshot that write_exports left is a plain pickle, says what its recording
does, and is drawn by each torch/cuda/_memory_viz.py named."""
import collections
import importlib.util
import inspect
import io
import json
import pathlib
import pickle
import pickletools
import sys

folder, viewers = pathlib.Path(sys.argv[1]), sys.argv[2:]

# What PyTorch's snapshot page can read of pickle's opcodes, of those that make plain values.
READ_BY_THE_PAGE = {"PROTO", "APPEND", "APPENDS", "LIST", "TUPLE", "NEWFALSE", "NEWTRUE", "NONE", "BINGET", "LONG_BINGET",
                    "BININT", "BININT1", "BININT2", "EMPTY_DICT", "EMPTY_LIST", "FRAME", "LONG1", "MARK", "MEMOIZE", "SETITEMS",
                    "SHORT_BINUNICODE", "BINUNICODE", "STOP", "TUPLE1", "TUPLE2", "TUPLE3", "BINFLOAT"}
ENTRIES = {"alloc", "free_requested", "free_completed", "segment_alloc", "segment_free", "segment_map", "segment_unmap", "oom"}


class Broken(Exception):
    pass


def require(condition, what):
    if not condition:
        raise Broken(what)


class PlainUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        raise Broken(f"the pickle asks for {module}.{name}")


def load(path):
    data = path.read_bytes()
    used = {opcode.name for opcode, _, _ in pickletools.genops(data)}
    require(used <= READ_BY_THE_PAGE, f"opcodes {used - READ_BY_THE_PAGE}")
    return PlainUnpickler(io.BytesIO(data)).load()


def check_entries(trace):
    for entry in trace:
        require(entry["action"] in ENTRIES, f"action {entry['action']}")
        require(("device_free" if entry["action"] == "oom" else "addr") in entry, "an entry without an address")
        require(all(isinstance(entry[key], int) for key in ("size", "stream", "time_us")), "an entry's numbers")
        require(isinstance(entry["user_metadata"], str) and isinstance(entry["category"], str), "an entry's texts")
        for frame in entry["frames"]:
            require(set(frame) == {"filename", "line", "name"}, f"frame {frame}")
    categories = {entry["category"] for entry in trace}
    require(not categories or "unknown" in categories, "the page stops at categories without 'unknown'")


def check_trace(trace, facts):
    """Blocks and segments in the order of the recording, each free after its allocation and completed after it was asked."""
    begun = {a["begin"]: a for a in facts["allocations"]}
    ended = {a["end"]: a for a in facts["allocations"] if a["end"] >= 0}
    expected = []
    for number, event in enumerate(facts["events"]):
        for a, action in ((ended.get(number), "free_requested"), (begun.get(number), "alloc")):
            if a:
                source = facts["events"][a["begin"]]
                expected.append((action, source["address"], source["requested_bytes"], event["time_ns"] // 1000))
    told = [(e["action"], e["addr"], e["size"], e["time_us"]) for e in trace if e["action"] in ("alloc", "free_requested")]
    require(told == expected, "blocks come and go otherwise")
    asked = collections.Counter()
    for e in trace:
        if e["action"] == "free_requested":
            asked[e["addr"], e["size"]] += 1
        if e["action"] == "free_completed":
            asked[e["addr"], e["size"]] -= 1
            require(asked[e["addr"], e["size"]] >= 0, "a free is completed that nobody asked for")
    require(sum(e["action"] == "oom" for e in trace) == (facts["outcome"] == "oom"), "out of memory or not")
    return asked


def check_segments(snapshot, facts, pending):
    live = collections.Counter()
    for a in facts["allocations"]:
        if a["end"] < 0:
            live[facts["events"][a["begin"]]["address"], a["bytes"], "active_allocated"] += 1
    reserved = 0
    for entry in snapshot["device_traces"][0]:
        reserved += {"segment_alloc": 1, "segment_map": 1, "segment_free": -1, "segment_unmap": -1}.get(entry["action"], 0) * entry["size"]
    found, last = collections.Counter(), -1
    for segment in snapshot["segments"]:
        require(segment["address"] >= last, "segments out of order")
        last = address = segment["address"]
        sums = collections.Counter()
        for block in segment["blocks"]:
            require(block["address"] == address and block["size"] >= 0, f"a gap before {block['address']}")
            address += block["size"]
            sums[block["state"]] += block["size"]
            sums["requested"] += block["requested_size"]
            if block["state"] != "inactive":
                found[block["address"], block["size"], block["state"]] += 1
        require(address == segment["address"] + segment["total_size"], "blocks do not fill their segment")
        require(segment["allocated_size"] == sums["active_allocated"] and segment["requested_size"] == sums["requested"] and
                segment["active_size"] == sums["active_allocated"] + sums["active_pending_free"], "a segment's sums")
        require(isinstance(segment["segment_pool_id"], tuple) and segment["device"] == 0, "a segment's place")
    require({k: n for k, n in found.items() if k[2] == "active_allocated"} == dict(live), "other blocks are alive at the end")
    require(sum(n for k, n in found.items() if k[2] == "active_pending_free") == sum(pending.values()), "blocks held at the end")
    return sum(s["total_size"] for s in snapshot["segments"]) - reserved


def check_origin(snapshot, facts):
    origins = {(facts["events"][a["begin"]]["address"], a["begin"]): a for a in facts["allocations"]}
    allocs = [e for e in snapshot["device_traces"][0] if e["action"] == "alloc"]
    for entry, ((_, _), a) in zip(allocs, origins.items()):
        names = [frame["name"] for frame in entry["frames"] if frame["filename"] == "layer"]
        path, layer = [facts["layers"][a["layer"]]["path"]], a["layer"]
        while layer:
            layer = facts["layers"][layer]["parent"]
            path.append(facts["layers"][layer]["path"])
        require(names == path, f"layers {names}, not {path}")
        require(entry["frames"][-1]["name"] == entry["category"] == a["category"], "a block's category")
        metadata = json.loads(entry["user_metadata"])
        require(metadata["category"] == a["category"], "metadata's category")


def draw(viewer, snapshot):
    """Every view, without the network: a flame graph's lines in place of its picture."""
    lines = lambda text: text  # noqa: E731
    texts = [viewer.memory(snapshot, format_flamegraph=lines), viewer.segments(snapshot, format_flamegraph=lines),
             viewer.compare(snapshot["segments"], snapshot["segments"][1:], format_flamegraph=lines), viewer.segsum(snapshot),
             viewer.trace(snapshot), viewer.trace_plot(snapshot), viewer.trace_plot(snapshot, plot_segments=True),
             viewer.segment_plot(snapshot)]
    if "filter_freed" in inspect.signature(viewer.trace_plot).parameters:
        texts.append(viewer.trace_plot(snapshot, filter_freed=True))
    require(all(isinstance(text, str) for text in texts), "a view draws nothing")
    accounted = sum(int(line.rsplit(" ", 1)[1]) for line in texts[0].splitlines())
    require(accounted == sum(s["total_size"] for s in snapshot["segments"]), "the flame graph's bytes are not the segments'")


def open_viewer(path):
    spec = importlib.util.spec_from_file_location("memory_viz_" + str(abs(hash(path))), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check(path, modules):
    facts, snapshot = json.loads(path.with_suffix(".json").read_text()), load(path)
    require(len(snapshot["device_traces"]) == 1, "one device")
    check_entries(snapshot["device_traces"][0])
    pending = check_trace(snapshot["device_traces"][0], facts)
    difference = check_segments(snapshot, facts, pending)
    # A random recording's blocks lie outside of segments, and segments go while blocks are alive.
    require(difference == 0 or path.stem.startswith("random"), f"segments at the end differ from the trace by {difference}")
    check_origin(snapshot, facts)
    require(all(a["stage"] in ("START", "END") for a in snapshot["external_annotations"]), "annotations")
    require(len(snapshot["external_annotations"]) == 2 * facts["marks"], "one annotation for each phase")
    for module in modules:
        draw(module, load(path))


def main():
    modules = [open_viewer(path) for path in viewers]
    failures, paths = [], sorted(folder.glob("*.pickle"))
    for path in paths:
        try:
            with_output = io.StringIO()
            standard, sys.stdout = sys.stdout, with_output
            try:
                check(path, modules)
            finally:
                sys.stdout = standard
        except Broken as broken:
            failures.append(f"{path.stem}: {broken}")
    print("\n".join(failures) or f"{len(paths)} snapshots say what their recordings do; drawn by {len(modules)} of PyTorch's viewers")
    return bool(failures or not paths)


if __name__ == "__main__":
    sys.exit(main())
