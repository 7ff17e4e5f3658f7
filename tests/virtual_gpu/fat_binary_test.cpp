// Kernel facts, read from the fat binaries of the Torch wheel at hand.
#include "virtual_gpu/core/fat_binary.h"

#include <cuda_runtime_api.h>
#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <random>

#include "virtual_gpu/core/cubin.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/occupancy.h"

namespace headroom::virtual_gpu {
namespace {

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "h100-80gb", 1);

// The flash attention backward of head dimension 128 in bf16: 256 threads, as many registers as there are.
constexpr const char* kFlashBackward =
    "_ZN13pytorch_flash44flash_bwd_dq_dk_dv_loop_seqk_parallel_kernelI23Flash_bwd_kernel_"
    "traitsILi128ELi64ELi64ELi8ELi4ELi2ELi2"
    "ELb1ELb0EN7cutlass10bfloat16_tE19Flash_kernel_traitsILi128ELi64ELi64ELi8ES3_EELb0ELb1ELb0ELb0ELb0ELb1ELb0EEEvNS_"
    "16Flash_"
    "bwd_paramsE";

// Section `.nv_fatbin` of libtorch_cuda.so: fat binaries one after the other.
std::string_view fat_binaries() {
  static const std::string_view section = [] {
    const int file = open(HEADROOM_TORCH_DIR "/lib/libtorch_cuda.so", O_RDONLY | O_CLOEXEC);
    const auto size = static_cast<std::size_t>(lseek(file, 0, SEEK_END));
    const auto* base = static_cast<const char*>(mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0));
    const auto* elf = reinterpret_cast<const Elf64_Ehdr*>(base);
    const auto* sections = reinterpret_cast<const Elf64_Shdr*>(base + elf->e_shoff);
    const char* names = base + sections[elf->e_shstrndx].sh_offset;
    for (int i = 0; i < elf->e_shnum; ++i)
      if (std::strcmp(names + sections[i].sh_name, ".nv_fatbin") == 0)
        return std::string_view(base + sections[i].sh_offset, sections[i].sh_size);
    return std::string_view();
  }();
  return section;
}

FatBinary& flash_backward_binary() {
  static FatBinary* const found = [] {
    constexpr std::uint32_t magic = 0xba55ed50;
    for (std::size_t at = 0; at + 16 < fat_binaries().size(); at += 8) {
      if (std::memcmp(fat_binaries().data() + at, &magic, sizeof magic) != 0) continue;
      auto* binary = new FatBinary(fat_binaries().data() + at);
      if (binary->facts(kFlashBackward, *device()).registers > 0) return binary;
    }
    return static_cast<FatBinary*>(nullptr);
  }();
  return *found;
}

TEST(FatBinary, TheDeviceTakesItsBestMachineCode) {
  ASSERT_FALSE(fat_binaries().empty());
  const auto version = [](std::string_view name) {
    FatBinary first(fat_binaries().data());
    for (const DeviceModel& model : device_catalog())
      if (model.name == name) return first.facts("no such kernel", model).binary_version;
    return -1;
  };
  EXPECT_EQ(version("h100-80gb"), 90);
  EXPECT_EQ(version("a100-40gb"), 80);
  EXPECT_EQ(version("rtx4090-24gb"), 86) << "code for 8.6 runs on 8.9";
}

TEST(FatBinary, RegistersAndSharedMemoryAreThoseOfTheMachineCode) {
  const KernelFacts& facts = flash_backward_binary().facts(kFlashBackward, *device());
  EXPECT_EQ(facts.binary_version, 90);
  EXPECT_EQ(facts.registers, CUDART_VERSION >= 13020 ? 255 : 254)
      << "by the compiler of 2.15.0's wheel and of 2.11.0's";
  EXPECT_EQ(facts.max_threads_per_block, 256);
  EXPECT_EQ(facts.static_shared_bytes, 0u) << "the 1 KiB that CUDA reserves is not the kernel's";
  EXPECT_EQ(facts.local_bytes, 0u);
}

TEST(Occupancy, RegistersAndDynamicSharedMemoryLimitIt) {
  Kernel kernel;
  kernel.name = kFlashBackward;
  kernel.binary = &flash_backward_binary();
  int blocks = -1;
  EXPECT_EQ(resident_blocks(&blocks, kernel, 256, 0), cudaSuccess);
  EXPECT_EQ(blocks, 1) << "256 threads of 254 or 255 registers take all 65,536";
  EXPECT_EQ(resident_blocks(&blocks, kernel, 64, 0), cudaSuccess);
  EXPECT_EQ(blocks, 4);
  EXPECT_EQ(resident_blocks(&blocks, kernel, 64, 100 * 1024), cudaSuccess);
  EXPECT_EQ(blocks, 0) << "more than 48 KiB needs an opt-in";
  change_settings(kernel, 0).raised_dynamic_shared_bytes = 100 * 1024;
  EXPECT_EQ(resident_blocks(&blocks, kernel, 64, 100 * 1024), cudaSuccess);
  EXPECT_EQ(blocks, 2);
  EXPECT_EQ(resident_blocks(&blocks, kernel, 0, 0), cudaErrorInvalidValue);
}

TEST(Cubin, AnyBytesAreSurvived) {
  std::mt19937 random(1);
  std::string elf(4096, '\0');
  for (int round = 0; round < 2000; ++round) {
    for (char& byte : elf) byte = static_cast<char>(random() % (round % 2 == 0 ? 256 : 4));
    std::memcpy(elf.data(), ELFMAG, SELFMAG);
    Elf64_Ehdr header;
    std::memcpy(&header, elf.data(), sizeof header);
    header.e_shoff = random() % 4200;
    header.e_shnum = static_cast<std::uint16_t>(random() % 40);
    header.e_shstrndx = static_cast<std::uint16_t>(random() % 40);
    std::memcpy(elf.data(), &header, sizeof header);
    read_cubin(elf, 1024);
  }
  EXPECT_TRUE(read_cubin("", 0).empty());
  EXPECT_TRUE(read_cubin("not an ELF file", 0).empty());
}

}  // namespace
}  // namespace headroom::virtual_gpu
