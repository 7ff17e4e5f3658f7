"""FNet's mixing as transformers computes it."""
import unittest

from transformers import FNetConfig
from transformers.models.fnet.modeling_fnet import FNetBasicFourierTransform

from support import Reference, ask, sines


class Fourier(Reference):
    def test_fnet_is_transformers(self):
        theirs = FNetBasicFourierTransform(FNetConfig(hidden_size=12))
        for seq in (1, 5, 8):
            x = sines(1, 2, seq, 12).requires_grad_()
            weights = sines(4, 2, seq, 12)
            answer = ask(attention="fnet", config={"d_model": 12, "head_count": 3}, x=x, weights=weights)
            y = theirs(x)[0]
            self.assert_close(answer["y"], y, what="y")
            (y * weights).sum().backward()
            self.assert_close(answer["gradients"]["x"], x.grad, what="the gradient of x")


if __name__ == "__main__":
    unittest.main()
