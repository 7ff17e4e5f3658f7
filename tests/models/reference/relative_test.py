"""Transformer-XL's positions as transformers computes them for XLNet, whose attention has them."""
import unittest

import torch
from transformers import XLNetConfig, XLNetModel

from support import Reference, ask, sines

HEADS, SIZE, LENGTH = 3, 4, 7
WIDTH = HEADS * SIZE


class Relative(Reference):
    def test_is_xlnets(self):
        model = XLNetModel(XLNetConfig(vocab_size=5, d_model=WIDTH, n_layer=1, n_head=HEADS, d_inner=8, dropout=0.0,
                                       ff_activation="relu")).double()
        theirs = model.layer[0].rel_attn
        for k, parameter in enumerate(theirs.parameters()):
            parameter.data = sines(k, *parameter.shape)
        x = sines(9, 2, LENGTH, WIDTH).requires_grad_()
        h = x.transpose(0, 1)
        q, k, v = (torch.einsum("ibh,hnd->ibnd", h, getattr(theirs, role)) for role in "qkv")
        distances = model.relative_positional_encoding(LENGTH, LENGTH, bsz=2).double()
        r = torch.einsum("ibh,hnd->ibnd", distances, theirs.r)
        hidden = torch.ones(LENGTH, LENGTH).triu(1)[:, :, None, None]
        y = theirs.rel_attn_core(q, k, v, r, attn_mask=hidden)
        y = torch.einsum("ibnd,hnd->ibh", y, theirs.o).transpose(0, 1)

        def matrix(weight):  # [d_m, n, d] -> [n·d, d_m]
            return weight.flatten(1).T

        ours = {"query.weight": theirs.q, "key.weight": theirs.k, "value.weight": theirs.v, "position.weight": theirs.r,
                "content_bias": theirs.r_w_bias, "position_bias": theirs.r_r_bias, "output.weight": theirs.o}
        shaped = {name: matrix(value) if value.dim() == 3 else value for name, value in ours.items()}
        shaped["output.weight"] = theirs.o.flatten(1)
        answer = ask(config={"d_model": WIDTH, "head_count": HEADS, "positions": "transformer-xl"},
                     context={"causal": True}, x=x, parameters=shaped)
        self.assert_close(answer["y"], y)
        gradients = torch.autograd.grad(y.sum(), [x, *ours.values()])
        self.assert_close(answer["gradients"]["x"], gradients[0], what="x")
        for name, gradient in zip(ours, gradients[1:]):
            if gradient.dim() == 3:
                gradient = gradient.flatten(1) if name == "output.weight" else matrix(gradient)
            self.assert_close(answer["gradients"][name], gradient, what=name)


if __name__ == "__main__":
    unittest.main()
