"""Headroom's optimizers beside torch.optim, transformers' Adafactor and an Adam that does not quantise."""
import json
import os
import subprocess
import unittest

import torch
from transformers.optimization import Adafactor

STEPS = 5
SHAPES = [(6, 8), (7,), (3, 4)]


def sines(k, *shape):
    return torch.sin(k + 0.7 * torch.arange(torch.Size(shape).numel(), dtype=torch.float64)).view(*shape)


def problem(shapes=SHAPES):
    parameters = [sines(k, *shape) for k, shape in enumerate(shapes)]
    gradients = [[sines(10 * step + k, *shape) * (1 + 0.1 * step) for k, shape in enumerate(shapes)] for step in range(STEPS)]
    return parameters, gradients


def headroom(optimizer, parameters, gradients, dtype="float64", **options):
    request = {"optimizer": optimizer, "dtype": dtype, "parameters": [p.tolist() for p in parameters],
               "gradients": [[g.tolist() for g in of_step] for of_step in gradients], **options}
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    done = subprocess.run([os.environ["HEADROOM_OPTIMIZER_PROBE"]], input=json.dumps(request), env=environment, text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return [torch.tensor(p, dtype=torch.float64) for p in json.loads(done.stdout)["parameters"]]


def reference(make, parameters, gradients, clip=None):
    parameters = [p.clone().requires_grad_() for p in parameters]
    optimizer = make(parameters)
    for of_step in gradients:
        for p, g in zip(parameters, of_step):
            p.grad = g.clone()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(parameters, clip)
        optimizer.step()
    return [p.detach() for p in parameters]


class Optimizers(unittest.TestCase):
    def assert_close(self, actual, expected, tolerance):
        for a, e in zip(actual, expected):
            self.assertLessEqual((a - e).abs().max().item(), tolerance)

    def test_torch_optim_steps_alike_in_each_implementation(self):
        parameters, gradients = problem()
        makes = {"sgd": lambda p, **o: torch.optim.SGD(p, lr=1e-3, **o), "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
        for name, make in makes.items():
            for implementation, flags in {"foreach": {"foreach": True}, "fused": {"fused": True}, "for-loop": {"foreach": False}}.items():
                for momentum in (0, 0.9) if name == "sgd" else (0,):
                    more = {"momentum": momentum} if momentum else {}
                    with self.subTest(name=name, implementation=implementation, momentum=momentum):
                        expected = reference(lambda p: make(p, **flags, **more), parameters, gradients)
                        actual = headroom(name, parameters, gradients, implementation=implementation, momentum=momentum)
                        self.assert_close(actual, expected, 1e-14)

    def test_adafactor_steps_as_that_of_transformers(self):
        parameters, gradients = problem()
        self.assert_close(headroom("adafactor", parameters, gradients), reference(Adafactor, parameters, gradients), 1e-12)

    def test_adafactor_of_small_parameters_takes_the_smallest_scale(self):
        parameters, gradients = problem()
        parameters = [p * 1e-6 for p in parameters]
        self.assert_close(headroom("adafactor", parameters, gradients), reference(Adafactor, parameters, gradients), 1e-14)

    def test_clipping_is_that_of_torch(self):
        parameters, gradients = problem()
        for clip in (0.5, 1e6):
            expected = reference(lambda p: torch.optim.SGD(p, lr=1e-3), parameters, gradients, clip)
            self.assert_close(headroom("sgd", parameters, gradients, clip=clip), expected, 1e-14)


class EightBitAdam(unittest.TestCase):
    """Gradients between 1/3 and 1 of either sign: a number of the tables is never more than 2.2 % (first moment, of 64 steps between
    0.1 and 1) or 3.2 % (second moment, of 128 steps) from them, 3.8 % of an update; every further step adds as much."""

    SHAPES = [(48, 100), (70, 64), (17,)]

    def problem(self):
        parameters = [sines(k, *shape) for k, shape in enumerate(self.SHAPES)]
        sign = [torch.sign(sines(5 + k, *shape)) for k, shape in enumerate(self.SHAPES)]
        size = [[2 / 3 + sines(step + k, *shape) / 3 for k, shape in enumerate(self.SHAPES)] for step in range(STEPS)]
        return parameters, [[s * m for s, m in zip(sign, of_step)] for of_step in size]

    def test_the_first_step_is_adams(self):
        parameters, gradients = self.problem()
        expected = reference(torch.optim.Adam, parameters, gradients[:1])
        for actual, e in zip(headroom("adam-8bit", parameters, gradients[:1], "float32"), expected):
            self.assertLessEqual((actual - e).abs().max().item(), 2e-7)

    def test_later_steps_stay_within_the_error_of_the_tables(self):
        parameters, gradients = self.problem()
        expected = reference(torch.optim.Adam, parameters, gradients)
        actual = headroom("adam-8bit", parameters, gradients, "float32")
        bound = 1e-3 * 0.038 * sum(range(STEPS))
        for a, e, p in zip(actual, expected, parameters):
            self.assertLessEqual((a - e).abs().max().item(), bound)
            self.assertGreater((e - p).abs().max().item(), 4e-3)
        # Parameters of fewer than 4096 elements are not quantised; the others are.
        self.assertLessEqual((actual[2] - expected[2]).abs().max().item(), 5e-7)
        self.assertGreater((actual[0] - expected[0]).abs().max().item(), 1e-5)


if __name__ == "__main__":
    unittest.main()
