"""The program `headroom`, run in a process of its own."""
from __future__ import annotations

import os
import shutil
import subprocess


class HeadroomError(RuntimeError):
    """What the program said went wrong, or what this module was asked for and cannot do."""


def find_program() -> str:
    """Its path."""
    named = os.environ.get("HEADROOM_PROGRAM")
    if named:
        if not os.access(named, os.X_OK) or os.path.isdir(named):
            raise HeadroomError(f"HEADROOM_PROGRAM={named} is no program that can be run")
        return named
    found = shutil.which("headroom")
    if found is None:
        raise HeadroomError("the program 'headroom' is not on PATH; install it, or set HEADROOM_PROGRAM to where it is")
    return found


def run_program(*arguments: str | os.PathLike[str]) -> str:
    """Its standard output. Raises HeadroomError with what it said."""
    ended = subprocess.run([find_program(), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if ended.returncode != 0:
        said = ended.stderr.decode(errors="replace").strip() or f"headroom ended with code {ended.returncode}"
        raise HeadroomError(said.removeprefix("headroom: "))
    return ended.stdout.decode()
