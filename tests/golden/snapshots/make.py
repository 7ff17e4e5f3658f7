#!/usr/bin/env python3
"""Remakes the snapshots in this folder: PyTorch's own, written by torch.cuda.memory over the virtual GPU.

    make.py VIRTUAL_GPU_FOLDER PYTHON NAME=TORCH_FOLDER…

    make.py build/dev/lib/headroom/virtual-gpu ~/.cache/headroom/test-python/bin/python 2.11=~/.cache/headroom/torch-2.11.0

Beside each snapshot stands what PyTorch's statistics said at its end, as JSON.
"""
import json
import os
import pathlib
import pickle
import subprocess
import sys

HERE = pathlib.Path(__file__).parent

# name: devices, PYTORCH_CUDA_ALLOC_CONF, what the program does
CASES = {
    "plain": ("h100-80gb", "", []),
    "expandable": ("h100-80gb", "expandable_segments:True", []),
    "out-of-memory": ("h100-80gb", "", ["out_of_memory"]),
    "ring": ("h100-80gb", "", ["ring"]),
    "late": ("h100-80gb", "", ["late"]),
    "two-devices": ("2xh100-80gb", "", ["two_devices"]),
    "streams": ("h100-80gb", "", ["streams"]),
    "no-history": ("h100-80gb", "", ["no_history"]),
}


def program(path, wanted):
    import torch

    def record():
        torch.cuda.memory._record_memory_history(max_entries=24 if "ring" in wanted else 10000, stacks="python")

    if "late" not in wanted and "no_history" not in wanted:
        record()
    model = torch.nn.Sequential(torch.nn.Linear(300, 300), torch.nn.ReLU(), torch.nn.Linear(300, 2000)).cuda()
    if "late" in wanted:
        record()
    for _ in range(1 if "ring" in wanted else 0 if wanted else 2):  # small files
        model(torch.randn(64, 300, device="cuda")).sum().backward()
        model.zero_grad()
    large = [torch.empty(bytes, dtype=torch.uint8, device="cuda") for bytes in (3_000_000, 11_000_000, 700)]
    del large[1]
    torch.cuda.empty_cache()
    if "streams" in wanted:
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            large.append(torch.empty(3_000_000, device="cuda"))
        lent = torch.empty(1000, device="cuda")
        lent.record_stream(side)
        del lent
        pool = torch.cuda.MemPool()
        with torch.cuda.use_mem_pool(pool):
            large.append(torch.empty(70_000, device="cuda"))
    if "two_devices" in wanted:
        large.append(torch.empty(5_000_000, device="cuda:1"))
    if "out_of_memory" in wanted:
        try:
            torch.empty(1 << 40, device="cuda")
        except torch.OutOfMemoryError:
            pass
    torch.cuda.memory._dump_snapshot(path)
    stats = torch.cuda.memory_stats()
    keys = ("allocated_bytes", "requested_bytes", "reserved_bytes")
    facts = {f"{what}_{key}": stats[f"{key}.all.{what}"] for key in keys for what in ("current", "peak")}
    pathlib.Path(path).with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")
    sys.stdout.flush()
    os._exit(0)


def shorten(path, torch_folder):
    """Folders of this machine are none of the snapshot's business, and make it large."""
    snapshot, seen = pickle.loads(path.read_bytes()), set()
    lists = [item["frames"] for trace in snapshot["device_traces"] for item in trace if "frames" in item]
    for segment in snapshot["segments"]:
        lists += [item["frames"] for item in [segment, *segment["blocks"]] if "frames" in item]
    for frame in (frame for frames in lists for frame in frames):
        if id(frame) not in seen:
            seen.add(id(frame))
            frame["filename"] = frame["filename"].replace(torch_folder, "/lib/python3/site-packages").replace(str(HERE), "/home/me")
    names = {}
    for frame in (frame for frames in lists for frame in frames):
        frame["filename"] = names.setdefault(frame["filename"], frame["filename"])
    path.write_bytes(pickle.dumps(snapshot, protocol=4))


def main():
    if sys.argv[1] == "--program":
        return program(sys.argv[2], sys.argv[3:])
    virtual_gpu, python, *versions = sys.argv[1:]
    for version in versions:
        name, torch_folder = version.split("=")
        for case, (device, settings, wanted) in CASES.items():
            if name != "2.11" and case not in ("plain", "expandable"):
                continue  # one version for the odd ones
            environment = {**os.environ, "LD_PRELOAD": f"{virtual_gpu}/headroom-virtual-gpu.so", "HEADROOM_VIRTUAL_GPU": device,
                           "PYTHONPATH": os.path.expanduser(torch_folder)}
            if settings:
                environment["PYTORCH_CUDA_ALLOC_CONF"] = settings
            path = HERE / f"torch-{name}-{case}.pickle"
            subprocess.run([python, __file__, "--program", str(path), *wanted], env=environment, check=True)
            shorten(path, os.path.expanduser(torch_folder).split(":")[0])
            print(f"{path.name}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
