"""Conditional attention: the router beside that of the package colt5-attention, the rest beside the paper's formula
(Ainslie et al. 2023, section 3) in plain operators. The package's attention differs from the paper, as it says itself."""
import importlib.util
import pathlib
import unittest

import torch

from support import Reference, ask, sines

SIZE, WIDTH = 4, 10
# By its file: the package's own imports want more packages.
package = pathlib.Path(importlib.util.find_spec("colt5_attention").origin).parent
spec = importlib.util.spec_from_file_location("coor_descent", package / "coor_descent.py")
router = importlib.util.module_from_spec(spec)
spec.loader.exec_module(router)


def attended(w, branch, x, memory, mask=0.0):
    def heads(name, tokens):
        y = tokens @ w[f"{branch}_{name}.weight"].T + w[f"{branch}_{name}.bias"]
        return y.view(*y.shape[:2], -1, SIZE).transpose(1, 2)
    scores = heads("query", x) @ heads("key", memory).mT / SIZE ** 0.5 + mask
    out = (scores.softmax(-1) @ heads("value", memory)).transpose(1, 2).flatten(2)
    return out @ w[f"{branch}_output.weight"].T + w[f"{branch}_output.bias"]


class Conditional(Reference):
    def test_routed_tokens_add_to_a_window(self):
        for length, window, query_share, key_share, iterations in ((12, 2, 4, 3, 50), (13, 3, 1, 2, 20), (7, 9, 2, 1, 5)):
            light, heavy = 1, 3
            w = {"query_router": sines(20, WIDTH), "key_router": sines(21, WIDTH)}
            for k, (branch, heads) in enumerate((("light", light), ("heavy", heavy))):
                for j, name in enumerate(("query", "key", "value", "output")):
                    shape = (WIDTH, heads * SIZE) if name == "output" else (heads * SIZE, WIDTH)
                    w[f"{branch}_{name}.weight"] = sines(4 * k + j, *shape, scale=0.7)
                    w[f"{branch}_{name}.bias"] = sines(4 * k + j + 0.3, shape[0], scale=0.7)
            for value in w.values():
                value.requires_grad_()
            x = sines(9, 2, length, WIDTH, scale=0.4).requires_grad_()

            def routed(name, share):
                count = max(1, length // share)
                weights = router.coor_descent(x @ w[name], n_iters=iterations, k=count, eps=0.1)
                return weights.topk(count, -1)

            (query_weights, queries), (key_weights, keys) = routed("query_router", query_share), routed("key_router", key_share)
            rows = torch.arange(2)[:, None]
            near = (torch.arange(length)[:, None] - torch.arange(length)).abs() <= window
            y = attended(w, "light", x, x, torch.zeros(length, length).masked_fill(~near, float("-inf")))
            tokens = x[rows, keys] * key_weights[..., None]
            result = attended(w, "heavy", x[rows, queries], tokens) * query_weights[..., None]
            y = y.index_put((rows, queries), result, accumulate=True)
            answer = ask(attention=f"colt5:light-heads={light}:heavy-heads={heavy}:window={window}:"
                                   f"query-share={query_share}:key-share={key_share}:iterations={iterations}",
                         x=x, parameters=w,
                         config={"d_model": WIDTH, "head_count": 4, "head_dim": SIZE, "attention_bias": True})
            self.assert_same(answer, y, {"x": x, **w}, tolerance=1e-11)


if __name__ == "__main__":
    unittest.main()
