"""A module of yours on a virtual GPU, or on any other device of the program's."""
from __future__ import annotations

import json
import os
import pathlib
import shutil
import sys
import tempfile
import types
from typing import Any, Iterable

from headroom.functions import Function, describe
from headroom.program import HeadroomError, run_program
from headroom.recording import Recording, remove_with

_DRIVER = pathlib.Path(__file__).with_name("driver.py")


class Shape:
    """A tensor by its shape and type alone: Shape(8, 128, dtype="int64"). It is made on the device, full of zeros; a virtual
    device computes nothing, so values would not matter there."""

    def __init__(self, *shape: int, dtype: str = "float32") -> None:
        if not all(isinstance(size, int) and size >= 0 for size in shape):
            raise HeadroomError(f"a Shape takes whole numbers from 0, not {shape}")
        self.shape, self.dtype = list(shape), dtype

    def __repr__(self) -> str:
        return f"Shape({', '.join(map(str, self.shape))}, dtype={self.dtype!r})"


def _shape(value: Any, name: str | int) -> dict[str, Any]:
    if isinstance(value, Shape):
        return {"shape": value.shape, "dtype": value.dtype}
    if hasattr(value, "shape") and hasattr(value, "dtype"):  # a tensor of Torch's: only what it is like matters
        return {"shape": list(value.shape), "dtype": str(value.dtype).replace("torch.", "")}
    raise HeadroomError(f"input {name} is a {type(value).__name__}, expected a headroom.Shape or a tensor")


def _inputs(inputs: Any) -> dict[str, Any]:
    if isinstance(inputs, (str, types.FunctionType)):
        return {"function": describe(inputs, "inputs")}
    if isinstance(inputs, dict):
        return {"positional": [], "named": {name: _shape(value, name) for name, value in inputs.items()}}
    values = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
    return {"positional": [_shape(value, i) for i, value in enumerate(values)], "named": {}}


def profile(make_module: Function, inputs: Any, device: str = "virtual:h100-80gb", *, train: bool = True, steps: int = 2,
            optimizer: str | None = "AdamW", loss: Function | None = None, out: str | os.PathLike[str] | None = None,
            options: Iterable[str] = ()) -> Recording:
    """Runs a torch.nn.Module on a device, in a process of its own, and returns the recording.

    make_module  a function without arguments that returns the module, or its name: "package.module:function",
                 "path/to/file.py:function". headroom.functions has the rules by which it gets into the other process.
    inputs       what the module is called with: a Shape or tensor, a tuple or dictionary of them, or a function that returns such
                 tensors
    device       "virtual:NAME" (headroom list devices), "cuda", "cpu"
    train        forward, backward and `optimizer` (a name of torch.optim's, or None); else forward alone, without gradients
    steps        how often; the second step is like all later ones
    loss         a function of the module's output; default: its .loss, else the mean of its first tensor
    out          a file LABEL.headroom that is kept; default: a temporary one
    options      more flags of `headroom run`
    """
    if not isinstance(steps, int) or steps < 1:
        raise HeadroomError(f"steps is {steps}, expected a whole number from 1")
    job = {"path": [os.path.abspath(folder) for folder in sys.path], "model": describe(make_module, "make_module"),
           "inputs": _inputs(inputs), "train": bool(train), "steps": steps, "optimizer": optimizer,
           "loss": describe(loss, "loss") if loss is not None else None}
    if out is not None and pathlib.Path(out).suffix != ".headroom":
        raise HeadroomError(f"out is {out}, expected a file that ends in .headroom")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="headroom-"))
    try:
        recording = _run(job, folder, pathlib.Path(out) if out is not None else folder / "module.headroom", device, options)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    remove_with(recording, folder)
    return recording


def _run(job: dict[str, Any], folder: pathlib.Path, path: pathlib.Path, device: str, options: Iterable[str]) -> Recording:
    job_file = folder / "job.json"
    job_file.write_text(json.dumps(job), encoding="utf-8")
    run_program("run", "--device", device, "--quiet", "--out", path, *options, "--", sys.executable, _DRIVER, job_file)
    if not path.exists():
        raise HeadroomError("nothing was recorded: the module never allocated on the device")
    return Recording(path)
