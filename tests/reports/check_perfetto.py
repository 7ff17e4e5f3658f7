#!/usr/bin/env python3
"""check_perfetto.py FOLDER: every trace that write_exports left says, read with Perfetto's own schema, what its recording
does. Where Perfetto's trace processor is at hand, it reads them, too."""
import collections
import json
import os
import pathlib
import shutil
import sys

try:
    import google.protobuf  # noqa: F401
    import perfetto  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}; scripts/setup --tests installs what tests/requirements.txt names")
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from read_perfetto import Broken, Trace, require  # noqa: E402

folder = pathlib.Path(sys.argv[1])


def expected_counters(facts):
    """The running sums of a recording after each of its events, by counter."""
    begun = {a["begin"]: a for a in facts["allocations"]}
    ended = {a["end"]: a for a in facts["allocations"] if a["end"] >= 0}
    segments = any(e["action"] == "segment_alloc" for e in facts["events"])
    sums, curves = collections.Counter(), collections.defaultdict(list)

    def put(name, time, change):
        sums[name] += change
        curves[name].append((time, sums[name]))

    for number, event in enumerate(facts["events"]):
        time = event["time_ns"]
        for allocation, sign in ((ended.get(number), -1), (begun.get(number), 1)):
            if allocation:
                put("allocated", time, sign * allocation["bytes"])
                put(f"category: {allocation['category']}", time, sign * allocation["bytes"])
                if not segments:
                    put("reserved", time, sign * allocation["bytes"])
        if event["action"].startswith("segment"):
            put("reserved", time, event["bytes"] * (1 if event["action"] == "segment_alloc" else -1))
    return curves


def check_counters(trace, process, facts):
    curves = expected_counters(facts)
    for name, curve in curves.items():
        require(trace.counter(name, process) == curve, f"counter {name} is not the recording's")
    shown = {trace.tracks[u].name for u in trace.tracks if trace.tracks[u].HasField("counter") and
             trace.tracks[u].parent_uuid == process}
    require(shown - {"driver: used", "reserved", "allocated"} == set(curves) - {"reserved", "allocated"},
            "categories that are not in the recording")
    highest = max((value for _, value in trace.counter("allocated", process)), default=0)
    require(highest == facts["peak_bytes"], f"the counter's highest is {highest}, the peak is {facts['peak_bytes']}")


def path_of(facts, layer):
    path = []
    while True:
        path.append(facts["layers"][layer]["path"])
        if layer == 0:
            return path[::-1]
        layer = facts["layers"][layer]["parent"]


def check_layers(trace, process, facts):
    (track,) = trace.named("layers", process)
    slices = trace.slices(track)
    open_at = collections.defaultdict(set)
    for s in slices:
        require(s.depth == len(path_of(facts, [l["path"] for l in facts["layers"]].index(s.arguments["layer"]))) - 1
                if len({l["path"] for l in facts["layers"]}) == len(facts["layers"]) else True,
                f"layer {s.name} at depth {s.depth}")
        for time in {facts["events"][a["begin"]]["time_ns"] for a in facts["allocations"]}:
            if s.begin <= time <= s.end:
                open_at[time].add(s.arguments["layer"])
    for a in facts["allocations"]:
        time = facts["events"][a["begin"]]["time_ns"]
        for path in path_of(facts, a["layer"]):
            require(path in open_at[time], f"no slice of {path} is open at {time}")


def check_blocks(trace, process, facts):
    (track,) = trace.named("operators and their blocks", process)
    slices, blocks = trace.slices(track), trace.instants(track)
    require(len(blocks) == len(facts["allocations"]), "not one instant for each block")
    for event, a in zip(blocks, facts["allocations"]):
        source = facts["events"][a["begin"]]
        require((event.time, event.arguments["bytes"], event.arguments["requested bytes"], event.arguments["address"],
                 event.arguments["category"], event.arguments["layer"]) ==
                (source["time_ns"], a["bytes"], source["requested_bytes"], source["address"], a["category"],
                 facts["layers"][a["layer"]]["path"]), f"the block at {event.time} is another")
    by_operators = sum(s.arguments["bytes"] for s in slices)
    with_operator = sum(e.arguments["bytes"] for e in blocks if "operator" in e.arguments)
    require(by_operators == with_operator, "operators' bytes are not those of their blocks")


def check_phases(trace, process, facts):
    (track,) = trace.named("steps and phases", process)
    slices, instants = trace.slices(track), trace.instants(track)
    require(sum(s.category == "phase" for s in slices) == facts["marks"], "not one slice for each phase")
    require(all(s.depth <= 1 and s.category in ("step", "phase") for s in slices), "phases lie deeper than in steps")
    peaks = [i for i in instants if i.category == "peak"]
    if facts["allocations"]:
        (peak,) = peaks
        require(peak.arguments["allocated bytes"] == facts["peak_bytes"], "the peak is another")
        require((peak.time, facts["peak_bytes"]) in trace.counter("allocated", process), "the peak is at another time")
    require(sum(i.category == "out of memory" for i in instants) == (facts["outcome"] == "oom"), "out of memory or not")


