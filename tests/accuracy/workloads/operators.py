"""Single operators and losses, forward and backward, as operator benchmarks measure them.

A `twin` stands for the other implementation that such a benchmark keeps beside the measured one: as many parameters, never run.
"""
import torch
from torch import nn
from torch.nn import functional as F

from workloads.measure import backward_thread_has_run, peak_of


def randn(*shape, dtype="float32", grad=False):
    return torch.randn(*shape, device="cuda", dtype=getattr(torch, dtype), requires_grad=grad)


def labels(count, classes):
    return torch.randint(classes, (count,), device="cuda")


def backward_again(function, inputs, gradients):
    """Forward, then backward from given gradients; the graph is kept, as benchmarks that repeat do."""
    return lambda: torch.autograd.backward(function(*inputs), gradients, retain_graph=True)


def cross_entropy(tokens, classes):
    x, target = randn(tokens, classes, grad=True), labels(tokens, classes)
    return peak_of(lambda: F.cross_entropy(x, target).backward())


def embedding(rows, batch, length, width):
    layer, twin = nn.Embedding(rows, width).cuda(), nn.Embedding(rows, width).cuda()
    ids = torch.randint(0, rows, (batch, length), device="cuda")

    def step():
        output = layer(ids)
        output.backward(torch.randn_like(output))
    return peak_of(step)


def layer_norm(rows, width):
    layer, twin = nn.LayerNorm(width, eps=1e-6).cuda(), nn.LayerNorm(width).cuda()
    x = randn(rows, width)
    gradient = torch.randn_like(x)
    return peak_of(backward_again(layer, [x.requires_grad_()], [gradient]))


def group_norm(batch, channels, length, channels_per_group):
    groups = channels // channels_per_group
    layer, twin = nn.GroupNorm(groups, channels, eps=1e-6).cuda(), nn.GroupNorm(groups, channels).cuda()
    x = randn(batch, channels, length)
    gradient = torch.randn_like(x)
    return peak_of(backward_again(layer, [x.requires_grad_()], [gradient]))


class RmsNorm(nn.Module):
    """Root mean square norm in fp32 whatever the input, weight applied last: the form of LLaMA's models."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        given = x.dtype
        x = x.to(torch.float32)
        mean_square = x.pow(2).mean(-1, keepdim=True)
        x = x * torch.rsqrt(mean_square + 1e-6)
        return self.weight * x.to(given)


class AddRmsNorm(RmsNorm):
    """The same of a sum, which it returns as well: the residual of a transformer block."""

    def forward(self, x, residual):
        given = x.dtype
        x = x.to(torch.float32)
        residual = residual.to(torch.float32)
        x = x + residual
        residual = x
        mean_square = x.pow(2).mean(-1, keepdim=True)
        x = x * torch.rsqrt(mean_square + 1e-6)
        return self.weight * x.to(given), residual.to(given)


def rms_norm(rows, width):
    layer, twin = RmsNorm(width).cuda(), RmsNorm(width).cuda()
    x = randn(rows, width, dtype="bfloat16")
    gradient = torch.randn_like(x)
    x.requires_grad_()
    return peak_of(lambda: layer(x).backward(gradient, retain_graph=True))


def add_rms_norm(rows, width):
    layer, twins = AddRmsNorm(width).cuda(), [RmsNorm(width).cuda() for _ in range(3)]
    x, residual = randn(rows, width), randn(rows, width)
    gradients = torch.randn_like(x), torch.randn_like(residual)
    x.requires_grad_(), residual.requires_grad_()
    return peak_of(lambda: torch.autograd.backward(layer(x, residual), gradients))


class GatedMlp(nn.Module):
    """down(act(gate(x)) * up(x)), without biases."""

    def __init__(self, width, inner, activation):
        super().__init__()
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)
        self.activation = activation

    def forward(self, x):
        return self.down(self.activation(self.gate(x)) * self.up(x))


ACTIVATIONS = {"silu": nn.SiLU(), "gelu_tanh": nn.GELU(approximate="tanh")}


def gated_mlp(batch, length, width, inner, activation, part):
    x = randn(batch, length, width, dtype="bfloat16", grad=True)
    layer = GatedMlp(width, inner, ACTIVATIONS[activation]).cuda().bfloat16()

    def both():
        output = layer(x)
        output.backward(torch.randn_like(output), retain_graph=True)

    if part == "both":
        return peak_of(both)
    if part == "forward":
        backward_thread_has_run()
        return peak_of(lambda: layer(x))
    gradient, output = torch.randn_like(x), layer(x)
    return peak_of(lambda: output.backward(gradient, retain_graph=True))


def repeated_loss(loss, x, target):
    return peak_of(lambda: loss(x, target).backward(retain_graph=True))


def kl_divergence(rows, classes):
    x, target = randn(rows, classes, grad=True).log_softmax(-1), randn(rows, classes).softmax(-1)
    return repeated_loss(nn.KLDivLoss(reduction="batchmean"), x, target)


def jensen_shannon(rows, classes):
    divergence = nn.KLDivLoss(reduction="batchmean", log_target=True)

    def loss(p, q):
        p, q = p.view(-1, p.size(-1)), q.view(-1, q.size(-1))
        mean = torch.log(0.5 * (torch.exp(p) + torch.exp(q)))
        return 0.5 * (divergence(mean, p) + divergence(mean, q))

    x, target = randn(rows, classes, grad=True).log_softmax(-1), randn(rows, classes).log_softmax(-1)
    return repeated_loss(loss, x, target)


def total_variation(rows, classes):
    x, target = randn(rows, classes, grad=True).softmax(-1), randn(rows, classes).softmax(-1)
    return repeated_loss(lambda p, q: torch.sum(torch.abs(p - q) / 2.0) / p.size(0), x, target)


class MaskedAttention(nn.Module):
    """Attention over near positions only, by a mask over the full score matrix."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.head_width = heads, width // heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.view(*x.shape[:2], self.heads, self.head_width).transpose(1, 2)

    def forward(self, x):
        query, key, value = self.query(x), self.key(x), self.value(x)
        query, key, value = self.split(query), self.split(key), self.split(value)
        scores = torch.matmul(query, key.transpose(-2, -1)) * self.head_width ** -0.5
        near = torch.zeros(x.shape[1], x.shape[1], device="cuda", dtype=torch.bool)
        scores = scores.masked_fill(~near, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        mixed = torch.matmul(weights, value)
        return self.output(mixed.transpose(1, 2).contiguous().view(x.shape))


def masked_attention(batch, length, width, heads):
    twin, layer = MaskedAttention(width, heads).cuda(), MaskedAttention(width, heads).cuda()
    x = randn(batch, length, width)
    gradient = torch.randn_like(x)
    x.requires_grad_()
    return peak_of(lambda: layer(x).backward(gradient, retain_graph=True))


def relu_squared(width):
    x = randn(width, dtype="bfloat16", grad=True)

    def step():
        output = torch.square(F.relu(x))
        output.backward(torch.ones_like(output), retain_graph=True)
    return peak_of(step)


class LossHead(nn.Module):
    """The last projection of a language model and its loss."""

    def __init__(self, width, classes):
        super().__init__()
        self.projection = nn.Linear(width, classes, bias=False, dtype=torch.bfloat16)

    def forward(self, x, target):
        logits = self.projection(x)
        return F.cross_entropy(logits, target)


def linear_cross_entropy(tokens, width, classes):
    layer, twin = (LossHead(width, classes).cuda() for _ in range(2))
    x, target = randn(tokens, width, dtype="bfloat16", grad=True), labels(tokens, classes)
    return peak_of(lambda: layer(x, target).backward())
