// Readers of machine code and PTX, over made and damaged input.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/virtual_gpu/cubin_writer.h"
#include "virtual_gpu/catalog.h"
#include "virtual_gpu/core/compressed.h"
#include "virtual_gpu/core/fat_binary.h"
#include "virtual_gpu/core/pointer_table.h"
#include "virtual_gpu/core/ptx.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

DeviceModel model_of(int major, int minor) {
  DeviceModel model = device_catalog()[0];
  model.major = major;
  model.minor = minor;
  return model;
}

TEST(MachineCode, LaterMinorVersionsAreTakenAndOneArchitectureCodeOnlyThere) {
  CubinSpec plain, bound;
  plain.capability = 80;
  plain.registers = 80;
  bound.capability = 86;
  bound.registers = 86;
  bound.one_architecture = true;
  const std::string image =
      make_fat_binary({{2, 80, make_cubin(plain)}, {2, 86, make_cubin(bound), 0x100000}, {2, 90, make_cubin({})}});
  const auto registers = [&](int major, int minor) {
    return FatBinary(image.data()).facts("kernel", model_of(major, minor)).registers;
  };
  EXPECT_EQ(registers(8, 0), 80);
  EXPECT_EQ(registers(8, 6), 86);
  EXPECT_EQ(registers(8, 9), 80) << "sm_86a code runs on 8.6 alone";
  EXPECT_EQ(registers(9, 0), 40);
  EXPECT_EQ(registers(10, 0), 0) << "nothing runs there";
}

TEST(MachineCode, PtxIsTakenWhereNoMachineCodeRuns) {
  const std::string ptx = ".version 8.0\n.target sm_70\n.visible .entry kernel()\n.maxntid 64\n{ ret; }\n";
  const std::string image = make_fat_binary({{1, 70, ptx}, {2, 90, make_cubin({})}});
  EXPECT_EQ(FatBinary(image.data()).facts("kernel", model_of(8, 0)).max_threads_per_block, 64);
  EXPECT_EQ(FatBinary(image.data()).facts("kernel", model_of(9, 0)).max_threads_per_block, 256);
}

// Sequences of literals and matches, written as LZ4 writes them.
std::string lz4_literals(const std::string& text) {
  std::string out(1, static_cast<char>(std::min<std::size_t>(text.size(), 15) << 4));
  if (text.size() >= 15) {
    std::size_t rest = text.size() - 15;
    for (; rest >= 255; rest -= 255) out += '\xff';
    out += static_cast<char>(rest);
  }
  return out + text;
}

TEST(Lz4, LiteralsAndOverlappingMatchesComeBack) {
  EXPECT_EQ(decompress_lz4(lz4_literals("hello"), 5), "hello");
  const std::string longer(700, 'x');
  EXPECT_EQ(decompress_lz4(lz4_literals(longer), 700), longer);
  const std::string match = std::string("\x32", 1) + "abc" + std::string("\x03\x00", 2) + lz4_literals("end");
  EXPECT_EQ(decompress_lz4(match, 12), "abcabcabcend") << "six bytes from three back";
}

TEST(Lz4, DamageGivesNothing) {
  EXPECT_EQ(decompress_lz4(lz4_literals("hello"), 4), "");
  EXPECT_EQ(decompress_lz4(lz4_literals("hello"), 6), "");
  EXPECT_EQ(decompress_lz4(std::string("\x10"
                                       "a\x05\x00",
                                       4),
                           5),
            "")
      << "a match before the beginning";
  std::mt19937 random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 64, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_LE(decompress_lz4(bytes, random() % 256).size(), 256u);
  }
}

TEST(MachineCode, Lz4CompressedEntriesAreRead) {
  const std::string cubin = make_cubin({});
  const std::string image = make_fat_binary({{2, 90, lz4_literals(cubin), 0x2000, cubin.size()}});
  EXPECT_EQ(FatBinary(image.data()).facts("kernel", model_of(9, 0)).registers, 40);
}

TEST(Ptx, AnyTextIsSurvived) {
  std::mt19937 random(5);
  const std::string pieces[] = {".entry",  "k",  "(",  ")",  "{",       "}",       ".param", ".u64",
                                ".shared", "[",  "12", "]",  ";",       ".target", "sm_90",  ".maxntid",
                                "//",      "/*", "\"", "\n", ".global", "=",       ".b8"};
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += pieces[random() % std::size(pieces)] + " ";
    read_ptx(text);
  }
  EXPECT_EQ(read_ptx("no target").kernels.size(), 0u);
}

TEST(Ptx, ThatIsCutShortWithinAParameterIsReadAsFar) {
  for (const char* last : {".param", ".param .u64 b, .param", ".param .align"}) {
    const PtxContent content = read_ptx(std::string(".target sm_90 .entry kernel(.param .u64 a, ") + last);
    EXPECT_EQ(content.kernels.count("kernel"), 1u) << last;
  }
}

TEST(PointerTable, FindsWhatWasPutAndNotWhatWasTakenOut) {
  PointerTable<int> table;
  std::vector<int> values(5000);
  EXPECT_EQ(table.find(values.data()), nullptr);
  for (int& value : values) table.put(&value, &value);
  for (int& value : values) EXPECT_EQ(table.find(&value), &value);
  for (std::size_t i = 0; i < values.size(); i += 2) table.put(&values[i], nullptr);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(table.find(&values[i]), i % 2 == 0 ? nullptr : &values[i]);
  EXPECT_EQ(table.find(&table), nullptr);
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
