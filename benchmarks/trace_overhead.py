#!/usr/bin/env python3
"""What recording and tracing cost.

    trace_overhead.py HEADROOM PYTHON [--runs N] [--steps N] [--model NAME]

A program's steps, after a warm-up: alone, recorded, and recorded and traced. Then whole runs of `headroom profile`, traced and
not: of two steps, and what each further step takes. Kinds take turns; medians, and ratios to the first kind of each group, are
printed. docs/benchmarks.md explains.
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import tempfile
import time

DEVICE = "h100-80gb"
LOOP = """
import sys, time, torch
from torch import nn
device, steps = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(1)
layer = nn.TransformerEncoderLayer(256, 4, 1024, batch_first=True)
model = nn.TransformerEncoder(layer, 6, enable_nested_tensor=False).to(device)
optimizer = torch.optim.AdamW(model.parameters(), foreach=True)
x = torch.randn(8, 128, 256, device=device)
def step():
    optimizer.zero_grad(set_to_none=True)
    model(x).pow(2).mean().backward()
    optimizer.step()
for _ in range(3): step()
wall, processor = time.perf_counter(), time.process_time()
for _ in range(steps): step()
print("seconds", (time.perf_counter() - wall) / steps, (time.process_time() - processor) / steps)
"""


def run(command, env):
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr[-2000:]}")
    return done.stdout


def steps_of_program(command, env):
    for line in run(command, env).splitlines():
        if line.startswith("seconds "):
            return tuple(float(text) for text in line.split()[1:])
    raise SystemExit(f"{' '.join(map(str, command))} printed no times")


def whole_process(command, env):
    def processor():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime
    wall, before = time.perf_counter(), processor()
    run(command, env)
    return time.perf_counter() - wall, processor() - before


def measure(title, runs, ways):
    times = {way: [] for way in ways}
    for _ in range(runs):
        for way, once in ways.items():
            times[way].append(once())
    middle = {way: [statistics.median(column) for column in zip(*taken)] for way, taken in times.items()}
    first = next(iter(middle.values()))
    for way, (wall, processor) in middle.items():
        print(f"{title:28} {way:18} {wall * 1e3:10.2f} {processor * 1e3:12.2f} {wall / first[0]:7.2f}x {processor / first[1]:8.2f}x",
              flush=True)


def programs(o, folder, library):
    loop = folder / "loop.py"
    loop.write_text(LOOP)
    recorded = [o.headroom, "run", "--quiet", "--out", folder / "x.headroom", "--device"]
    cpu_env = os.environ | {"LD_PRELOAD": str(library)}  # under Headroom PyTorch for CUDA loads without CUDA, too
    virtual_env = cpu_env | {"HEADROOM_VIRTUAL_GPU": DEVICE}

    def way(device, env, front):
        return lambda: steps_of_program([*front, o.python, loop, device, str(o.steps)], env)

    measure("program, a step, cpu", o.runs, {
        "alone": way("cpu", cpu_env, []),
        "recorded": way("cpu", os.environ, [*recorded, "cpu", "--"])})
    virtual = [*recorded, f"virtual:{DEVICE}", "--trace"]
    measure("program, a step, virtual", o.runs, {
        "alone": way("cuda", virtual_env, []),
        "recorded": way("cuda", os.environ, [*virtual, "none", "--"]),
        "recorded, traced": way("cuda", os.environ, [*virtual, "full", "--"])})


def profiles(o, folder):
    def profile(trace, steps):
        return whole_process([o.headroom, "profile", o.model, "--batch", "8", "--device", f"virtual:{DEVICE}", "--trace", trace,
                              "--steps", str(steps), "--quiet", "--out", folder / "p.headroom"], os.environ)

    def further_step(trace):
        short, long = profile(trace, 2), profile(trace, 2 + o.steps)
        return tuple((b - a) / o.steps for a, b in zip(short, long))

    kinds = {"recorded": "none", "recorded, traced": "full"}
    measure(f"{o.model}, 2 steps, virtual", o.runs, {way: lambda t=t: profile(t, 2) for way, t in kinds.items()})
    measure(f"{o.model}, a step, virtual", o.runs, {way: lambda t=t: further_step(t) for way, t in kinds.items()})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("headroom", type=pathlib.Path)
    parser.add_argument("python")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--model", default="bert-base")
    o = parser.parse_args()
    o.headroom = o.headroom.resolve()
    library = o.headroom.parent.parent / "lib/headroom/virtual-gpu/headroom-virtual-gpu.so"
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
    print(f"{'':28} {'':18} {'wall ms':>10} {'processor ms':>12} {'wall':>8} {'processor':>9}")
    with tempfile.TemporaryDirectory() as folder:
        programs(o, pathlib.Path(folder), library)
        profiles(o, pathlib.Path(folder))


if __name__ == "__main__":
    main()
