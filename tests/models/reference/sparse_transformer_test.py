"""The Sparse Transformer's patterns: transformers' dense attention under masks written from the sets A_i of the paper
(Child et al. 2019, section 4.3), as no published package computes them."""
import unittest
from unittest import mock

import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaAttention

from support import Reference, ask, sines

softmax = torch.nn.functional.softmax


def local(i, stride):
    """The strided pattern's first head. The authors' code ends at i - l + 1, the paper at i - l, which is the second
    head's."""
    return set(range(max(0, i - stride + 1), i + 1))


def strided(i, stride):
    return local(i, stride) | {j for j in range(i + 1) if (i - j) % stride == 0}


def fixed(i, stride, expressivity):
    return {j for j in range(i + 1) if j // stride == i // stride or j % stride in range(stride - expressivity, stride)}


class SparseTransformer(Reference):
    def compare(self, mechanism, seq, seen):
        config = LlamaConfig(hidden_size=12, num_attention_heads=3, num_key_value_heads=3)
        config._attn_implementation = "eager"
        theirs = LlamaAttention(config, 0).double()
        ours = {}
        for k, role in enumerate("qkvo"):
            weight = getattr(theirs, role + "_proj").weight
            weight.data = sines(k, *weight.shape)
            ours[{"q": "query", "k": "key", "v": "value", "o": "output"}[role] + ".weight"] = weight
        mask = torch.full((seq, seq), float("-inf"))
        for i in range(seq):
            mask[i, list(seen(i))] = 0
        x = sines(9, 2, seq, 12).requires_grad_()
        still = torch.ones(1, seq, 4), torch.zeros(1, seq, 4)
        # LlamaAttention's softmax is in fp32 otherwise.
        with mock.patch("torch.nn.functional.softmax", lambda x, dim=-1, dtype=None: softmax(x, dim=dim)):
            y = theirs(x, still, mask[None, None])[0]
        answer = ask(attention=mechanism, config={"d_model": 12, "head_count": 3}, context={"causal": True}, x=x,
                     parameters=ours)
        self.assert_same(answer, y, {"x": x, **ours})

    def test_patterns_are_the_papers(self):
        for seq, stride in ((16, 4), (14, 4), (11, 3), (3, 4)):
            with self.subTest(seq=seq, stride=stride):
                self.compare(f"sparse-local:stride={stride}", seq, lambda i: local(i, stride))
                self.compare(f"sparse-strided:stride={stride}", seq, lambda i: strided(i, stride))
                for c in (1, 2, stride):
                    self.compare(f"sparse-fixed:stride={stride}:expressivity={c}", seq, lambda i: fixed(i, stride, c))


if __name__ == "__main__":
    unittest.main()
