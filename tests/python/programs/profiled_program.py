"""Trains a small model under torch.profiler. Prints how many launches the runtime counted meanwhile, and which the profiler shows."""
import collections
import ctypes
import json
import pathlib
import tempfile

import torch
from torch.profiler import ProfilerActivity, profile


def launches():
    library = ctypes.CDLL(None)
    library.headroom_virtual_gpu_report.restype = ctypes.c_char_p
    return json.loads(library.headroom_virtual_gpu_report())["launch_count"]


def main():
    model = torch.nn.Sequential(torch.nn.Linear(32, 64), torch.nn.GELU(), torch.nn.Linear(64, 4)).cuda()
    optimizer = torch.optim.AdamW(model.parameters())

    def step():
        model(torch.randn(8, 32, device="cuda")).sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    step()
    before = launches()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        step()
        torch.cuda.synchronize()
    counted = launches() - before
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "trace.json")
        profiler.export_chrome_trace(str(path))
        events = [event for event in json.loads(path.read_text())["traceEvents"] if event.get("ph") == "X"]
    kernels = [event for event in events if event["cat"] == "kernel"]
    operators = {event["args"].get("External id"): event["name"] for event in events if event["cat"] == "cpu_op"}
    made_by = collections.Counter(operators.get(kernel["args"].get("External id")) for kernel in kernels)
    print(json.dumps({"counted": counted, "kernels": len(kernels), "made_by": made_by}))


main()
