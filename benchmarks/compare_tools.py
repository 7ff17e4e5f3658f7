#!/usr/bin/env python3
"""Headroom beside other ways to the same number, on the same work, in one run; prints a table with ratios.

    compare_tools.py HEADROOM PYTHON [--runs N]

HEADROOM: build/release/bin/headroom. PYTHON: an interpreter with Torch and transformers (requirements.txt).
Two rivals: Hugging Face's implementation of the model run by unchanged PyTorch over the virtual GPU (an independent
implementation; docs/exactness.md explains the differences of the peaks), and PyTorch's MemTracker under FakeTensorMode (the
estimator that ships with PyTorch). Peaks are of the second step, in allocated bytes; times are of whole processes. Errors are
against the virtual allocator's truth for the same transformers model.

Then the host memory of a forward pass of three sizes of LLaMA, which must not grow with the model, and, where
BUILD/tests/virtual_gpu_launch_cost is built, what a launch costs. docs/benchmarks.md explains.
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


# LLaMA by size: hidden_size, intermediate_size, layers, heads, key and value heads.
SIZES = {"7B": (4096, 11008, 32, 32, 32), "13B": (5120, 13824, 40, 40, 40), "70B": (8192, 28672, 80, 64, 8)}


def host_memory(binary, size):
    hidden, intermediate, layers, heads, kv_heads = SIZES[size]
    config = {"model_type": "llama", "vocab_size": 32000, "hidden_size": hidden, "intermediate_size": intermediate,
              "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": kv_heads,
              "max_position_embeddings": 4096, "hidden_act": "silu", "rms_norm_eps": 1e-5}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "config.json"
        path.write_text(json.dumps(config))
        seconds, rss, text = measure([binary, "profile", path, "--seq", "2048", "--dtype", "bf16", "--mode", "forward",
                                      "--sdpa", "flash", "--device", "virtual:b200-180gb", "--format", "json", "--quiet"])
    return seconds, rss, json.loads(text)["runs"][0]["peak"]["allocated_bytes"]


def print_host_memory(binary):
    print(f"\n{'forward pass, 1 x 2048, bf16':34} {'s':>9} {'host MiB':>9} {'of 7B':>7} {'peak bytes':>16}")
    first = None
    for size in SIZES:
        seconds, rss, peak = host_memory(binary, size)
        first = first or rss
        print(f"{'llama ' + size:34} {seconds:9.2f} {rss / 2**20:9.0f} {rss / first:6.2f}x {peak:16,}")


def print_launch_cost(binary):
    program = binary.resolve().parent.parent / "tests" / "virtual_gpu_launch_cost"
    if program.exists():
        print()
        subprocess.run([program], env=os.environ | {"HEADROOM_VIRTUAL_GPU": "h100-80gb"}, check=True)


def best_of(runs, one):
    results = [one() for _ in range(runs)]
    return statistics.median(r[0] for r in results), max(r[1] for r in results), results[-1][2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("headroom", type=pathlib.Path)
    parser.add_argument("python")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--estimator-runs", type=int, default=1)
    o = parser.parse_args()
    library = o.headroom.resolve().parent.parent / "lib/headroom/virtual-gpu/headroom-virtual-gpu.so"
    print(f"{'work':34} {'tool':26} {'median s':>9} {'ratio':>7} {'host MiB':>9} {'peak bytes':>16} {'error':>9}")
    for work in WORK:
        ours = best_of(o.runs, lambda: headroom(o.headroom, work))
        theirs = best_of(o.runs, lambda: peer(o.python, "virtual-gpu", work, library))
        estimate = best_of(o.estimator_runs, lambda: peer(o.python, "memtracker", work, library))
        truth = theirs[2]["allocated_bytes"]
        for name, (seconds, rss, peak) in (("headroom", ours), ("transformers, virtual GPU", theirs),
                                           ("MemTracker, FakeTensor", estimate)):
            error = peak["allocated_bytes"] / truth - 1
            print(f"{' '.join(map(str, work)):34} {name:26} {seconds:9.2f} {seconds / ours[0]:6.1f}x {rss / 2**20:9.0f} "
                  f"{peak['allocated_bytes']:16,} {error:+9.3%}")
    print_host_memory(o.headroom)
    print_launch_cost(o.headroom)


if __name__ == "__main__":
    main()
