"""Runs the workloads of published memory figures on the virtual devices and compares.

usage: run.py --virtual-gpu FOLDER [--fast] [--check | --update] [--document NAME]…
       run.py --page docs/accuracy.md [--check]

FOLDER is the build's lib/headroom/virtual-gpu. Runs whose versions are not the installed ones are left out and counted.
--check   exit 1 when a virtual value is not, to the byte, the recorded one (or the page not the one that the figures give)
--update  write the virtual values to figures.json
--fast    only the runs that the tests take
"""
import argparse
import importlib
import importlib.metadata
import json
import os
import pathlib
import sys

import table

HERE = pathlib.Path(__file__).resolve().parent
FIGURES = HERE / "figures.json"


def installed(package):
    try:
        return importlib.import_module(package).__version__ if package == "torch" else importlib.metadata.version(package)
    except (ImportError, importlib.metadata.PackageNotFoundError):
        return None


def can_run(run):
    return all(installed(package) == version for package, version in run["versions"].items())


def on_device(run):
    """{key: bytes}, measured in a process of its own, forked before anything touched a device; or a message."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.environ["HEADROOM_VIRTUAL_GPU"] = run["device"]
        module, name = run["workload"].split(":")
        try:
            result = getattr(importlib.import_module("workloads." + module), name)(**run["arguments"])
        except BaseException as error:  # whatever ends a workload is its result
            result = f"{type(error).__name__}: {error}"
        os.write(writer, json.dumps(result).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else "the process died"


def compare(run, result):
    """Lines about what differs from the recorded values."""
    if isinstance(result, str):
        return [f"{run['workload']} {run['arguments']} on {run['device']}: {result}"]
    return [f"{run['workload']} {run['arguments']} on {run['device']}, {key}: recorded {figure.get('virtual_bytes')}, "
            f"now {result[key]} bytes"
            for key, figure in run["figures"].items() if figure.get("virtual_bytes") != result[key]]


def update(run, result):
    if isinstance(result, dict):
        for key, figure in run["figures"].items():
            figure["virtual_bytes"] = result[key]


def measure(options, data):
    chosen = [run for run in data["runs"] if (run.get("fast") or not options.fast)
              and (not options.document or run["document"] in options.document)]
    runnable = [run for run in chosen if can_run(run)]
    differing = []
    for run in runnable:
        result = on_device(run)
        differing += compare(run, result)
        if options.update:
            update(run, result)
    print(f"{sum(len(run['figures']) for run in runnable)} figures of {len(runnable)} runs; "
          f"{len(chosen) - len(runnable)} runs left out, being of other versions than the installed")
    print("\n".join(differing), end="\n" if differing else "")
    if options.update:
        table.save(data, FIGURES)
    return 1 if differing and not options.update else 0


def start_over_the_virtual_gpu(folder):
    """The loader must have it before Torch: this program again, with the library preloaded."""
    library = str(pathlib.Path(folder).resolve() / "headroom-virtual-gpu.so")
    if os.environ.get("LD_PRELOAD") != library:
        os.environ["LD_PRELOAD"] = library
        os.execv(sys.executable, [sys.executable, "-W", "ignore", *sys.argv])


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("--virtual-gpu")
    parser.add_argument("--page")
    parser.add_argument("--document", action="append")
    for flag in "--fast", "--check", "--update":
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    data = json.loads(FIGURES.read_text())
    if options.page:
        return table.page(data, pathlib.Path(options.page), options.check)
    if not options.virtual_gpu:
        parser.error("--virtual-gpu FOLDER is needed: the build's lib/headroom/virtual-gpu")
    start_over_the_virtual_gpu(options.virtual_gpu)
    sys.path.insert(0, str(HERE))
    return measure(options, data)


if __name__ == "__main__":
    sys.exit(main())
