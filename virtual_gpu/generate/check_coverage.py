"""Fails, by name, when something that Torch's libraries leave undefined is offered neither by the virtual GPU nor by anyone else.

usage: check_coverage.py TORCH_DIR VIRTUAL_GPU_DIR STAMP

A symbol must be there under the very version that Torch asks for: another one would start with the loader's warning, or not at all.
"""
import pathlib
import re
import sys

from elf import needed_sonames, read_elf
from libraries import library_of_soname

SYSTEM_FOLDERS = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"]


def locate(soname, folders):
    return next((path for folder in folders if (path := pathlib.Path(folder) / soname).exists()), None)


def problems(torch, virtual_gpu):
    own = {path.name: path for path in sorted((torch / "lib").glob("lib*.so*"))}
    needed = {soname for path in own.values() for soname in needed_sonames(str(path))}
    offered = set()  # (name, version)
    for soname in sorted(needed | set(own)):
        path = own.get(soname) or locate(soname, [virtual_gpu] if library_of_soname(soname) else SYSTEM_FOLDERS)
        if path is None:
            yield f"library {soname}: if it is one of CUDA's, it belongs in virtual_gpu/generate/libraries.py"
        else:
            offered |= read_elf(str(path)).defined
    names = {name for name, _ in offered}
    for soname, path in own.items():
        for symbol in read_elf(str(path)).undefined:
            if symbol.weak or re.match(r"_?Py", symbol.name):
                continue
            if (symbol.name, symbol.version) not in offered and (symbol.version or symbol.name not in names):
                yield f"{symbol.name}{'@' if symbol.version else ''}{symbol.version}, needed by {soname}"


def main(torch, virtual_gpu, stamp):
    found = list(problems(pathlib.Path(torch), pathlib.Path(virtual_gpu)))
    if found:
        sys.exit("The virtual GPU does not cover what this Torch needs:\n" + "".join(f"  {line}\n" for line in found))
    pathlib.Path(stamp).touch()


main(*sys.argv[1:])
