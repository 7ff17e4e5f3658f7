"""Where every byte of GPU memory of a PyTorch model goes.

    run = headroom.read("mha.headroom")          # a recording, or a memory snapshot of PyTorch's
    run.peak_bytes, run.categories(), run.layers(), run.tensors(), run.events()

    run = headroom.profile("models.py:make_model", headroom.Shape(8, 128, dtype="int64"),
                           device="virtual:a100-40gb")

The program `headroom` does the work; it is found on PATH, or where the environment variable HEADROOM_PROGRAM says.
"""
from headroom.profiling import Shape, profile
from headroom.program import HeadroomError
from headroom.recording import Recording, read

__all__ = ["HeadroomError", "Recording", "Shape", "profile", "read"]
__version__ = "0.1.0"
