"""A small network on one of many ranks:  many_ranks_program.py ddp|fsdp2|tensor"""
import json
import os
import sys

import torch
from torch import distributed, nn

from language_model import block_bytes


def local(tensors):
    return [tensor.to_local() if hasattr(tensor, "to_local") else tensor for tensor in tensors]


def main():
    kind = sys.argv[1]
    torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
    distributed.init_process_group("nccl")
    size = distributed.get_world_size()
    model = nn.Sequential(*(nn.Linear(512, 512, bias=False, device="cuda") for _ in range(4)))
    whole = sum(parameter.numel() * 4 for parameter in model.parameters())
    if kind == "ddp":
        model = nn.parallel.DistributedDataParallel(model)
    elif kind == "fsdp2":
        from torch.distributed.fsdp import fully_shard
        for layer in model:
            fully_shard(layer)
        fully_shard(model)
    else:
        from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
        plan = {str(index): ColwiseParallel() if index % 2 == 0 else RowwiseParallel() for index in range(4)}
        model = parallelize_module(model, distributed.init_device_mesh("cuda", (size,)), plan)
    optimizer = torch.optim.Adam(model.parameters(), foreach=False)
    for _ in range(3):
        model(torch.zeros(8, 512, device="cuda")).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
    torch.cuda.synchronize()
    states = [value for state in optimizer.state.values() for name, value in state.items() if name != "step"]
    print(json.dumps({"rank": distributed.get_rank(), "size": size, "whole": whole, "peak": torch.cuda.max_memory_allocated(),
                      "parameter": block_bytes(local(model.parameters())), "optimizer_state": block_bytes(local(states))}), flush=True)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
