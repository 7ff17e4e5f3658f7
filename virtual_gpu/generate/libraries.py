"""The CUDA libraries that the virtual GPU stands in for.

A library is built when the Torch at hand needs it, or when virtual_gpu/libraries/STEM has sources; libcudart and libcuda always are.
Its soname is the one that Torch asks for, else the one it has in the CUDA release of the headers.
"""
import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Library:
    stem: str           # of its files: STEM.vgpu, generated/STEM.c
    soname_base: str    # soname up to ".so"
    versions: dict      # CUDA release -> number in the soname
    functions: str      # regular expression of its functions' names
    exports: str        # what its sources may add, as globs of a version script
    not_supported: int  # the library's own status code for that
    versioned: bool = True  # its symbols carry the soname as their version, where Torch does not tell

    def soname(self, cuda_release):
        return f"{self.soname_base}.so.{self.versions.get(cuda_release, self.versions[max(self.versions)])}"

    def has_function(self, name):
        return re.match(self.functions, name) is not None


LIBRARIES = [
    Library("cudart", "libcudart", {12: 12, 13: 13}, r"(__)?cuda[A-Z]", "cuda*; __cuda*; headroom_virtual_gpu_*;", 801),
    Library("cuda", "libcuda", {12: 1}, r"cu(?!File)[A-Z]", "cu*;", 801, False),
    Library("cublas", "libcublas", {12: 12, 13: 13}, r"cublas(?!Lt|Xt)", "cublas*;", 15),
    Library("cublaslt", "libcublasLt", {12: 12, 13: 13}, r"cublasLt", "cublasLt*;", 15),
    Library("cudnn", "libcudnn", {12: 9}, r"cudnn", "cudnn*;", 3000),
    Library("cufft", "libcufft", {12: 11, 13: 12}, r"cufft", "cufft*;", 16),
    Library("curand", "libcurand", {12: 10}, r"curand", "curand*;", 204),
    Library("cusolver", "libcusolver", {12: 11, 13: 12}, r"cusolver", "cusolver*;", 9),
    Library("cusparse", "libcusparse", {12: 12}, r"cusparse(?!Lt)", "cusparse*;", 10),
    Library("cusparselt", "libcusparseLt", {12: 0}, r"cusparseLt", "cusparseLt*;", 10, False),
    Library("cufile", "libcufile", {12: 0}, r"cuFile", "cuFile*;", 5011, False),
    Library("cupti", "libcupti", {12: 12, 13: 13}, r"cupti", "cupti*;", 27),
    Library("nccl", "libnccl", {12: 2}, r"p?nccl", "nccl*; pnccl*;", 5, False),
    Library("nvrtc", "libnvrtc", {12: 12, 13: 13}, r"nvrtc", "nvrtc*;", 5),
    Library("nvshmem", "libnvshmem_host", {12: 3}, r"nvshmem", "nvshmem*;", 7, False),
    Library("nvjitlink", "libnvJitLink", {12: 12, 13: 13}, r"(__)?nvJitLink", "nvJitLink*; __nvJitLink*;", 8),
    Library("nvtx", "libnvToolsExt", {12: 1}, r"nvtx", "nvtx*;", -2, False),
    Library("nvml", "libnvidia-ml", {12: 1}, r"nvml", "nvml*;", 3, False),
]
BY_SONAME_BASE = {library.soname_base: library for library in LIBRARIES}
ALWAYS = {"cudart", "cuda"}


def library_of_soname(soname):
    return BY_SONAME_BASE.get(soname.split(".so")[0])
