"""One spec on two devices, and how far the two recordings are the same."""
import json
import os
import pathlib
import subprocess
import tempfile

from . import matrix

NOT_STARTED = 127  # the loader's exit code


class Side:
    """A device to run on: `device` as in a spec, and what the worker's environment gets besides."""

    def __init__(self, device, build, address_order=None):
        self.device = device
        self.environment = {}
        self.options = {}
        if device.startswith("virtual:"):
            self.environment = {
                "LD_PRELOAD": str(build / "lib/headroom/virtual-gpu/headroom-virtual-gpu.so"),
                "HEADROOM_VIRTUAL_GPU": device.removeprefix("virtual:")}
            if address_order:
                self.environment["HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER"] = address_order
                self.options = {"virtual_options": {"address_order": address_order}}
        self.name = device + (f", addresses {address_order}" if address_order else "")


def without_address_randomisation():
    """In the child: host addresses decide the order in which autocast frees its copies."""
    import ctypes
    ctypes.CDLL(None).personality(0x0040000)


class Checker:
    def __init__(self, build, left, right, quick, source):
        self.build, self.left, self.right, self.quick, self.source = build, left, right, quick, source
        self.scratch = tempfile.TemporaryDirectory(prefix="gpu-check-")
        self.folder = pathlib.Path(self.scratch.name)

    def model(self, run):
        if not self.quick:
            path, batch, seq = matrix.MODELS[run["model"]]
            return (str(self.source / path) if path.endswith(".json") else path), batch, seq
        path = self.folder / f"{run['model']}.json"
        path.write_text(json.dumps(matrix.TINY[run["model"]]))
        return str(path), 2, 32

    def record(self, side, run, name):
        """Path of the recording and the worker's words: one of both says what happened."""
        out = self.folder / f"{name}.headroom"
        out.unlink(missing_ok=True)
        spec = {**matrix.spec_of(run, side.device, self.model(run)), **side.options}
        child = subprocess.run([self.build / "bin/headroom-worker", "--out", out], input=json.dumps(spec), text=True,
                               capture_output=True, env={**os.environ, **side.environment},
                               preexec_fn=without_address_randomisation)
        if child.returncode == NOT_STARTED:
            raise RuntimeError(f"the worker does not start for {side.device}: {child.stderr.strip()}; pip puts NVIDIA's libraries "
                               "beside torch, in site-packages/nvidia")
        return (out if child.returncode == 0 and out.exists() else None), child.stderr.strip()

    def compare(self, run):
        left, left_words = self.record(self.left, run, "left")
        right, right_words = self.record(self.right, run, "right")
        result = {"run": matrix.label(run)}
        if left and right:
            child = subprocess.run([self.build / "bin/headroom-event-diff", left, right], capture_output=True, text=True)
            if child.returncode > 1:
                raise RuntimeError(child.stderr)
            return {**result, **json.loads(child.stdout)}
        refused = not left and not right
        return {**result, "equal": False, "refused_on_both": refused, "left_words": left_words, "right_words": right_words,
                "explanation": "Both refuse." if refused else "One side refuses."}
