"""Linformer as PyPI's linformer computes it, with one projection for keys and values and with two."""
import unittest

import torch
from linformer.linformer import LinformerSelfAttention

from support import Reference, ask, sines


class LowRank(Reference):
    def test_linformer_is_the_packages(self):
        theirs = LinformerSelfAttention(dim=12, seq_len=9, k=4, heads=3).double()
        ours = {}
        for k, (role, layer) in enumerate((("query", theirs.to_q), ("key", theirs.to_k), ("value", theirs.to_v),
                                           ("output", theirs.to_out))):
            layer.weight.data = sines(k, 12, 12)
            ours[role + ".weight"] = layer.weight
        for k, role in enumerate(("query", "key", "value")):  # it has none
            ours[role + ".bias"] = torch.zeros(12)
        theirs.to_out.bias.data = ours["output.bias"] = sines(6, 12)
        theirs.proj_k.data, theirs.proj_v.data = sines(7, 9, 4), sines(8, 9, 4)
        config = {"d_model": 12, "head_count": 3, "attention_bias": True, "max_positions": 9}
        x, memory = sines(9, 2, 9, 12).requires_grad_(), sines(10, 2, 5, 12).requires_grad_()
        for seq, other in ((9, None), (6, None), (9, memory)):
            part = x[:, :seq].detach().requires_grad_()
            inputs = {"x": part, "query.weight": theirs.to_q.weight, "key.weight": theirs.to_k.weight,
                      "value.weight": theirs.to_v.weight, "output.weight": theirs.to_out.weight}
            if other is not None:
                inputs["memory"] = memory
            for sharing in ("headwise", "none"):
                y = theirs(part, context=other)
                gradient = torch.autograd.grad(y.sum(), theirs.proj_k, retain_graph=True)[0].t()
                shape = (4, 9) if sharing == "headwise" else (3, 4, 9)
                ours["key_projection"] = theirs.proj_k.t().expand(*shape)
                ours["value_projection"] = theirs.proj_v.t().expand(*shape)
                answer = ask(attention="linformer:k=4:sharing=" + sharing, config=config, x=part, memory=other,
                             parameters=ours)
                self.assert_same(answer, y, inputs)
                mine = answer["gradients"]["key_projection"]
                self.assert_close(mine if sharing == "headwise" else mine.sum(0), gradient, what="E")

    def test_a_shared_projection_is_the_packages_with_the_same_one_twice(self):
        theirs = LinformerSelfAttention(dim=12, seq_len=9, k=4, heads=3).double()
        ours = {}
        for k, (role, layer) in enumerate((("query", theirs.to_q), ("key", theirs.to_k), ("value", theirs.to_v),
                                           ("output", theirs.to_out))):
            layer.weight.data = sines(k, 12, 12)
            ours[role + ".weight"] = layer.weight
        theirs.to_out.bias.data.zero_()
        theirs.proj_v = theirs.proj_k
        theirs.proj_k.data = sines(7, 9, 4)
        x = sines(9, 2, 9, 12).requires_grad_()
        for sharing, name in (("key-value", "key_projection"), ("layerwise", "sequence_projection")):
            y = theirs(x)
            gradient = torch.autograd.grad(y.sum(), theirs.proj_k, retain_graph=True)[0].t()
            answer = ask(attention="linformer:k=4:sharing=" + sharing,
                         config={"d_model": 12, "head_count": 3, "max_positions": 9}, x=x,
                         parameters={**ours, name: theirs.proj_k.t()})
            self.assert_same(answer, y, {"x": x, "key.weight": theirs.to_k.weight, "value.weight": theirs.to_v.weight})
            self.assert_close(answer["gradients"][name], gradient, what=name)


if __name__ == "__main__":
    unittest.main()
