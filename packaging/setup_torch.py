#!/usr/bin/python3
"""Fetches the Torch that this Headroom runs models with: the libraries of one pinned wheel, checked against its hash.

    headroom-setup-torch            for you, into HEADROOM_CACHE_DIR (default: XDG_CACHE_HOME/headroom, else ~/.cache/headroom)
    headroom-setup-torch --system   for all, beside Headroom's own libraries; as root

A download that was interrupted goes on where it ended. `headroom --version` says which Torch is found.
"""
import os
import pathlib
import sys

PREFIX = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(PREFIX / "share" / "headroom"))
import fetch_wheels  # noqa: E402


def cache():
    if named := os.environ.get("HEADROOM_CACHE_DIR"):
        return pathlib.Path(named)
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "headroom"


def main(arguments):
    if arguments in (["--help"], ["-h"]):
        print(__doc__.strip())
        return 0
    if arguments not in ([], ["--system"]):
        print(f"headroom-setup-torch: unknown argument {arguments[0]}; known: --system", file=sys.stderr)
        return 2
    folder = PREFIX / "lib" / "headroom" if arguments else cache()
    package, version, filename, sha256, name, parts = (PREFIX / "share/headroom/torch.txt").read_text().split()
    torch = folder / name / "torch"
    if (torch / "lib" / "libtorch_cpu.so").exists():
        print(f"Torch {version} is already in {torch}")
        return 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fetch_wheels.bring(folder, package, version, filename, sha256, name, parts)
    except (OSError, SystemExit) as problem:
        print(f"headroom-setup-torch: {str(problem).removeprefix('setup: ')}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
