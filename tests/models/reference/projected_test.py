"""Multi-head and grouped-query attention as transformers computes them."""
import unittest

import torch
from transformers import BertConfig, LlamaConfig
from transformers.models.bert.modeling_bert import BertSelfAttention
from transformers.models.llama.modeling_llama import LlamaAttention

from support import Reference, ask, sines


class Projected(Reference):
    def test_mha_is_berts(self):
        config = BertConfig(hidden_size=12, num_attention_heads=3, attention_probs_dropout_prob=0.0)
        config._attn_implementation = "eager"
        theirs = BertSelfAttention(config).double()
        ours = {}
        for k, (role, layer) in enumerate((("query", theirs.query), ("key", theirs.key), ("value", theirs.value))):
            ours[role + ".weight"] = layer.weight.data = sines(k, 12, 12)
            ours[role + ".bias"] = layer.bias.data = sines(k + 5, 12)
        ours["output.weight"], ours["output.bias"] = torch.eye(12), torch.zeros(12)
        x = sines(9, 2, 5, 12).requires_grad_()
        answer = ask(attention="mha", config={"d_model": 12, "head_count": 3, "attention_bias": True}, x=x, parameters=ours)
        self.assert_same(answer, theirs(x)[0], {"x": x, "query.weight": theirs.query.weight,
                                                "key.weight": theirs.key.weight, "value.bias": theirs.value.bias})

    def test_gqa_is_llamas_without_rotation(self):
        config = LlamaConfig(hidden_size=12, num_attention_heads=6, num_key_value_heads=2, head_dim=2)
        config._attn_implementation = "eager"
        theirs = LlamaAttention(config, 0).double()
        ours = {}
        for k, role in enumerate("qkvo"):
            weight = getattr(theirs, role + "_proj").weight
            weight.data = sines(k, *weight.shape)
            ours[{"q": "query", "k": "key", "v": "value", "o": "output"}[role] + ".weight"] = weight
        x = sines(9, 2, 5, 12).requires_grad_()
        mask = torch.full((5, 5), float("-inf")).triu(1)[None, None]
        still = torch.ones(1, 5, 2), torch.zeros(1, 5, 2)
        y = theirs(x, still, mask)[0]
        answer = ask(attention="gqa:groups=2", config={"d_model": 12, "head_count": 6, "head_dim": 2},
                     context={"causal": True}, x=x, parameters=ours)
        # LlamaAttention's softmax is in fp32.
        self.assert_same(answer, y, {"x": x, "key.weight": theirs.k_proj.weight}, tolerance=1e-6)


if __name__ == "__main__":
    unittest.main()
