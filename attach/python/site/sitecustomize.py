"""Attaches Headroom to a program that `headroom run` started, then does what the user's own sitecustomize would."""
import importlib.machinery
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def run_the_next_sitecustomize():
    others = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


if os.environ.get("HEADROOM_RUN_FOLDER"):
    sys.path.append(os.path.dirname(HERE))
    try:
        import headroom_attach

        headroom_attach.wait_for_torch()
    finally:
        sys.path.remove(os.path.dirname(HERE))
run_the_next_sitecustomize()
