"""Names of the functions that CUDA's headers declare, under which the libraries export them.

A macro may give the newest version's suffix (cuMemAlloc_v2), and another one for programs compiled with a default stream for each
thread (cudaMemcpy_ptds).
"""
import pathlib
import re

RENAMED = re.compile(r"#\s*define\s+(\w+)\s+(?:__CUD\w+_API_(PTDS|PTSZ)\((\w+)\)|(\w+_v\d+\w*))\s*$", re.MULTILINE)


def exported_names(headers, declaration):
    """Of the headers that exist; `declaration` is a regular expression whose group is the function's name."""
    text = "".join(path.read_text(errors="replace") for path in map(pathlib.Path, headers) if path.exists())
    names = set(re.findall(declaration, text))
    for name, per_thread, versioned_per_thread, versioned in RENAMED.findall(text):
        base = re.sub(r"_v\d+\w*$|_pt\w+$", "", name)
        if name in names or base in names:
            names.add(versioned_per_thread or versioned)
            if per_thread:
                names.add(f"{versioned_per_thread}_{per_thread.lower()}")
    return names


def runtime_names(include):
    files = ["cuda_runtime_api.h", "cuda_profiler_api.h", "crt/host_runtime.h", "crt/device_functions.h"]
    return exported_names((include / file for file in files), r"CUDARTAPI(?:_CDECL)?\s+(\w+)\s*\(")


def driver_names(include):
    return exported_names([include / "cuda.h", include / "cudaProfiler.h"], r"CUresult\s+CUDAAPI\s+(cu[A-Z]\w+)\s*\(")


def cupti_names(include):
    return exported_names(sorted(include.glob("cupti*.h")), r"CUptiResult\s+CUPTIAPI\s+(cupti\w+)\s*\(")


def nvml_names(torch):
    """Torch opens NVML by name and looks its functions up by name: the texts in the library that does."""
    library = torch / "lib" / "libc10_cuda.so"
    text = library.read_bytes() if library.exists() else b""
    return {name.decode() for name in re.findall(rb"(?<=\0)nvml[A-Z]\w+(?=\0)", text)}


def math_library_names(torch):
    """Names of cuBLAS, cuFFT, cuSOLVER and so on that Torch knows beyond those it imports: its table for translating CUDA to HIP."""
    table = torch / "utils" / "hipify" / "cuda_to_hip_mappings.py"
    text = table.read_text() if table.exists() else ""
    return set(re.findall(r'"((?:cublas|cufft|curand|cusolver|cusparse)[A-Z]\w*)",', text))
