"""Collaborative attention beside its formula (Cordonnier et al. 2020, section 3) in plain operators: no package on PyPI
has its authors' code."""
import math
import unittest

import torch

from support import Reference, ask, sines

HEADS, SIZE, WIDTH, SHARED = 3, 4, 10, 7


class Collaborative(Reference):
    def test_heads_weigh_shared_queries_and_keys(self):
        weights = {"query.weight": sines(1, SHARED, WIDTH), "key.weight": sines(2, SHARED, WIDTH),
                   "mixing": sines(3, HEADS, SHARED), "content_bias.weight": sines(4, HEADS, WIDTH),
                   "value.weight": sines(5, HEADS * SIZE, WIDTH), "value.bias": sines(6, HEADS * SIZE),
                   "output.weight": sines(7, WIDTH, HEADS * SIZE), "output.bias": sines(8, WIDTH)}
        for weight in weights.values():
            weight.requires_grad_()
        w = weights
        for causal, length in ((True, 5), (False, 5), (False, 8)):
            x = sines(9, 2, 5, WIDTH).requires_grad_()
            memory = x if length == 5 else sines(11, 2, length, WIDTH).requires_grad_()
            heads = []
            for i in range(HEADS):
                scores = (x @ w["query.weight"].T * w["mixing"][i]) @ (memory @ w["key.weight"].T).mT
                scores = (scores + (memory @ w["content_bias.weight"][i])[:, None]) / math.sqrt(SHARED / HEADS)
                if causal:
                    scores = scores + torch.full((5, 5), float("-inf")).triu(1)
                rows = slice(i * SIZE, (i + 1) * SIZE)
                heads.append(scores.softmax(-1) @ (memory @ w["value.weight"][rows].T + w["value.bias"][rows]))
            y = torch.cat(heads, -1) @ w["output.weight"].T + w["output.bias"]
            answer = ask(attention=f"collaborative:shared={SHARED}", x=x, parameters=weights, context={"causal": causal},
                         memory=None if memory is x else memory,
                         config={"d_model": WIDTH, "head_count": HEADS, "head_dim": SIZE, "attention_bias": True})
            self.assert_same(answer, y, {"x": x, **weights} | ({} if memory is x else {"memory": memory}))


if __name__ == "__main__":
    unittest.main()
