// Every target over its seeds and some hundred changes of them: what libFuzzer does for hours, for a moment in each
// build. HEADROOM_FUZZ_ROUNDS=N makes so many changes of each. With HEADROOM_FUZZ_SEEDS=FOLDER the seeds are written
// there instead, for libFuzzer to start from.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "base/file.h"
#include "fuzz_targets.h"
#include "tests/fuzz/seeds.h"

namespace headroom::fuzz {
namespace {

constexpr std::uint32_t kChangedSeeds = 300;     // of each target
constexpr std::size_t kLargestChanged = 20'000;  // of larger ones only the first bytes are changed

const std::vector<std::string>& words() {
  static const std::vector<std::string> found = [] {
    std::vector<std::string> out = run_words(), configs = config_words();
    out.insert(out.end(), configs.begin(), configs.end());
    for (const char* token :
         {"{", "}", "[", "]", "\"", ",", "0", "-1", "9223372036854775807", "1e400", "1e308", "nan", "\n", "\xff"})
      out.emplace_back(token);
    return out;
  }();
  return found;
}

std::uint32_t rounds() {
  const char* wish = std::getenv("HEADROOM_FUZZ_ROUNDS");
  return wish ? static_cast<std::uint32_t>(std::atol(wish)) : kChangedSeeds;
}

std::string changed(std::string bytes, const std::string& other, std::mt19937& random) {
  const auto below = [&](std::size_t limit) {
    return static_cast<std::size_t>(random() % std::max<std::size_t>(limit, 1));
  };
  for (std::size_t edits = 1 + below(4); edits > 0; --edits) {
    const std::size_t at = below(std::min(bytes.size(), kLargestChanged)), length = 1 + below(24);
    switch (below(6)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(random());
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.insert(at, words()[below(words().size())]);
        break;
      case 4:
        bytes.insert(at, bytes.substr(below(bytes.size()), length));
        break;
      default:
        bytes.replace(at, std::min(length, bytes.size() - at), other.substr(below(other.size()), length));
    }
  }
  if (below(12) == 0) bytes.resize(below(bytes.size()));
  return bytes;
}

void write_seeds(const std::filesystem::path& folder, std::string_view target) {
  std::filesystem::create_directories(folder / target);
  int number = 0;
  for (const std::string& seed : seeds_of(target)) write_file(folder / target / std::to_string(number++), seed);
}

class FuzzTarget : public testing::TestWithParam<Target> {};

TEST_P(FuzzTarget, SurvivesItsSeedsAndChangesOfThem) {
  const Target& target = GetParam();
  if (const char* folder = std::getenv("HEADROOM_FUZZ_SEEDS")) return write_seeds(folder, target.name);
  const std::vector<std::string> seeds = seeds_of(target.name);
  ASSERT_FALSE(seeds.empty());
  const auto run = [&](const std::string& bytes, const std::string& what) {
    SCOPED_TRACE(what);
    EXPECT_NO_THROW(target.run(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
  };
  run("", "nothing");
  for (std::size_t i = 0; i < seeds.size(); ++i) run(seeds[i], "seed " + std::to_string(i));
  for (std::uint32_t round = 0; round < rounds() && !HasFailure(); ++round) {
    std::mt19937 random(round);
    const std::string &seed = seeds[random() % seeds.size()], &other = seeds[random() % seeds.size()];
    run(changed(seed, other, random), "change " + std::to_string(round));
  }
}

INSTANTIATE_TEST_SUITE_P(All, FuzzTarget, testing::ValuesIn(kTargets),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace headroom::fuzz
