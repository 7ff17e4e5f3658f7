"""What the tests here share: asking build/…/models_probe, tensors from sines, comparing.

Each test compares a mechanism or a model of models/ with an implementation of other authors, on the same weights and
inputs, in fp64, output and gradients.
"""
import json
import os
import subprocess
import unittest

import torch

torch.set_default_dtype(torch.float64)


def ask(**request):
    """The probe's answer to a request (tests/models/probe.cpp), its lists turned into tensors."""
    request = {key: value for key, value in request.items() if value is not None}
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    done = subprocess.run([os.environ["HEADROOM_PROBE"]], input=json.dumps(plain(request)), env=environment, text=True,
                          capture_output=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return tensors(json.loads(done.stdout))


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return value


def tensors(value):
    if isinstance(value, dict):
        return {key: tensors(part) for key, part in value.items()}
    if not isinstance(value, list):
        return value
    try:
        return torch.tensor(value)
    except ValueError:  # shapes of several tensors
        return value


def shapes(**request):
    """Name -> shape of a mechanism's or a model's parameters."""
    return {name: tuple(shape.tolist()) for name, shape in ask(describe=True, **request)["parameters"].items()}


def sines(k, *shape, scale=1.0):
    """Numbers that are nowhere alike: flat element i is scale·sin(k + 0.7·i)."""
    count = 1
    for size in shape:
        count *= size
    return (scale * torch.sin(k + 0.7 * torch.arange(count))).view(*shape)


class Reference(unittest.TestCase):
    def assert_close(self, actual, expected, tolerance=1e-12, what=""):
        self.assertEqual(tuple(actual.shape), tuple(expected.shape), what)
        difference = (actual - expected).abs().max().item()
        self.assertLessEqual(difference, tolerance * max(1.0, expected.abs().max().item()), what)

    def assert_same(self, answer, y, inputs, tolerance=1e-12):
        """`answer` of the probe equals `y` and, name by name, the gradients of y.sum() for `inputs`."""
        self.assert_close(answer["y"], y, tolerance, "y")
        leaves = list(inputs.values())
        for (name, _), gradient in zip(inputs.items(), torch.autograd.grad(y.sum(), leaves)):
            self.assert_close(answer["gradients"][name], gradient, tolerance, "the gradient of " + name)
