"""What CUPTI tells of a run (docs/tracing.md): the same model traced at each level, and what follows from it."""
import json
import os
import subprocess
import time

BATCH, SEQ, STEPS = 2, 64, 3
EXPANDABLE = {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True", "PYTORCH_ALLOC_CONF": "expandable_segments:True"}
UNANSWERED = ["DRAM traffic of layers: no command counts it yet",
              "CUPTI beside torch.profiler: run a program that uses torch.profiler under headroom run --trace full"]


def profile(headroom, device, model, level, environment=None):
    """The run's part of the JSON report, with "seconds" of the whole command; {"words": why} where it did not run."""
    command = [headroom, "profile", model, "--batch", str(BATCH), "--seq", str(SEQ), "--steps", str(STEPS), "--device", device,
               "--trace", level, "--format", "json"]
    start = time.monotonic()
    child = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    seconds = time.monotonic() - start
    if child.returncode:
        return {"words": child.stderr.strip() or f"exit code {child.returncode}"}
    return {**json.loads(child.stdout)["runs"][0], "seconds": seconds}


def share(part, whole):
    return f"{part:,} of {whole:,}" + (f" ({100 * part / whole:.1f} %)" if whole else "")


def memory_text(activity):
    rows = {}
    for row in activity["driver_memory"]:
        key = (os.path.basename(row["caller"] or "") or "caller not told", row["kind"])
        rows[key] = rows.get(key, 0) + row["taken"]["bytes"]
    return "; ".join(f"{caller}, {kind}: {taken:,} B" for (caller, kind), taken in sorted(rows.items())) or "none was told"


def unmatched(activity, phase):
    places = [place for place in activity["places"] if place["phase"] == phase]
    count = sum(place["kernels"]["count"] for place in places)
    return count, sum(place["kernels"]["count"] for place in places if place["layer"] == "model")


def matched_text(activity, phase):
    count, root = unmatched(activity, phase)
    return share(count - root, count)


def time_text(activity):
    kernels = activity["total"]["kernels"]
    if not activity["executed"]:
        return f"not to be answered: the device is virtual, and its {kernels['count']:,} kernels were not executed"
    return share(kernels["timed_count"], kernels["count"])


def answers_of(levels, expandable):
    """[question, answer] of what profile() gave by level, and with expandable segments."""
    broken = {level: run["words"] for level, run in levels.items() if "words" in run}
    if broken:
        return [[f"--trace {level}", f"did not run: {words}"] for level, words in broken.items()]
    full = levels["full"]
    activity = full["device_activity"]
    if not activity or activity["level"] != "full":
        return [["--trace full", "nothing was traced: " + "; ".join((activity or {}).get("problems", []))]]
    lost = activity["lost"]
    rows = [["Memory asked of the driver, by caller", memory_text(activity)],
            ["Kernels of forward that have a layer", matched_text(activity, "forward")],
            ["Kernels of backward that have a layer", matched_text(activity, "backward")],
            ["Kernels that have a time", time_text(activity)],
            ["Seconds of the whole command with --trace " + ", ".join(levels),
             ", ".join(f"{run['seconds']:.1f}" for run in levels.values())],
            ["Memory at the peak", reserved_text(full)],
            ["Records lost, damaged or left over", ", ".join(f"{name} {count}" for name, count in lost.items() if count) or "none"],
            ["What could not be traced", "; ".join(activity["problems"]) or "nothing"]]
    words = expandable.get("words")
    rows.append(["Memory asked of the driver with expandable segments",
                 f"did not run: {words}" if words else memory_text(expandable["device_activity"] or {"driver_memory": []})])
    return rows


def reserved_text(run):
    text = f"{run['allocator']['peak_reserved_bytes']:,} B reserved"
    peak = (run["gpu_memory"] or {}).get("peak")
    if not peak:
        return text + "; the driver told nothing"
    uses = ", ".join(f"{use['kind']} {use['bytes']:,} B" for use in peak["uses"])
    return f"{text}, {peak['used_bytes']:,} B used: {uses}"


def check(headroom, device, model):
    """What a check's record has of tracing on `device`."""
    if not headroom.exists():
        return {"device": device, "answers": [["--trace", f"not asked: this build has no {headroom.name}"]], "unanswered": UNANSWERED}
    levels = {level: profile(headroom, device, model, level) for level in ("none", "memory", "full")}
    expandable = profile(headroom, device, model, "full", EXPANDABLE)
    return {"device": device, "answers": answers_of(levels, expandable), "unanswered": UNANSWERED}
