"""Compressed weights in a sublayer as loralib, torch.nn.utils.prune, torch's fake quantization and torch.kron have them."""
import unittest

import loralib
import torch
from torch.nn.utils import prune
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertSelfAttention

from support import Reference, ask, sines


class Compression(Reference):
    def setUp(self):
        config = BertConfig(hidden_size=12, num_attention_heads=3, attention_probs_dropout_prob=0.0)
        config._attn_implementation = "eager"
        self.theirs = BertSelfAttention(config).double()
        self.ours = {"output.weight": torch.eye(12), "output.bias": torch.zeros(12)}
        for k, role in enumerate(("query", "key", "value")):
            layer = getattr(self.theirs, role)
            layer.weight.data, layer.bias.data = sines(k, 12, 12), sines(k + 5, 12)
            self.ours[role + ".weight"], self.ours[role + ".bias"] = layer.weight, layer.bias
        self.x = sines(9, 2, 5, 12).requires_grad_()

    def answer(self, compression):
        return ask(compression=compression, config={"d_model": 12, "head_count": 3, "attention_bias": True}, x=self.x,
                   parameters=self.ours)

    def test_lora_is_loralibs(self):
        inputs = {"x": self.x}
        for k, role in ((11, "query"), (13, "value")):
            layer = loralib.Linear(12, 12, r=3, lora_alpha=6).double()
            layer.weight.data, layer.bias.data = self.ours[role + ".weight"].data, self.ours[role + ".bias"].data
            layer.lora_A.data, layer.lora_B.data = sines(k, 3, 12), sines(k + 1, 12, 3)
            setattr(self.theirs, role, layer)
            inputs[role + ".weight.lora_a"] = self.ours[role + ".weight.lora_a"] = layer.lora_A
            inputs[role + ".weight.lora_b"] = self.ours[role + ".weight.lora_b"] = layer.lora_B
        answer = self.answer("lora:rank=3:alpha=6")
        self.assert_same(answer, self.theirs(self.x)[0], inputs)
        self.assertIsNone(answer["gradients"]["query.weight"])

    def test_int8_is_fake_quantization(self):
        weight = self.theirs.query.weight
        scale = weight.detach().abs().amax(1) / 127
        rounded = torch.fake_quantize_per_channel_affine(weight.float(), scale.float(), torch.zeros(12, dtype=torch.int32),
                                                         0, -127, 127)
        leaf = (torch.round(weight.detach() / scale[:, None]) * scale[:, None]).requires_grad_()
        self.assert_close(leaf.float(), rounded, 1e-6)  # torch has it in fp32 alone
        self.theirs.query.weight = torch.nn.Parameter(leaf.detach())
        for role in ("key", "value"):
            layer = getattr(self.theirs, role)
            scale = layer.weight.detach().abs().amax(1, keepdim=True) / 127
            layer.weight = torch.nn.Parameter(torch.round(layer.weight.detach() / scale) * scale)
        answer = self.answer("int8:scale=row:layers=attention")
        self.assert_same(answer, self.theirs(self.x)[0], {"x": self.x, "query.weight": self.theirs.query.weight})

    def test_kronecker_is_torchs(self):
        inputs = {"x": self.x}
        for k, role in enumerate(("query", "key", "value")):
            a, b = sines(k, 3, 2).requires_grad_(), sines(k + 3, 4, 6).requires_grad_()
            layer = getattr(self.theirs, role)
            del layer._parameters["weight"]
            layer.weight = torch.kron(a, b)
            inputs[role + ".weight.core1"] = self.ours[role + ".weight.core1"] = a
            inputs[role + ".weight.core2"] = self.ours[role + ".weight.core2"] = b
        self.ours["output.weight.core1"], self.ours["output.weight.core2"] = sines(20, 3, 2), sines(21, 4, 6)
        answer = self.answer("kronecker:rows=3:columns=2:layers=attention")
        y = self.theirs(self.x)[0] @ torch.kron(sines(20, 3, 2), sines(21, 4, 6)).T
        self.assert_same(answer, y, inputs)

    def test_pruning_is_torchs(self):
        inputs = {"x": self.x}
        for role in ("query", "key", "value"):
            layer = prune.l1_unstructured(getattr(self.theirs, role), "weight", amount=0.5)
            self.ours[role + ".weight.mask"] = layer.weight_mask
            inputs[role + ".weight"] = self.ours[role + ".weight"] = layer.weight_orig
        self.ours["output.weight.mask"] = torch.ones(12, 12)
        answer = self.answer("prune:sparsity=0.5:layers=attention")
        self.assert_same(answer, self.theirs(self.x)[0], inputs)


if __name__ == "__main__":
    unittest.main()
