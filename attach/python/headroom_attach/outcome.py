"""How the program ended, as far as it knows itself; what only the system knows, a signal, `headroom` adds."""
import os
import sys
import time

# A thread of autograd that wants the interpreter when it has begun to end is ended by it, and Torch then aborts the process
# (seen with Torch 2.15 right after a backward pass). This long, and it is through.
SECONDS_FOR_AUTOGRAD = 0.05


def uncaught_exception():
    """The one the interpreter has just printed."""
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return None if isinstance(error, SystemExit) else error


def is_out_of_memory(error):
    return type(error).__name__ == "OutOfMemoryError" and type(error).__module__.startswith("torch")


def last_line(error):
    lines = [line for line in str(error).splitlines() if line.strip()]
    if is_out_of_memory(error) and lines:
        return lines[0]  # PyTorch's own words, as they are
    return f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__


def finish(library, process):
    if os.getpid() != process:
        return
    error = uncaught_exception()
    if error is not None:
        kind = "oom" if is_out_of_memory(error) else "error"
        library.note(outcome={"kind": kind, "message": last_line(error)})
    library.finish()
    if "torch" in sys.modules:
        time.sleep(SECONDS_FOR_AUTOGRAD)
