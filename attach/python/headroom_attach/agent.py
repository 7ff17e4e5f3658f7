"""From the environment that `headroom run` set to a library that records, and hooks that tell it what happens."""
import atexit
import functools
import json
import os
import sys

from headroom_attach import ModuleWatcher, built_for, generation, hooks, outcome, ranks
from headroom_attach.library import Library

LIBRARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "headroom-attach.so")


class Refusal(Exception):
    """Why this program cannot be recorded, for the user."""


def require_right_torch(torch):
    installed = torch.__version__.split("+")[0]
    if installed != built_for.TORCH:
        raise Refusal(
            f"this program uses Torch {torch.__version__}, and this Headroom was built for Torch {built_for.TORCH}: "
            f"build one with cmake -DHEADROOM_TORCH_DIR={os.path.dirname(os.path.abspath(torch.__file__))}"
        )


def settings(torch, options):
    return {
        "folder": os.environ["HEADROOM_RUN_FOLDER"],
        "device": options.get("device", "cuda"),
        "program": os.path.basename(sys.argv[0]) if getattr(sys, "argv", [""])[0] else "python",
        "torch_version": str(torch.__version__),
        "source_lines": bool(options.get("source_lines", False)),
        "values": options.get("values", []),
        "trace": options.get("trace", "none"),
        "require_cupti": bool(options.get("require_cupti", False)),
        "hidden_folders": [
            os.path.dirname(os.path.abspath(torch.__file__)) + os.sep,
            os.path.dirname(os.path.abspath(__file__)) + os.sep,
        ],
    }


def record_cuda(torch, library):
    """As soon as the program initialises CUDA itself: attaching must not do it, or forked workers could not."""

    def attach_cuda():
        error = library.attach_cuda()
        if error:
            from headroom_attach import write

            write("refused", error.decode(errors="replace"))

    torch.cuda._lazy_call(attach_cuda)


def end_program(message):
    from headroom_attach import write

    write("refused", message.decode(errors="replace"))
    raise SystemExit(3)


def trace_cuda(torch, library):
    """CUPTI wants to be there before CUDA is."""
    original = torch.cuda._lazy_init

    @functools.wraps(original)
    def lazy_init():
        if not torch.cuda.is_initialized() and not torch.cuda._is_in_bad_fork():
            error = library.before_cuda()
            if error:
                end_program(error)
        return original()

    torch.cuda._lazy_init = lazy_init


def is_worker_process():
    import multiprocessing

    return multiprocessing.parent_process() is not None


def attach(torch):
    require_right_torch(torch)
    options = json.loads(os.environ.get("HEADROOM_RUN_OPTIONS") or "{}")
    library = Library(LIBRARY)
    error = library.start(json.dumps(settings(torch, options)).encode())
    if error:
        raise Refusal(error.decode(errors="replace"))
    on_cpu = options.get("device") == "cpu"
    state = hooks.install(torch, library, on_cpu, record_cpu=library.attach_cpu if on_cpu and is_worker_process() else None)
    if on_cpu and not is_worker_process():
        library.attach_cpu()
    if not on_cpu:
        record_cuda(torch, library)
        if options.get("trace", "none") != "none":
            trace_cuda(torch, library)
    if options.get("device", "").startswith("virtual"):
        sys.meta_path.insert(0, ModuleWatcher("transformers.generation.utils", generation.end_at_longest_length))
    if options.get("ranks"):
        ranks.stand_for(torch, int(options.get("rank", 0)), int(options["ranks"]))
    os.register_at_fork(after_in_child=state.forget_process)
    atexit.register(outcome.finish, library, os.getpid())
