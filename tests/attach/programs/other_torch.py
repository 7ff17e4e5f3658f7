"""A program with a Torch of its own, of another version."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "other_torch"))
import torch  # noqa: E402

print("ran with", torch.__version__)
