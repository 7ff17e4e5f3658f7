"""Trains a small network through torch.compile and prints how many graphs were compiled:  compiled_model.py [MODE]"""
import json
import sys

import torch
from torch import nn

from language_model import block_bytes


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else "default"
    model = nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.LayerNorm(256), nn.Linear(256, 64)).cuda()
    compiled = torch.compile(model, mode=mode)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, foreach=False)
    for _ in range(3):
        compiled(torch.zeros(32, 64, device="cuda")).square().mean().backward()
        optimizer.step()
        # What a CUDA graph returned is overwritten by its next run: PyTorch refuses to add to such a gradient.
        optimizer.zero_grad(set_to_none=mode == "reduce-overhead")
    parameters = list(model.parameters())
    print(json.dumps({
        "parameter": block_bytes(parameters),
        "gradient": block_bytes(p.grad for p in parameters if p.grad is not None),
        "optimizer_state": block_bytes(state["momentum_buffer"] for state in optimizer.state.values()),
        "peak": torch.cuda.max_memory_allocated(),
        "graphs": torch._dynamo.utils.counters["stats"]["unique_graphs"],
    }))


if __name__ == "__main__":
    main()
