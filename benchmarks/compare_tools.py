#!/usr/bin/env python3
"""Headroom beside other ways to the same number, on the same work, in one run; prints a table with ratios.

    compare_tools.py HEADROOM PYTHON [--runs N]

HEADROOM: build/release/bin/headroom. PYTHON: an interpreter with Torch and transformers (requirements.txt).
Two rivals: Hugging Face's implementation of the model run by unchanged PyTorch over the virtual GPU (an independent
implementation; docs/exactness.md explains the differences of the peaks), and PyTorch's MemTracker under FakeTensorMode (the
estimator that ships with PyTorch). Peaks are of the second step, in allocated bytes; times are of whole processes.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

WORK = [("bert-base", 8, 128, "fp32", "adamw"), ("gpt2", 2, 1024, "fp32", "adamw"), ("llama-7b", 1, 2048, "bf16", "adamw")]


def measure(command, env=None):
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL, env=env)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        output.seek(0)
        text = output.read().decode()
    if status:
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {status}")
    return seconds, usage.ru_maxrss * 1024, text


def headroom(binary, work):
    model, batch, seq, dtype, optimizer = work
    seconds, rss, text = measure([binary, "profile", model, "--batch", str(batch), "--seq", str(seq), "--dtype", dtype,
                                  "--optimizer", optimizer, "--device", "virtual:h100-80gb", "--format", "json", "--quiet"])
    last = json.loads(text)["runs"][0]["steps"][-1]
    return seconds, rss, last


def peer(python, tool, work, library):
    env = os.environ | {"LD_PRELOAD": str(library)}
    if tool == "virtual-gpu":
        env["HEADROOM_VIRTUAL_GPU"] = "h100-80gb"
    script = pathlib.Path(__file__).with_name("peer_step.py")
    seconds, rss, text = measure([python, script, tool, *map(str, work)], env)
    return seconds, rss, json.loads(text.splitlines()[-1])


def best_of(runs, one):
    results = [one() for _ in range(runs)]
    return statistics.median(r[0] for r in results), max(r[1] for r in results), results[-1][2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("headroom", type=pathlib.Path)
    parser.add_argument("python")
    parser.add_argument("--runs", type=int, default=3)
    o = parser.parse_args()
    library = o.headroom.resolve().parent.parent / "lib/headroom/virtual-gpu/headroom-virtual-gpu.so"
    print(f"{'work':34} {'tool':26} {'median s':>9} {'ratio':>7} {'host MiB':>9} {'peak bytes':>16} {'difference':>14}")
    for work in WORK:
        ours = best_of(o.runs, lambda: headroom(o.headroom, work))
        rows = [("headroom", *ours)]
        rows.append(("transformers, virtual GPU", *best_of(o.runs, lambda: peer(o.python, "virtual-gpu", work, library))))
        rows.append(("MemTracker, FakeTensor", *best_of(1, lambda: peer(o.python, "memtracker", work, library))))
        for name, seconds, rss, peak in rows:
            difference = peak["allocated_bytes"] - ours[2]["allocated_bytes"]
            print(f"{' '.join(map(str, work)):34} {name:26} {seconds:9.2f} {seconds / ours[0]:6.1f}x {rss / 2**20:9.0f} "
                  f"{peak['allocated_bytes']:16,} {difference:+14,}")


if __name__ == "__main__":
    main()
