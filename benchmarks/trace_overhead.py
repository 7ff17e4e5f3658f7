#!/usr/bin/env python3
"""What recording and tracing cost a program: the same training loop alone, recorded, and recorded and traced.

    trace_overhead.py HEADROOM PYTHON [--runs N] [--steps N]

The loop times its own steps after a warm-up, so that neither imports nor reports count. Kinds take turns; medians and ratios to
the loop alone are printed. docs/benchmarks.md explains.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile

LOOP = """
import sys, time, torch
from torch import nn
device, steps = sys.argv[1], int(sys.argv[2])
layer = nn.TransformerEncoderLayer(256, 4, 1024, batch_first=True)
model = nn.TransformerEncoder(layer, 6, enable_nested_tensor=False).to(device)
optimizer = torch.optim.AdamW(model.parameters())
x = torch.randn(8, 128, 256, device=device)
def step():
    optimizer.zero_grad(set_to_none=True)
    model(x).pow(2).mean().backward()
    optimizer.step()
for _ in range(3): step()
start = time.perf_counter()
for _ in range(steps): step()
print("seconds", (time.perf_counter() - start) / steps)
"""


def seconds(command, env):
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("seconds "):
            return float(line.split()[1])
    raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr[-2000:]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("headroom", type=pathlib.Path)
    parser.add_argument("python")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    o = parser.parse_args()
    library = o.headroom.resolve().parent.parent / "lib/headroom/virtual-gpu/headroom-virtual-gpu.so"
    with tempfile.TemporaryDirectory() as folder:
        loop = pathlib.Path(folder) / "loop.py"
        loop.write_text(LOOP)
        alone = os.environ | {"LD_PRELOAD": str(library)}
        run = [o.headroom, "run", "--quiet", "--out", f"{folder}/x.headroom"]
        cpu, gpu = ["--", o.python, loop, "cpu", str(o.steps)], ["--", o.python, loop, "cuda", str(o.steps)]
        virtual = ["--device", "virtual:h100-80gb"]
        kinds = {
            "cpu": {"alone": (cpu[1:], alone), "recorded": ([*run, "--device", "cpu", *cpu], os.environ)},
            "virtual": {"alone": (gpu[1:], alone | {"HEADROOM_VIRTUAL_GPU": "h100-80gb"}),
                        "recorded": ([*run, *virtual, *gpu], os.environ),
                        "recorded, traced": ([*run, *virtual, "--trace", "full", *gpu], os.environ)},
        }
        print(f"{'device':8} {'kind':18} {'ms a step':>10} {'ratio':>7}")
        for device, ways in kinds.items():
            times = {way: [] for way in ways}
            for _ in range(o.runs):
                for way, (command, env) in ways.items():
                    times[way].append(seconds(command, env))
            for way, measured in times.items():
                middle = statistics.median(measured)
                print(f"{device:8} {way:18} {middle * 1000:10.2f} {middle / statistics.median(times['alone']):6.2f}x")


if __name__ == "__main__":
    main()
