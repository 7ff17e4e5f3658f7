"""A small transformer sharded over all ranks with FSDP2.

One process stands for one rank of many:
    headroom run --device virtual:h100-80gb --ranks 64 -- python examples/train_fsdp.py
Or every rank is a process, each with a device:
    headroom run --device virtual:4xh100-80gb -- torchrun --nproc-per-node 4 examples/train_fsdp.py
"""
import argparse
import os

import torch
from torch import distributed, nn
from torch.distributed.fsdp import fully_shard


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seq", type=int, default=512)
    parser.add_argument("--steps", type=int, default=2)
    return parser.parse_args()


def main():
    args = arguments()
    torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count())
    distributed.init_process_group("nccl")
    layer = lambda: nn.TransformerEncoderLayer(args.width, args.width // 64, 4 * args.width, batch_first=True, device="cuda")
    model = nn.Sequential(*[layer() for _ in range(args.layers)])
    for block in model:
        fully_shard(block)
    fully_shard(model)
    optimizer = torch.optim.AdamW(model.parameters())
    for _ in range(args.steps):
        tokens = torch.randn(args.batch, args.seq, args.width, device="cuda")
        model(tokens).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    if distributed.get_rank() == 0:
        print(f"{args.steps} steps on each of {distributed.get_world_size()} ranks")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
