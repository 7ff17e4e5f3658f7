"""An allocator of the program's own in place of PyTorch's."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from support import *

SOURCE = """
    #include <stddef.h>
    typedef int cudaError_t;
    typedef struct CUstream_st* cudaStream_t;
    cudaError_t cudaMalloc(void**, size_t);
    cudaError_t cudaMallocManaged(void**, size_t, unsigned);
    cudaError_t cudaFree(void*);
    static size_t allocated, calls;
    void* allocate(ptrdiff_t size, int device, cudaStream_t stream) {
      void* pointer = 0;
      cudaMalloc(&pointer, size);
      allocated += size;
      ++calls;
      return pointer;
    }
    void* allocate_managed(ptrdiff_t size, int device, cudaStream_t stream) {
      void* pointer = 0;
      cudaMallocManaged(&pointer, size, 1);
      allocated += size;
      ++calls;
      return pointer;
    }
    void release(void* pointer, ptrdiff_t size, int device, cudaStream_t stream) {
      allocated -= size;
      cudaFree(pointer);
    }
    size_t allocated_bytes(void) { return allocated; }
    size_t call_count(void) { return calls; }
"""

PROGRAM = """
    import ctypes, sys, torch
    path, function = sys.argv[1:]
    torch.cuda.memory.change_current_allocator(torch.cuda.memory.CUDAPluggableAllocator(path, function, "release"))
    library = ctypes.CDLL(path)
    library.allocated_bytes.restype = library.call_count.restype = ctypes.c_size_t
    first = torch.zeros(1000, device="cuda")
    second = torch.zeros(5 << 20, dtype=torch.uint8, device="cuda")
    print(torch.cuda.get_allocator_backend(), library.allocated_bytes(), library.call_count())
    del first
    print(library.allocated_bytes())
    try:
        torch.cuda.memory_stats()
    except RuntimeError as problem:
        print("refused")
"""

POOL_PROGRAM = """
    import sys
    from support import *
    allocator = torch.cuda.memory.CUDAPluggableAllocator(sys.argv[1], sys.argv[2], "release")
    pool = torch.cuda.MemPool(allocator.allocator())
    import ctypes
    library = ctypes.CDLL(sys.argv[1])
    library.allocated_bytes.restype = ctypes.c_size_t
    with torch.cuda.use_mem_pool(pool):
        inside = block(30 * MIB)
    outside = block(40 * MIB)
    print(library.allocated_bytes() // MIB, torch.cuda.memory_allocated() // MIB)
"""


@unittest.skipUnless(shutil.which("gcc"), "needs gcc")
class Pluggable(ConformanceTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        source = pathlib.Path(folder.name, "allocator.c")
        source.write_text(SOURCE)
        cls.library = str(source.with_suffix(".so"))
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", cls.library, source], check=True)

    def test_it_gets_every_allocation_and_free(self):
        for function in ("allocate", "allocate_managed"):
            with self.subTest(function=function):
                self.assertEqual(run(PROGRAM, self.library, function).split(),
                                 ["pluggable", str(4000 + 5 * MIB), "2", str(5 * MIB), "refused"])

    def test_it_can_serve_one_pool_of_pytorchs_allocator(self):
        self.assertEqual(run(POOL_PROGRAM, self.library, "allocate").split(), ["30", "70"])


if __name__ == "__main__":
    unittest.main()