def check_activities(trace, process, facts):
    kinds = {"kernel", "copy", "set", "memory", "pool", "call", "synchronization", "overhead", "graph"}
    is_virtual = facts["device_kind"] == "virtual"
    shown = collections.Counter()
    for uuid, track in trace.tracks.items():
        if track.parent_uuid != process or not any(e.category in kinds for e in trace.of(uuid)):
            continue
        for s in trace.slices(uuid):
            shown[s.category, s.begin, s.end - s.begin] += 1
        for i in trace.instants(uuid):
            shown[i.category, i.time, -1] += 1
            if i.category == "kernel":
                require(i.arguments["time"] == ("not executed" if is_virtual else "not known"), "a kernel's time")
                require(not is_virtual or "not executed" in track.name, f"track {track.name} does not say that nothing ran")
        require(not (is_virtual and any(s.category == "kernel" and s.end > s.begin for s in trace.slices(uuid)
                                        if s.category == "kernel")) or
                any(a["kind"] == "kernel" and a["duration_ns"] >= 0 for a in facts["activities"]), "a virtual kernel has time")
    instants_only = ("memory", "pool")
    expected = collections.Counter(
        (a["kind"], a["start_ns"], -1 if a["kind"] in instants_only else a["duration_ns"]) for a in facts["activities"])
    require(shown == expected, f"activities differ: {(shown - expected) or (expected - shown)}")


def check_flows(trace, facts_of):
    begun, ended = {}, {}
    for event in trace.events:
        for flow in event.flows:
            require(flow not in begun and event.category == "call", f"flow {flow} begins twice, or at no call")
            begun[flow] = event
        for flow in event.ended_flows:
            require(flow not in ended, f"flow {flow} ends twice")
            ended[flow] = event
    require(set(begun) == set(ended), "a flow begins or ends nowhere")
    for flow, event in begun.items():
        require(event.arguments["correlation"] == ended[flow].arguments["correlation"], "a flow joins what is not one")
    count = 0
    for facts in facts_of:
        calls = {a["correlation"] for a in facts["activities"] if a["kind"] == "call"} - {0}
        count += sum(a["kind"] != "call" and a["correlation"] in calls for a in facts["activities"])
    require(len(begun) == count, f"{len(begun)} flows for {count} activities with a call")


def check_process(trace, process, facts):
    for uuid in trace.tracks:
        if uuid not in trace.processes:
            trace.slices(uuid)
    for check in (check_counters, check_layers, check_blocks, check_phases, check_activities):
        check(trace, process, facts)
    labels = list(trace.processes[process].process_labels)
    require(("virtual" in labels) == (facts["device_kind"] == "virtual"), f"labels are {labels}")


def ask_trace_processor(binary, path, facts):
    from perfetto.trace_processor import TraceProcessor, TraceProcessorConfig
    processor = TraceProcessor(trace=str(path), config=TraceProcessorConfig(bin_path=binary))
    try:
        def column(sql):
            return [row.value for row in processor.query(sql)]
        (highest,) = column("select max(c.value) as value from counter c join track t on c.track_id = t.id "
                            "where t.name = 'allocated'") or [0]
        require(int(highest or 0) == facts["peak_bytes"], f"the trace processor's peak is {highest}")
        (open_slices,) = column("select count(*) as value from slice where dur < 0")
        require(open_slices == 0, f"{open_slices} slices do not end")
        errors = column("select name || ': ' || value as value from stats where severity in ('error', 'data_loss') and value > 0")
        require(not errors, f"the trace processor finds fault: {errors}")
    finally:
        processor.close()


def main():
    binary = os.environ.get("PERFETTO_BINARY_PATH") or shutil.which("trace_processor_shell")
    failures, all_facts = [], {}
    for path in sorted(folder.glob("*.json")):
        name, facts = path.stem, json.loads(path.read_text())
        all_facts[name] = facts
        trace_path = folder / f"{name}.perfetto-trace"
        try:
            trace = Trace(trace_path)
            ((process, descriptor),) = trace.processes.items()
            require(descriptor.process_name.startswith(f"{name} on "), f"the process is called {descriptor.process_name}")
            check_process(trace, process, facts)
            check_flows(trace, [facts])
            if binary:
                ask_trace_processor(binary, trace_path, facts)
        except Broken as broken:
            failures.append(f"{name}: {broken}")
    try:
        trace = Trace(folder / "all.perfetto-trace")
        for process, descriptor in trace.processes.items():
            check_process(trace, process, all_facts[descriptor.process_name.split(" on ")[0]])
        require(len(trace.processes) == len(all_facts), "not one process for each run")
        check_flows(trace, all_facts.values())
    except Broken as broken:
        failures.append(f"all: {broken}")
    print("\n".join(failures) or f"{len(all_facts)} traces say what their recordings do"
          + ("" if binary else "; no trace processor at hand (PERFETTO_BINARY_PATH, trace_processor_shell in PATH): no SQL"))
    return bool(failures or not all_facts)


if __name__ == "__main__":
    sys.exit(main())
