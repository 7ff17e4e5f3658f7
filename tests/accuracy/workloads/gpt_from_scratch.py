"""GPT-2 small written with plain PyTorch, trained on sequences of full length; each variant changes one thing more, in this order.

"saved mask": full precision, every layer keeps its causal mask as a float buffer · "mask on the fly" · "fused AdamW" · "bfloat16" ·
"library layers": PyTorch's LayerNorm and GELU · "fused attention": one projection for query, key and value.

Gives the bytes allocated and reserved when an epoch with evaluations and a generated sample is over.
"""
import torch
from torch import nn
from torch.nn import functional as F

VARIANTS = ["saved mask", "mask on the fly", "fused AdamW", "bfloat16", "library layers", "fused attention"]
VOCABULARY, CONTEXT, WIDTH, HEADS, LAYERS, DROPOUT, BATCH = 50257, 1024, 768, 12, 12, 0.1, 8


class ScaleAndShift(nn.Module):
    """Layer norm in elementary steps."""

    def __init__(self, width):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        mean = x.mean(dim=-1, keepdim=True)
        variance = x.var(dim=-1, keepdim=True, unbiased=False)
        normal = (x - mean) / torch.sqrt(variance + 1e-5)
        return self.scale * normal + self.shift


class TanhGelu(nn.Module):
    """GELU in elementary steps."""

    def forward(self, x):
        return 0.5 * x * (1 + torch.tanh(torch.sqrt(torch.tensor(2.0 / torch.pi)) * (x + 0.044715 * torch.pow(x, 3))))


class SeparateAttention(nn.Module):
    def __init__(self, saved_mask):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))
        self.output, self.dropout = nn.Linear(WIDTH, WIDTH), nn.Dropout(DROPOUT)
        if saved_mask:
            self.register_buffer("mask", torch.triu(torch.ones(CONTEXT, CONTEXT), diagonal=1))

    def hidden(self, x):
        length = x.shape[1]
        if hasattr(self, "mask"):
            return self.mask.bool()[:length, :length]
        return torch.triu(torch.ones(length, length, dtype=torch.bool, device=x.device), diagonal=1)

    def forward(self, x):
        batch, length, _ = x.shape
        keys, queries, values = self.key(x), self.query(x), self.value(x)
        keys, values, queries = (t.view(batch, length, HEADS, -1) for t in (keys, values, queries))
        keys, queries, values = (t.transpose(1, 2) for t in (keys, queries, values))
        scores = queries @ keys.transpose(2, 3)
        scores.masked_fill_(self.hidden(x), -torch.inf)
        weights = torch.softmax(scores / keys.shape[-1] ** 0.5, dim=-1)
        weights = self.dropout(weights)
        mixed = (weights @ values).transpose(1, 2)
        return self.output(mixed.reshape(batch, length, WIDTH))


class FusedAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.projections, self.output = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        batch, length, _ = x.shape
        queries, keys, values = self.projections(x).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(queries, keys, values, dropout_p=DROPOUT if self.training else 0.0, is_causal=True)
        return self.output(mixed.transpose(1, 2).contiguous().view(batch, length, WIDTH))


class Block(nn.Module):
    def __init__(self, has):
        super().__init__()
        norm = nn.LayerNorm if has("library layers") else ScaleAndShift
        self.attention = FusedAttention() if has("fused attention") else SeparateAttention(not has("mask on the fly"))
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH),
                                 nn.GELU(approximate="tanh") if has("library layers") else TanhGelu(),
                                 nn.Linear(4 * WIDTH, WIDTH))
        self.first, self.second, self.dropout = norm(WIDTH), norm(WIDTH), nn.Dropout(DROPOUT)

    def forward(self, x):
        shortcut = x
        x = self.first(x)
        x = self.attention(x)
        x = self.dropout(x)
        x = x + shortcut
        shortcut = x
        x = self.second(x)
        x = self.mlp(x)
        x = self.dropout(x)
        return x + shortcut


class Gpt(nn.Module):
    def __init__(self, has):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.dropout, self.blocks = nn.Dropout(DROPOUT), nn.Sequential(*[Block(has) for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(WIDTH) if has("library layers") else ScaleAndShift(WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, ids):
        tokens = self.tokens(ids)
        positions = self.positions(torch.arange(ids.shape[1], device=ids.device))
        x = tokens + positions
        x = self.dropout(x)
        x = self.blocks(x)
        x = self.norm(x)
        return self.head(x)


def loss_of(model, inputs, targets):
    inputs, targets = inputs.cuda(), targets.cuda()
    logits = model(inputs)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def evaluate(model, batch):
    model.eval()
    with torch.no_grad():
        for _ in range(2):  # one batch of the training set, one of the validation set
            loss_of(model, *batch).item()
    model.train()


def generate(model):
    model.eval()
    ids = torch.zeros(1, 4, dtype=torch.long).cuda()
    with torch.no_grad():
        for _ in range(50):
            logits = model(ids[:, -CONTEXT:])
            logits = logits[:, -1, :]
            ids = torch.cat((ids, torch.argmax(logits, dim=-1, keepdim=True)), dim=1)
    model.train()


def epoch(variant, steps=4):
    done = VARIANTS[:VARIANTS.index(variant) + 1]
    model = Gpt(done.__contains__).cuda()
    if "bfloat16" in done:
        model = model.to(torch.bfloat16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=0.1, fused="fused AdamW" in done)
    batch = torch.zeros(BATCH, CONTEXT, dtype=torch.long), torch.zeros(BATCH, CONTEXT, dtype=torch.long)
    model.train()
    for step in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model, *batch)
        loss.backward()
        optimizer.step()
        if step % 2 == 0:
            evaluate(model, batch)
    generate(model)
    return {"allocated": torch.cuda.memory_allocated(), "reserved": torch.cuda.memory_reserved()}
