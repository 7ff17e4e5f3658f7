"""Trains for some steps, then ends in the way asked for; prints the allocator's own peak."""
import os
import signal
import sys

import torch
from nets import Net, batch, device, train_step
from torch import nn

end = sys.argv[1] if len(sys.argv) > 1 else "normally"
model = Net().to(device())
optimizer = torch.optim.AdamW(model.parameters())
criterion = nn.CrossEntropyLoss()
for _ in range(2):
    loss = train_step(model, optimizer, criterion, micro_batches=2 if end == "accumulating" else 1)

if end == "normally" and device() == "cuda":
    print(torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved())
if end == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if end == "exiting":
    sys.exit(5)
if end == "exiting at once":
    os._exit(6)
if end == "raising":
    raise ValueError("no good")
if end == "out of memory":
    held = []
    while True:
        held.append(torch.empty(1 << 30, device="cuda"))
if end == "out of memory, caught":
    try:
        torch.empty(1 << 40, device="cuda")
    except torch.OutOfMemoryError:
        train_step(model, optimizer, criterion)
if end == "forking":
    child = os.fork()
    if child == 0:
        Net()(batch()[0].new_zeros((2, 2), device="cpu"))
        sys.exit(0)
    os.waitpid(child, 0)
    train_step(model, optimizer, criterion)
if end == "reading":
    for _ in range(3):
        value = loss.item()
    count = len(torch.zeros(100, device="cuda").nonzero())
    print(value, count)
if end == "generating":
    model.eval()
    with torch.no_grad():
        for _ in range(3):
            model(batch()[0])
if end == "profiling":
    seen = []
    for activities in (None, [torch.profiler.ProfilerActivity.CPU]):  # None: what there is, the device's too
        with torch.profiler.profile(activities=activities, profile_memory=True) as profile:
            train_step(model, optimizer, criterion)
        seen.append({event.key for event in profile.key_averages()})
    print("both saw", *(name for name in ["aten::addmm"] if all(name in keys for keys in seen)))
