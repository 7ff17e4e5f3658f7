"""A small model with everything that attribution has to tell apart: tied weights, blocks, norms, a loss function."""
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        return x + self.mlp(self.norm(x))


class Net(nn.Module):
    def __init__(self, width=64, depth=2):
        super().__init__()
        self.embed = nn.Embedding(1000, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.head = nn.Linear(width, 1000, bias=False)
        self.head.weight = self.embed.weight
        self.register_buffer("scale", torch.ones(128))

    def forward(self, tokens):
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def device():
    return "cuda" if torch.cuda.is_available() else "cpu"


def batch():
    return torch.randint(0, 1000, (8, 64)).to(device()), torch.randint(0, 1000, (8, 64)).to(device())


def train_step(model, optimizer, criterion, micro_batches=1):
    optimizer.zero_grad()
    for _ in range(micro_batches):
        tokens, labels = batch()
        loss = criterion(model(tokens).flatten(0, 1), labels.flatten())
        loss.backward()
    optimizer.step()
    return loss
