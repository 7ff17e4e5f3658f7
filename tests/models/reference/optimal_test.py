"""mhe-add-optimal and mhe-mul-optimal beside the published form, written head by head as in Xue & Aletras 2023 (arXiv
2310.07911, section 3), whose authors' heads are x + e and x * (e + 1) of one shared projection."""
import unittest

import torch

from support import Reference, ask, shapes, sines

HEADS, WIDTH, MODEL = 5, 4, 12
CONFIG = {"d_model": MODEL, "head_count": HEADS, "head_dim": WIDTH, "max_positions": 512}


def head_by_head(p, x, memory, multiply, causal):
    q, k, v = (torch.nn.functional.linear(source, p[role + ".weight"], p.get(role + ".bias"))
               for role, source in (("query", x), ("key", memory), ("value", memory)))
    heads = []
    for h in range(HEADS):
        a, b, g = (p[role + "_embedding"][h] for role in ("query", "key", "value"))
        qh, kh, vh = (q * (a + 1), k * (b + 1), v * (g + 1)) if multiply else (q + a, k + b, v + g)
        scores = qh @ kh.transpose(1, 2) / WIDTH**0.5
        if causal:
            scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), float("-inf"))
        heads.append(torch.softmax(scores, -1) @ vh)
    return torch.nn.functional.linear(torch.cat(heads, -1), p["output.weight"], p.get("output.bias"))


class Optimal(Reference):
    def compare(self, attention, queries, keys=None, causal=False, bias=True):
        config = dict(CONFIG, attention_bias=bias)
        multiply = attention.startswith("mhe-mul")
        parameters = {name: (sines(k, *shape) if shape[-1] == WIDTH else sines(k, *shape, scale=0.5)).requires_grad_()
                      for k, (name, shape) in enumerate(shapes(attention=attention, config=config).items())}
        x = sines(9, 2, queries, MODEL).requires_grad_()
        memory = None if keys is None else sines(10, 2, keys, MODEL).requires_grad_()
        weights = sines(11, 2, queries, MODEL)
        answer = ask(attention=attention, config=config, context={"causal": causal}, x=x, memory=memory,
                     parameters=parameters, weights=weights)
        y = head_by_head(parameters, x, x if memory is None else memory, multiply, causal)
        self.assert_close(answer["y"], y, what=attention)
        leaves = dict(parameters, x=x)
        if memory is not None:
            leaves["memory"] = memory
        gradients = torch.autograd.grad((y * weights).sum(), list(leaves.values()))
        for name, expected in zip(leaves, gradients):
            actual = answer["gradients"][name]
            if name == "key.bias" or (name == "key_embedding" and not multiply):
                self.assertIsNone(actual, name)
                self.assertLess(expected.abs().max().item(), 1e-11, name)
            else:
                self.assert_close(actual, expected, what=attention + ": the gradient of " + name)

    def test_self_attention(self):
        for attention in ("mhe-add-optimal", "mhe-add-optimal:keep=safe", "mhe-add-optimal:keep=layer",
                          "mhe-mul-optimal", "mhe-mul-optimal:keep=layer"):
            for causal in (False, True):
                for bias in (False, True):
                    self.compare(attention, 6, causal=causal, bias=bias)
                self.compare(attention, 131, causal=causal)

    def test_cross_attention(self):
        for attention in ("mhe-add-optimal", "mhe-add-optimal:keep=safe", "mhe-add-optimal:keep=layer",
                          "mhe-mul-optimal", "mhe-mul-optimal:keep=layer"):
            self.compare(attention, 6, 9)
            self.compare(attention, 9, 6)

    def test_a_cache_of_one_key_and_one_value_generates_the_same(self):
        """Token by token from q, k, v of one head: score = (q + a)·k, the value embedding outside."""
        config = dict(CONFIG, attention_bias=False)
        x = sines(9, 1, 7, MODEL)
        p = {name: sines(k, *shape)
             for k, (name, shape) in enumerate(shapes(attention="mhe-add-optimal", config=config).items())}
        m = {name: sines(k, *shape)
             for k, (name, shape) in enumerate(shapes(attention="mhe-mul-optimal", config=config).items())}
        added = ask(attention="mhe-add-optimal", config=config, context={"causal": True}, x=x, parameters=p)["y"]
        scaled = ask(attention="mhe-mul-optimal", config=config, context={"causal": True}, x=x, parameters=m)["y"]
        cache = torch.empty(0, 2 * WIDTH)
        for t in range(x.shape[1]):
            q, k, v = (x[0, t] @ p[role + ".weight"].T for role in ("query", "key", "value"))
            cache = torch.cat([cache, torch.cat([k, v])[None]])
            keys, values = cache[:, :WIDTH], cache[:, WIDTH:]
            a, g = p["query_embedding"], p["value_embedding"]
            rows = torch.softmax((q + a) @ keys.T / WIDTH**0.5, -1) @ values + g
            self.assert_close(added[0, t], rows.flatten() @ p["output.weight"].T, what="added")
            c, g = (1 + m["query_embedding"]) * (1 + m["key_embedding"]), 1 + m["value_embedding"]
            rows = torch.softmax((q * c) @ keys.T / WIDTH**0.5, -1) @ values * g
            self.assert_close(scaled[0, t], rows.flatten() @ m["output.weight"].T, what="multiplied")


if __name__ == "__main__":
    unittest.main()
