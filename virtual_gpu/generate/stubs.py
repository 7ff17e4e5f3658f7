"""Writes, for every CUDA library that a Torch wheel needs, the stubs of its functions and a version script.

usage: stubs.py --list TORCH_DIR CUDA_INCLUDE_DIR SOURCES_DIR            prints STEM=SONAME of each library, by ";"
       stubs.py TORCH_DIR CUDA_INCLUDE_DIR OUTPUT_DIR STEM=SONAME...

What a library is called, which functions it must have and under which symbol version come from the ELF files of the wheel. To these
come the functions that CUDA's headers declare, for programs and extensions that ask for more than Torch does. Stubs are weak: a
function that the sources define takes its stub's place. Each answers its library's "not supported" and is counted and named
in the report.
"""
import collections
import pathlib
import re
import sys

import headers
from elf import needed_sonames, read_elf
from libraries import ALWAYS, LIBRARIES, library_of_soname


def cuda_release(include):
    version = re.search(r"#define CUDA_VERSION (\d+)", (include / "cuda.h").read_text())
    return int(version[1]) // 1000


def torch_libraries(torch):
    return [str(file) for file in sorted((torch / "lib").glob("lib*.so"))]


def sonames_of_torch(torch):
    return {library.stem: soname for file in torch_libraries(torch) for soname in needed_sonames(file)
            if (library := library_of_soname(soname))}


def list_libraries(torch, include, sources):
    needed = sonames_of_torch(torch)
    for library in LIBRARIES:
        if library.stem in needed or library.stem in ALWAYS or any((sources / library.stem).glob("*.cpp")):
            yield f"{library.stem}={needed.get(library.stem) or library.soname(cuda_release(include))}"


def imported_functions(torch):
    """stem -> name -> version ("" for none) of what Torch leaves undefined."""
    functions = collections.defaultdict(dict)
    for elf in map(read_elf, torch_libraries(torch)):
        for symbol in elf.undefined:
            if symbol.version:
                library = library_of_soname(elf.version_sources.get(symbol.version, ""))
            else:
                library = next((library for library in LIBRARIES if library.has_function(symbol.name)), None)
            if library:
                functions[library.stem][symbol.name] = symbol.version
    return functions


def declared_functions(torch, include):
    yield from (("cudart", name) for name in headers.runtime_names(include))
    yield from (("cuda", name) for name in headers.driver_names(include))
    yield from (("cupti", name) for name in headers.cupti_names(include))
    yield from (("nvml", name) for name in headers.nvml_names(torch))
    for name in headers.math_library_names(torch):
        yield from ((library.stem, name) for library in LIBRARIES if library.has_function(name))


def stub_source(library, names):
    lines = ["long headroom_virtual_gpu_unimplemented(const char* function, long status);\n",
             "#define STUB(name) __attribute__((weak)) long name(void) "
             f"{{ return headroom_virtual_gpu_unimplemented(#name, {library.not_supported}); }}\n"]
    return "".join(lines + [f"STUB({name})\n" for name in sorted(names)])


def version_script(library, soname, versions):
    """Everything under the library's main version, but for what Torch wants under another."""
    nodes = collections.defaultdict(set)
    for name, version in versions.items():
        nodes[version].add(name)
    named = [version for version in nodes if version]
    main = max(named, key=lambda version: len(nodes[version])) if named else soname if library.versioned else ""
    others = "".join(f"{version} {{ global: {'; '.join(sorted(nodes[version]))}; }};\n" for version in named if version != main)
    return f"{others}{main} {{ global: {library.exports} local: *; }};\n"


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def write_stubs(torch, include, output, sonames):
    output.mkdir(parents=True, exist_ok=True)
    imported = imported_functions(torch)
    names = collections.defaultdict(set, {stem: set(functions) for stem, functions in imported.items()})
    for stem, name in declared_functions(torch, include):
        names[stem].add(name)
    for library in LIBRARIES:
        if library.stem in sonames:
            write_if_changed(output / f"{library.stem}.c", stub_source(library, names[library.stem]))
            write_if_changed(output / f"{library.stem}.map",
                             version_script(library, sonames[library.stem], imported.get(library.stem, {})))


def main(arguments):
    if arguments[0] == "--list":
        print(";".join(list_libraries(*map(pathlib.Path, arguments[1:]))), end="")
    else:
        write_stubs(*map(pathlib.Path, arguments[:3]), dict(pair.split("=") for pair in arguments[3:]))


if __name__ == "__main__":
    main(sys.argv[1:])
