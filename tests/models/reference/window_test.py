"""Windows as transformers computes them: Mistral's and Longformer's.

Both take their softmax in fp32 whatever the model's dtype, which alone would limit agreement to 1e-7: here it stays in
fp64 (Reference.assert_same at 1e-12).
"""
import unittest
from unittest import mock

import torch
from transformers import LongformerConfig, MistralConfig
from transformers.masking_utils import create_sliding_window_causal_mask
from transformers.models.longformer.modeling_longformer import LongformerSelfAttention
from transformers.models.mistral.modeling_mistral import MistralAttention

from support import Reference, ask, sines

softmax = torch.nn.functional.softmax


def wide_softmax():
    return mock.patch("torch.nn.functional.softmax", lambda x, dim=-1, dtype=None: softmax(x, dim=dim))


class SlidingWindow(Reference):
    def compare(self, seq, window, groups, block):
        config = MistralConfig(hidden_size=12, num_attention_heads=6, num_key_value_heads=groups, head_dim=2,
                               sliding_window=window)
        config._attn_implementation = "eager"
        theirs = MistralAttention(config, 0).double()
        ours = {}
        for k, role in enumerate("qkvo"):
            weight = getattr(theirs, role + "_proj").weight
            weight.data = sines(k, *weight.shape)
            ours[{"q": "query", "k": "key", "v": "value", "o": "output"}[role] + ".weight"] = weight
        x = sines(9, 2, seq, 12).requires_grad_()
        mask = create_sliding_window_causal_mask(config=config, input_embeds=x, attention_mask=None,
                                                 cache_position=torch.arange(seq), past_key_values=None)
        still = torch.ones(1, seq, 2), torch.zeros(1, seq, 2)
        with wide_softmax():
            y = theirs(x, still, mask)[0]
        answer = ask(attention=f"sliding-window:window={window}:groups={groups}:block={block}",
                     config={"d_model": 12, "head_count": 6, "head_dim": 2}, context={"causal": True}, x=x,
                     parameters=ours)
        self.assert_same(answer, y, {"x": x, **ours})

    def test_it_is_mistrals(self):
        for seq, window, groups, block in ((8, 4, 2, 4), (11, 4, 3, 3), (13, 5, 6, 2), (5, 9, 1, 4), (7, 1, 2, 1)):
            with self.subTest(seq=seq, window=window, groups=groups):
                self.compare(seq, window, groups, block)


class Longformer(Reference):
    def compare(self, seq, window, count, block):
        padded = -(-seq // window) * window
        config = LongformerConfig(hidden_size=12, num_attention_heads=3, attention_window=[window],
                                  attention_probs_dropout_prob=0.0)
        theirs = LongformerSelfAttention(config, 0).double()
        names = {"query": "query", "key": "key", "value": "value", "query_global": "global_query",
                 "key_global": "global_key", "value_global": "global_value"}
        ours = {"output.weight": torch.eye(12), "output.bias": torch.zeros(12)}
        for k, (name, role) in enumerate(names.items()):
            layer = getattr(theirs, name)
            ours[role + ".weight"] = layer.weight
            ours[role + ".bias"] = layer.bias
            layer.weight.data, layer.bias.data = sines(k, 12, 12), sines(k + 7, 12)
        x = sines(9, 2, seq, 12).requires_grad_()
        # Tokens of padding, as LongformerModel adds them, are -10000, global ones 10000.
        mask = torch.zeros(2, padded)
        mask[:, :count], mask[:, seq:] = 10000, -10000
        with wide_softmax():
            y = theirs(torch.nn.functional.pad(x, (0, 0, 0, padded - seq), value=0.3), attention_mask=mask,
                       is_index_masked=mask < 0, is_index_global_attn=mask > 0, is_global_attn=True)[0][:, :seq]
        answer = ask(attention=f"longformer:window={window}:global={count}:block={block}",
                     config={"d_model": 12, "head_count": 3, "attention_bias": True}, x=x, parameters=ours)
        self.assert_same(answer, y, {"x": x, **{role: leaf for role, leaf in ours.items() if "output" not in role}})

    def test_it_is_longformers(self):
        for seq, window, count, block in ((12, 4, 1, 2), (16, 4, 3, 128), (12, 6, 2, 1)):
            with self.subTest(seq=seq, window=window, count=count):
                self.compare(seq, window, count, block)

    def test_other_lengths_are_those_that_longformers_model_pads(self):
        for seq, window, count, block in ((10, 4, 1, 2), (7, 6, 2, 3), (3, 4, 1, 2)):
            with self.subTest(seq=seq, window=window, count=count):
                self.compare(seq, window, count, block)


if __name__ == "__main__":
    unittest.main()
