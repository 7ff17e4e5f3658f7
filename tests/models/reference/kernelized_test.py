"""Linear attention as kornia computes it (LoFTR's, after the authors' code), and FAVOR+ as performer-pytorch does."""
import importlib.util
import unittest

import torch
from performer_pytorch.performer_pytorch import FastAttention, causal_linear_attention_noncuda

from support import Reference, ask, sines


def kornias_linear_attention():
    # Its file alone: the package needs a compiled one besides.
    package = importlib.util.find_spec("kornia").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("loftr_linear_attention",
                                                  package + "/feature/loftr/loftr_module/linear_attention.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.LinearAttention()


HEADS, WIDTH = 3, 12


def weights_of(k):
    """Of all projections, for the probe and as leaves."""
    leaves = {}
    for i, role in enumerate(("query", "key", "value", "output")):
        leaves[role + ".weight"] = sines(k + i, WIDTH, WIDTH).requires_grad_()
        leaves[role + ".bias"] = sines(k + 5 + i, WIDTH).requires_grad_()
    return leaves


def projected(leaves, role, x):
    return torch.nn.functional.linear(x, leaves[role + ".weight"], leaves[role + ".bias"])


def heads(leaves, role, x):
    """[B, n, T, d]."""
    return projected(leaves, role, x).view(x.shape[0], x.shape[1], HEADS, -1).transpose(1, 2)


CONFIG = {"d_model": WIDTH, "head_count": HEADS, "attention_bias": True}


class Kernelized(Reference):
    def test_linear_attention_is_kornias(self):
        theirs = kornias_linear_attention()
        leaves = weights_of(1)
        x, memory = sines(11, 2, 7, WIDTH).requires_grad_(), sines(12, 2, 5, WIDTH).requires_grad_()
        for other in (None, memory):
            source = x if other is None else other
            q, k, v = (heads(leaves, role, t).transpose(1, 2)
                       for role, t in (("query", x), ("key", source), ("value", source)))
            y = projected(leaves, "output", theirs(q, k, v).flatten(2))
            answer = ask(attention="linear", config=CONFIG, x=x, memory=other, parameters=leaves)
            inputs = {"x": x, **leaves} if other is None else {"x": x, "memory": memory, **leaves}
            self.assert_same(answer, y, inputs)

    def test_causal_linear_attention_is_performers_sums_of_the_same_features(self):
        leaves = weights_of(2)
        x = sines(13, 2, 7, WIDTH).requires_grad_()
        for chunk in (1, 3, 7):
            q, k, v = (heads(leaves, role, x) for role in ("query", "key", "value"))
            q, k = (torch.nn.functional.elu(t) + 1 for t in (q, k))
            y = causal_linear_attention_noncuda(q, k, v, eps=0).transpose(1, 2).flatten(2)
            y = projected(leaves, "output", y)
            answer = ask(attention=f"linear:chunk={chunk}", config=CONFIG, context={"causal": True}, x=x,
                         parameters=leaves)
            # Denominators of at least 0.05 with 1e-6 added, which the other code does not.
            self.assert_same(answer, y, {"x": x, **leaves}, tolerance=1e-4)

    def performer(self, causal):
        theirs = FastAttention(dim_heads=4, nb_features=9, causal=causal).double()
        theirs.projection_matrix.copy_(sines(3, 9, 4, scale=2.0))
        if causal:  # its own eps is added to every sum of features; the paper has none
            theirs.causal_linear_fn = lambda q, k, v: causal_linear_attention_noncuda(q, k, v, eps=0)
        return theirs

    def test_performer_is_performer_pytorchs(self):
        leaves = weights_of(3)
        x, memory = sines(14, 2, 7, WIDTH).requires_grad_(), sines(15, 2, 5, WIDTH).requires_grad_()
        for causal, other in ((False, None), (False, memory), (True, None)):
            theirs = self.performer(causal)
            source = x if other is None else other
            inputs = {"x": x, **leaves} if other is None else {"x": x, "memory": memory, **leaves}
            for chunk in (2, 64):
                q, k, v = (heads(leaves, role, t) for role, t in (("query", x), ("key", source), ("value", source)))
                y = projected(leaves, "output", theirs(q, k, v).transpose(1, 2).flatten(2))
                answer = ask(attention=f"performer:features=9:chunk={chunk}", config=CONFIG,
                             context={"causal": causal}, x=x, memory=other, parameters=leaves,
                             buffers=[theirs.projection_matrix.tolist()])
                self.assert_same(answer, y, inputs)

    def test_performer_has_as_many_features_as_performer_pytorchs(self):
        for width in (2, 8, 64, 128):
            theirs = FastAttention(dim_heads=width)
            answer = ask(describe=True, attention="performer", config={"d_model": width, "head_count": 1})
            self.assertEqual(answer["buffers"].tolist(), [list(theirs.projection_matrix.shape)])


if __name__ == "__main__":
    unittest.main()
