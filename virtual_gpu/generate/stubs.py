"""Writes, for every CUDA library that a Torch wheel needs, the stubs of the functions it imports and a version script.

usage: stubs.py TORCH_LIB_DIR CUDA_INCLUDE_DIR OUTPUT_DIR STEM=SONAME...

What a library is called, which functions it must have and under which symbol version come from the ELF files of the wheel
(readelf). Stubs are weak: a function that the sources define takes its stub's place. Each answers its library's "not
supported" and is counted and named in the report.
"""
import collections
import pathlib
import re
import subprocess
import sys

# soname up to ".so": (stem of the output files, prefix of its functions, "not supported")
LIBRARIES = {
    "libcudart": ("cudart", r"(__)?cuda[A-Z]", 801),
    "libcuda": ("cuda", r"cu[A-Z]", 801),
    "libcublas": ("cublas", r"cublas(?!Lt)", 15),
    "libcublasLt": ("cublaslt", r"cublasLt", 15),
    "libcudnn": ("cudnn", r"cudnn", 3000),
    "libcufft": ("cufft", r"cufft", 16),
    "libcurand": ("curand", r"curand", 204),
    "libcusolver": ("cusolver", r"cusolver", 9),
    "libcusparse": ("cusparse", r"cusparse(?!Lt)", 10),
    "libcusparseLt": ("cusparselt", r"cusparseLt", 10),
    "libcufile": ("cufile", r"cuFile", 5011),
    "libcupti": ("cupti", r"cupti", 27),
    "libnccl": ("nccl", r"p?nccl", 5),
    "libnvrtc": ("nvrtc", r"nvrtc", 5),
    "libnvshmem_host": ("nvshmem", r"nvshmem", 7),
}


def readelf(flag, file):
    return subprocess.run(["readelf", "-W", flag, file], check=True, capture_output=True, text=True).stdout


def imports(file):
    """(name, version or "") of every undefined function."""
    for line in readelf("--dyn-syms", file).splitlines():
        match = re.search(r" UND (\w+)(?:@([\w.]+))?", line)
        if match:
            yield match.group(1), match.group(2) or ""


def driver_names(header):
    """Every function of cuda.h under its exported name: a macro gives the newest version's suffix."""
    text = pathlib.Path(header).read_text()
    for name in set(re.findall(r"CUresult CUDAAPI (cu[A-Z]\w+)\s*\(", text)):
        yield name
        for renamed in re.findall(rf"#define {name}\s+({name}_v\d+)\b", text):
            yield renamed


def collect(torch_lib):
    functions = collections.defaultdict(dict)  # stem -> name -> version
    sonames = {}
    for file in sorted(torch_lib.glob("lib*.so")):
        for soname in re.findall(r"\(NEEDED\).*\[(\S+)\]", readelf("-d", file)):
            base = soname.split(".so")[0]
            if base in LIBRARIES:
                sonames[LIBRARIES[base][0]] = soname
        for name, version in imports(file):
            for stem, prefix, _ in LIBRARIES.values():
                if re.match(prefix, name) and (not version or not version.startswith(("GLIBC", "CXXABI", "GCC"))):
                    functions[stem][name] = version
    return functions, sonames


def stub_source(names, status):
    lines = ["long headroom_virtual_gpu_unimplemented(const char* function, long status);\n",
             "#define STUB(name) __attribute__((weak)) long name(void) "
             f"{{ return headroom_virtual_gpu_unimplemented(#name, {status}); }}\n"]
    return "".join(lines + [f"STUB({name})\n" for name in sorted(names)])


def version_script(names, prefix_globs):
    nodes = collections.defaultdict(set)
    for name, version in names.items():
        nodes[version].add(name)
    versions = [version for version in nodes if version]
    if not versions:
        return "{ global: " + prefix_globs + " local: *; };\n"
    main = max(versions, key=lambda version: len(nodes[version]))
    text = "".join(f"{version} {{ global: {'; '.join(sorted(nodes[version]))}; }};\n" for version in versions if version != main)
    return text + f"{main} {{ global: {prefix_globs} local: *; }};\n"


GLOBS = {"cudart": "cuda*; __cuda*; headroom_virtual_gpu_report;", "cuda": "cu*;", "nccl": "nccl*; pnccl*;",
         "cufile": "cuFile*;", "cublaslt": "cublasLt*;", "cusparselt": "cusparseLt*;"}


def main(torch_lib, cuda_include, output, *expected):
    torch_lib, output = pathlib.Path(torch_lib), pathlib.Path(output)
    output.mkdir(parents=True, exist_ok=True)
    functions, sonames = collect(torch_lib)
    differing = sorted(set(sonames.items()) ^ {tuple(pair.split("=")) for pair in expected})
    if differing:
        sys.exit(f"stubs.py: this Torch needs other libraries than virtual_gpu/CMakeLists.txt builds: {differing}")
    for name in driver_names(pathlib.Path(cuda_include) / "cuda.h"):
        functions["cuda"].setdefault(name, "")
    for stem, _, status in LIBRARIES.values():
        (output / f"{stem}.c").write_text(stub_source(functions[stem], status))
        (output / f"{stem}.map").write_text(version_script(functions[stem], GLOBS.get(stem, f"{stem}*;")))


main(*sys.argv[1:])
