// Kernels as a program brings them to the virtual GPU, from arbitrary bytes: PTX, machine code in an ELF file, and
// either compressed. Whatever they hold is facts, or nothing; nothing is read beyond the end.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/survive.h"
#include "virtual_gpu/core/compressed.h"
#include "virtual_gpu/core/cubin.h"
#include "virtual_gpu/core/ptx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  const std::string file(reinterpret_cast<const char*>(data), size);  // its own block: the sanitizer guards its end
  (void)virtual_gpu::read_ptx(file);
  (void)virtual_gpu::read_cubin(file, 1024);
  (void)virtual_gpu::read_cubin_variables(file);
  (void)virtual_gpu::cubin_target(file);
  constexpr std::uint64_t kMost = 1 << 16;
  fuzz::require(virtual_gpu::decompress_lz4(file, kMost).size() <= kMost);
  std::string out;
  virtual_gpu::decompress_zstd(file, kMost, out);
  fuzz::require(out.size() <= kMost);
  return 0;
}
