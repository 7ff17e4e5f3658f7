// Generation, recorded: phases and steps, and what each sublayer's cache holds at the end against its closed form.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sums.h"
#include "worker.h"

namespace headroom {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

constexpr const char* kVirtual = "virtual:h100-80gb";

RunSpec spec_of(const std::string& type, const std::string& device = kVirtual) {
  RunSpec spec;
  spec.model = tiny_model(type);
  spec.mode = Mode::generate;
  spec.batch = 2;
  spec.seq = 6;
  spec.generation.new_tokens = 5;
  spec.device = device;
  return spec;
}

// By layer, at the end of the last step.
std::map<std::string, std::int64_t> live_caches(const Recording& recording) {
  std::map<std::string, std::int64_t> bytes;
  for (const Allocation& a : resolve_allocations(recording))
    if (a.category == Category::kv_cache && a.end == kNeverFreed)
      bytes[recording.layers.at(static_cast<std::size_t>(a.layer)).path] += a.requested_bytes;
  return bytes;
}

void expect_cache_bytes(const RunSpec& spec) {
  const Recording& recording = record(spec);
  std::map<std::string, std::int64_t> expected;
  for (const ClosedForm& form : recording.closed_forms)
    if (form.quantity == "kv_cache_bytes" && form.bytes > 0) expected[form.layer] = form.bytes;
  EXPECT_EQ(live_caches(recording), expected) << to_json(spec);
  EXPECT_FALSE(expected.empty());
}

TEST(Generation, HasAPrefillAndAStepForEachFurtherToken) {
  const Recording& recording = record(spec_of("gpt2"));
  std::set<std::pair<Phase, std::int32_t>> seen;
  for (std::size_t i = 0; i < recording.events.size(); ++i)
    seen.emplace(recording.events.phase[i], recording.events.step[i]);
  EXPECT_THAT(seen, ::testing::ElementsAre(std::pair(Phase::build, 0), std::pair(Phase::prefill, 1),
                                           std::pair(Phase::decode, 2), std::pair(Phase::decode, 3),
                                           std::pair(Phase::decode, 4), std::pair(Phase::decode, 5)));
}

TEST(Generation, CachesOfEveryKindAndDtypeHaveTheBytesOfTheirForms) {
  for (const auto& kind : kCacheKindNames)
    for (const auto& dtype : kCacheDtypeNames) {
      RunSpec spec = spec_of("gpt2");
      spec.generation.cache = kind.value;
      spec.generation.cache_dtype = dtype.value;
      if (kind.value == CacheKind::paged) spec.generation.page = 4;
      expect_cache_bytes(spec);
    }
  expect_cache_bytes(spec_of("llama", "cpu"));
}

TEST(Generation, CachesOfOtherMechanismsAndBeamsHaveTheBytesOfTheirForms) {
  RunSpec spec = spec_of("gpt2");
  spec.generation.beams = 3;
  spec.generation.cache = CacheKind::paged;
  spec.generation.page = 4;
  spec.attention = "mla";
  expect_cache_bytes(spec);
  spec.attention = "performer";
  expect_cache_bytes(spec);
  spec = spec_of("llama");
  spec.attention = "sliding-window:window=4";
  spec.dtype = Dtype::amp_bf16;
  expect_cache_bytes(spec);
  spec = spec_of("t5-small");
  spec.attention = "el-exact";
  spec.generation.beams = 2;
  expect_cache_bytes(spec);
  spec.attention = "mha";
  spec.dtype = Dtype::bf16;
  expect_cache_bytes(spec);
}

TEST(Generation, OfThingsThatDoNotGenerateIsRefused) {
  const auto complaint = [](const RunSpec& spec) { return run_worker(spec).messages; };
  EXPECT_THAT(complaint(spec_of("bert")), HasSubstr("does not generate: it is an encoder"));
  RunSpec spec = spec_of("gpt2");
  spec.generation.cache = CacheKind::paged;
  spec.sdpa = Sdpa::flash;
  EXPECT_THAT(complaint(spec), HasSubstr("--cache paged runs eager only"));
}

}  // namespace
}  // namespace headroom
