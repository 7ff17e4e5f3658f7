"""What the conformance tests share. They say what PyTorch's CUDA memory management promises, and run the same on a real GPU
(python -m unittest discover -p '*_test.py') and on a virtual one, under its preload; what makes no sense on one of them is skipped with
the reason.
"""
import atexit
import contextlib
import ctypes
import functools
import gc
import os
import pathlib
import subprocess
import sys
import textwrap
import time
import unittest

import torch

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
MIN_BLOCK = 512            # every block is a multiple
SMALL_LIMIT = MIB          # requests up to here come from the small pool
SMALL_SEGMENT = 2 * MIB
LARGE_LIMIT = 10 * MIB     # requests from here on get a segment of their own size, in steps of 2 MiB
LARGE_SEGMENT = 20 * MIB


TORCH_VERSION = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])


atexit.register(time.sleep, 0.2)  # a thread of autograd that comes late into an ending interpreter aborts the process


def virtual():
    return hasattr(ctypes.CDLL(None), "headroom_virtual_gpu_report")


def backed():
    return os.environ.get("HEADROOM_VIRTUAL_GPU_BACKED") == "1"


def delayed():
    return os.environ.get("HEADROOM_VIRTUAL_GPU_EVENTS") == "delayed"


needs_values = unittest.skipIf(virtual() and not backed(), "values on the device are not computed")
needs_virtual = unittest.skipUnless(virtual(), "a property of the virtual device")
native_allocator = unittest.skipUnless(torch.cuda.get_allocator_backend() == "native", "the allocator is not PyTorch's own")
EXPANDABLE = "expandable_segments:True" in os.environ.get("PYTORCH_CUDA_ALLOC_CONF", "")
classic_segments = unittest.skipIf(EXPANDABLE, "segments do not have fixed sizes when they can expand")


def needs_devices(count):
    return unittest.skipIf(torch.cuda.device_count() < count, f"needs {count} devices")


def block(size):
    """A tensor of exactly so many bytes."""
    return torch.empty(size, dtype=torch.uint8, device="cuda")


def rounded(size, unit=MIN_BLOCK):
    return -(-size // unit) * unit


def stat(name):
    return torch.cuda.memory_stats()[name]


def segments():
    return torch.cuda.memory_snapshot()


@functools.cache
@functools.cache
def cycles_of_a_millisecond():
    """What torch.cuda._sleep() is given for it: device clock cycles. The least disturbed of three tries."""
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)

    def measured():
        start.record()
        torch.cuda._sleep(20_000_000)
        end.record()
        end.synchronize()
        return 20_000_000 / start.elapsed_time(end)
    return max(measured() for _ in range(3))


def run(program, *arguments, **environment):
    """Runs a Python program in a process of its own, on the same device, and gives its standard output."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program), *arguments], text=True, capture_output=True,
                          cwd=pathlib.Path(__file__).parent, env={**os.environ, **environment})
    if done.returncode:
        raise AssertionError(f"the program ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextlib.contextmanager
def allocator_settings(settings, afterwards):
    torch.cuda.memory._set_allocator_settings(settings)
    try:
        yield
    finally:
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.memory._set_allocator_settings(afterwards)


class ConformanceTest(unittest.TestCase):
    """Each test begins with an empty allocator and fresh peaks, on device 0."""

    begins_empty = True

    @classmethod
    def setUpClass(cls):
        if not torch.cuda.is_available():
            raise unittest.SkipTest("no CUDA device")

    def setUp(self):
        torch.cuda.set_device(0)
        gc.collect()
        torch.cuda.synchronize()
        torch._C._cuda_clearCublasWorkspaces()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        torch.cuda.reset_accumulated_memory_stats()
        if self.begins_empty:
            self.assertEqual(torch.cuda.memory_allocated(), 0, "an earlier test left memory behind")

    def assertGrows(self, name, by):
        """Used as `with self.assertGrows("allocated_bytes.all.current", 512):`"""
        return _Growth(self, name, by)


class _Growth(contextlib.AbstractContextManager):
    def __init__(self, test, name, by):
        self.test, self.name, self.by = test, name, by

    def __enter__(self):
        self.before = stat(self.name)

    def __exit__(self, kind, *_):
        if kind is None:
            self.test.assertEqual(stat(self.name) - self.before, self.by, self.name)
