"""Trains torchvision's ResNet-50 with SGD, batches from worker processes and pinned memory. Prints what it knows of its memory."""
import argparse
import json

import torch
import torchvision

from language_model import block_bytes


class Pictures(torch.utils.data.Dataset):
    def __init__(self, count, size):
        self.count, self.size = count, size

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return torch.zeros(3, self.size, self.size), index % 10


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--channels-last", action="store_true")
    args = parser.parse_args()
    model = torchvision.models.resnet50(num_classes=10).cuda()
    if args.channels_last:
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loader = torch.utils.data.DataLoader(Pictures(2 * args.batch, args.size), batch_size=args.batch, num_workers=args.workers,
                                         pin_memory=True)
    for pictures, labels in loader:
        loss = torch.nn.functional.cross_entropy(model(pictures.cuda(non_blocking=True)), labels.cuda(non_blocking=True))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
    parameters = list(model.parameters())
    print(json.dumps({
        "parameter": block_bytes(parameters),
        "gradient": block_bytes(p.grad for p in parameters),
        "optimizer_state": block_bytes(state["momentum_buffer"] for state in optimizer.state.values()),
        "peak": torch.cuda.max_memory_allocated(),
        "modules": [name for name, _ in model.named_modules() if name],
    }))


if __name__ == "__main__":
    main()
