"""Trains a little, then writes PyTorch's own snapshot and ends on the spot, so that nothing comes after it.

snapshot_program.py FILE [streams] [out_of_memory] [pool]
"""
import os
import pickle
import sys

import torch

file, *wanted = sys.argv[1:]
torch.cuda.memory._record_memory_history(max_entries=10_000_000, context=None)
model = torch.nn.Sequential(torch.nn.Linear(1000, 1000), torch.nn.ReLU(), torch.nn.Linear(1000, 6000)).cuda()
optimizer = torch.optim.AdamW(model.parameters())
for step in range(3):
    model(torch.randn(640, 1000, device="cuda")).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    if step == 1:
        torch.cuda.empty_cache()
if "streams" in wanted:
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        kept = torch.empty(3_000_000, device="cuda"), torch.empty(1000, device="cuda")
    lent = torch.empty(1000, device="cuda")
    lent.record_stream(side)
    del lent
    after = torch.empty(5000, device="cuda"), torch.empty(50, device="cuda")
if "pool" in wanted:
    pool = torch.cuda.MemPool()
    with torch.cuda.use_mem_pool(pool):
        pooled = torch.empty(70_000, device="cuda")
if "out_of_memory" in wanted:
    try:
        torch.empty(1 << 40, device="cuda")
    except torch.OutOfMemoryError:
        pass
with open(file, "wb") as out:
    pickle.dump(torch.cuda.memory._snapshot(), out)
os._exit(0)
