"""Runs inside a program that `headroom run` started: waits for Torch, loads headroom-attach.so, installs the hooks.

Never a reason for the program to fail: what goes wrong here is written to FOLDER/PID.refused, and the program runs on.
"""
import os
import sys


class ModuleWatcher:
    """A finder that changes nothing but to call back once the module `name` has been imported."""

    def __init__(self, name, on_import):
        self.name = name
        self.on_import = on_import

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        import importlib.util

        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            self._call_after(spec.loader)
        return spec

    def _call_after(self, loader):
        execute = loader.exec_module

        def exec_module(module):
            execute(module)
            self.on_import(module)

        loader.exec_module = exec_module


def run_file(suffix):
    return os.path.join(os.environ["HEADROOM_RUN_FOLDER"], f"{os.getpid()}.{suffix}")


def write(suffix, text):
    try:
        with open(run_file(suffix), "w", encoding="utf-8", errors="replace") as file:
            file.write(text + "\n")
    except OSError:
        pass


def attach(torch):
    from headroom_attach import agent

    try:
        agent.attach(torch)
        write("attached", f"{sys.executable}\n{torch.__version__}\n{os.environ.get('RANK', '')}")
    except agent.Refusal as refusal:
        write("refused", str(refusal))
    except Exception as error:  # the program must not suffer
        write("refused", f"Headroom cannot attach to this program: {type(error).__name__}: {error}")


def wait_for_torch():
    sys.meta_path.insert(0, ModuleWatcher("torch", attach))
