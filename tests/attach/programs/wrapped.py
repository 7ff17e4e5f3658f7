"""The same model in the wrappers that programs put around theirs."""
import sys

import torch
import torch.distributed as dist
from nets import Net, device, train_step
from torch import nn
from torch.utils.checkpoint import checkpoint

how = sys.argv[1]
model = Net().to(device())
if how == "checkpoint":
    for block in model.blocks:
        forward = block.forward
        block.forward = lambda x, forward=forward: checkpoint(forward, x, use_reentrant=False)
if how == "compile":
    model = torch.compile(model, backend="aot_eager")
if how in ("ddp", "fsdp"):
    dist.init_process_group("nccl")
if how == "ddp":
    model = nn.parallel.DistributedDataParallel(model, device_ids=[0], gradient_as_bucket_view=True)
if how == "fsdp":
    from torch.distributed.fsdp import fully_shard

    for block in model.blocks:
        fully_shard(block)
    fully_shard(model)
optimizer = torch.optim.AdamW(model.parameters())
for _ in range(2):
    train_step(model, optimizer, nn.CrossEntropyLoss())
print(torch.cuda.max_memory_allocated())
if dist.is_initialized():
    dist.destroy_process_group()
