"""torchvision's ResNet-50 on made-up pictures, fed by DataLoader workers through pinned memory, in half precision with a GradScaler.

    headroom run --device virtual:rtx4090-24gb -- python examples/train_resnet.py --batch 64
"""
import argparse

import torch
import torchvision


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="resnet50")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


class Pictures(torch.utils.data.Dataset):
    def __init__(self, count, size):
        self.count, self.size = count, size

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return torch.rand(3, self.size, self.size), index % 1000


def main():
    args = arguments()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = torchvision.models.get_model(args.model).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scaler = torch.amp.GradScaler(device)
    loader = torch.utils.data.DataLoader(
        Pictures(args.steps * args.batch, args.size), args.batch, num_workers=args.workers, pin_memory=device == "cuda")
    for pictures, labels in loader:
        pictures = pictures.to(device, non_blocking=True, memory_format=torch.channels_last)
        labels = labels.to(device, non_blocking=True)
        with torch.autocast(device, dtype=torch.float16 if device == "cuda" else torch.bfloat16):
            loss = torch.nn.functional.cross_entropy(model(pictures), labels)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
    print(f"{args.steps} steps of {args.model} on {device}, batch {args.batch}")


if __name__ == "__main__":
    main()
