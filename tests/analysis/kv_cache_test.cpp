#include "analysis/kv_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/breakdown.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::recording_from_text;

// Two sequences with a prompt of 3 tokens, 4 new ones: 4 steps.
Recording generating(const std::string& text, CacheKind kind = CacheKind::dynamic) {
  Recording recording = recording_from_text("mode generate\n" + text);
  recording.spec.batch = 2;
  recording.spec.seq = 3;
  recording.spec.generation.new_tokens = 4;
  recording.spec.generation.cache = kind;
  return recording;
}

Breakdown breakdown_of(const Recording& recording) {
  Breakdown b = make_breakdown(recording, "run");
  EXPECT_THAT(verify(b), IsEmpty());
  return b;
}

std::int64_t recorded(const Breakdown& b, std::string_view quantity, std::string_view layer) {
  for (const ClosedFormCheck& check : b.closed_forms)
    if (check.form.quantity == quantity && check.form.layer == layer) return check.recorded_bytes;
  return -2;
}

// 10 bytes a token of each sequence, joined to a new block each step; blocks are larger than what was asked for.
const std::string kDynamic = R"(
form kv_cache_bytes_per_token attn 10
form kv_cache_bytes attn 120
form kv_cache_bytes_per_token model 10
== build 0
+512@w attn - parameter
== prefill 1
+512/60@k3 attn aten::cat kv_cache "[2, 3, 10] int8"
+2048@s attn aten::bmm temporary
-@s
== decode 2
+512/80@k4 attn aten::cat kv_cache "[2, 4, 10] int8"
-@k3
== decode 3
+512/100@k5 attn aten::cat kv_cache "[2, 5, 10] int8"
-@k4
== decode 4
+512/120@k6 attn aten::cat kv_cache "[2, 6, 10] int8"
-@k5
)";

TEST(KvCache, GrowsByWhatItsStepsSay) {
  const Breakdown b = breakdown_of(generating(kDynamic));
  ASSERT_EQ(b.cache.layers.size(), 1u);
  const CacheLayer& layer = b.cache.layers.front();
  EXPECT_EQ(layer.growth, CacheGrowth::token);
  EXPECT_EQ(layer.prompt_bytes, 60);
  EXPECT_EQ(layer.bytes, 120);
  EXPECT_EQ(layer.block_bytes, 512);
  EXPECT_EQ(layer.bytes_per_token, 10);
  EXPECT_EQ(b.cache.bytes_per_token, 10);
  EXPECT_EQ(cache_bytes_per_token(b), 10);
  EXPECT_EQ(b.cache.sequences, 2);
  std::vector<std::int64_t> tokens, bytes, peaks, ends;
  for (const CacheStep& step : b.cache.growth) {
    tokens.push_back(step.tokens);
    bytes.push_back(step.cache_bytes);
    peaks.push_back(step.peak_bytes);
    ends.push_back(step.allocated_bytes);
  }
  EXPECT_THAT(tokens, ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(bytes, ElementsAre(60, 80, 100, 120));
  EXPECT_THAT(peaks, ElementsAre(512 + 512 + 2048, 1536, 1536, 1536));
  EXPECT_THAT(ends, ElementsAre(1024, 1024, 1024, 1024));
}

TEST(KvCache, ThePeaksOfPrefillAndDecodeAreTold) {
  const Breakdown b = breakdown_of(generating(kDynamic));
  EXPECT_EQ(b.cache.highest(Phase::prefill)->peak_bytes, b.peak.allocated_bytes);
  EXPECT_EQ(b.cache.highest(Phase::decode)->step, 2) << "the first of equal ones";
  EXPECT_EQ(b.cache.highest(Phase::forward), nullptr);
}

TEST(KvCache, ClosedFormsAreComparedWithWhatIsLiveAtTheEnd) {
  Recording recording = generating(kDynamic);
  const Breakdown b = breakdown_of(recording);
  EXPECT_EQ(recorded(b, "kv_cache_bytes", "attn"), 120);
  EXPECT_EQ(recorded(b, "kv_cache_bytes_per_token", "attn"), 10);
  EXPECT_EQ(recorded(b, "kv_cache_bytes_per_token", "model"), 10);
  recording.outcome.kind = OutcomeKind::oom;  // it did not come to its end
  EXPECT_EQ(recorded(breakdown_of(recording), "kv_cache_bytes", "attn"), -1);
}

TEST(KvCache, ACacheThatIsMissingIsNoSilence) {
  const Breakdown b = breakdown_of(generating(kDynamic + "== decode 5\n-@k6\n"));
  EXPECT_EQ(recorded(b, "kv_cache_bytes", "attn"), 0);
}

TEST(KvCache, PagesGrowByTheirTokens) {
  Recording recording = generating(R"(
form kv_cache_bytes_per_token attn 10
== prefill 1
+40@p0 attn aten::empty kv_cache "[2, 2, 10] int8"
+40@p1 attn aten::empty kv_cache "[2, 2, 10] int8"
== decode 2
+512@t attn aten::bmm temporary
-@t
== decode 3
+40@p2 attn aten::empty kv_cache "[2, 2, 10] int8"
== decode 4
+512@u attn aten::bmm temporary
-@u
)",
                                   CacheKind::paged);
  recording.spec.generation.page = 2;
  const Breakdown b = breakdown_of(recording);
  EXPECT_EQ(b.cache.layers.front().growth, CacheGrowth::page);
  EXPECT_EQ(b.cache.layers.front().bytes_per_token, 10);
  recording.spec.generation.page = 16;  // no whole number of bytes: nothing is claimed
  EXPECT_EQ(breakdown_of(recording).cache.layers.front().bytes_per_token, kUnknownBytes);
}

TEST(KvCache, RoomForAllTokensShowsNoGrowthAndItsClosedFormSpeaks) {
  const Breakdown b = breakdown_of(generating(R"(
form kv_cache_bytes_per_token attn 10
== prefill 1
+140@k attn aten::zeros kv_cache "[2, 7, 10] int8"
== decode 2
+512@t attn aten::bmm temporary
-@t
)",
                                              CacheKind::fixed));
  EXPECT_EQ(b.cache.layers.front().growth, CacheGrowth::room);
  EXPECT_EQ(b.cache.bytes_per_token, kUnknownBytes);
  EXPECT_EQ(cache_bytes_per_token(b), 10);
  EXPECT_EQ(recorded(b, "kv_cache_bytes_per_token", "attn"), -1);
}

TEST(KvCache, AStateIsConstantAndAFullWindowGrowsNoMore) {
  const Breakdown b = breakdown_of(generating(R"(
form kv_cache_bytes_per_token linear 0
form kv_cache_bytes_per_token window 10
== prefill 1
+800@s linear aten::bmm kv_cache "[2, 10, 40] int8"
+40@k window aten::cat kv_cache "[2, 2, 10] int8"
== decode 2
+40@l window aten::cat kv_cache "[2, 2, 10] int8"
-@k
)"));
  ASSERT_EQ(b.cache.layers.size(), 2u);
  EXPECT_EQ(b.cache.layers[0].growth, CacheGrowth::constant);
  EXPECT_EQ(b.cache.layers[0].bytes_per_token, 0);
  EXPECT_EQ(b.cache.layers[1].growth, CacheGrowth::window);
  EXPECT_EQ(b.cache.layers[1].bytes_per_token, kUnknownBytes);
  EXPECT_EQ(b.cache.bytes, 840);
  EXPECT_EQ(cache_bytes_per_token(b), 10);
}

TEST(KvCache, AWindowThatFillsHasGrownByTheToken) {
  const Breakdown b = breakdown_of(generating(R"(
form kv_cache_bytes_per_token attn 10
== prefill 1
+60@a attn aten::cat kv_cache "[2, 3, 10] int8"
== decode 2
+80@b attn aten::cat kv_cache "[2, 4, 10] int8"
-@a
== decode 3
+80@c attn aten::cat kv_cache "[2, 4, 10] int8"
-@b
)"));
  EXPECT_EQ(b.cache.layers.front().growth, CacheGrowth::token);
  EXPECT_EQ(b.cache.layers.front().bytes_per_token, 10);
}

TEST(KvCache, BeamsThatCopyThePromptAreNoGrowthByAToken) {
  Recording recording = generating(R"(
form kv_cache_bytes_per_token attn 10
== prefill 1
+60@a attn aten::cat kv_cache "[2, 3, 10] int8"
== decode 2
+240@b attn aten::cat kv_cache "[6, 4, 10] int8"
-@a
== decode 3
+300@c attn aten::cat kv_cache "[6, 5, 10] int8"
-@b
)");
  recording.spec.generation.beams = 3;
  const Breakdown b = breakdown_of(recording);
  EXPECT_EQ(b.cache.sequences, 6);
  EXPECT_EQ(b.cache.layers.front().bytes_per_token, 10);
}

TEST(KvCache, OnePrefillAloneShowsNoGrowth) {
  const Breakdown b = breakdown_of(generating(R"(
form kv_cache_bytes_per_token attn 10
== prefill 1
+60@a attn aten::cat kv_cache "[2, 3, 10] int8"
)"));
  EXPECT_EQ(b.cache.layers.front().growth, CacheGrowth::token);
  EXPECT_EQ(b.cache.bytes_per_token, kUnknownBytes);
  EXPECT_EQ(cache_bytes_per_token(b), 10);
  EXPECT_EQ(b.cache.highest(Phase::decode), nullptr);
}

TEST(KvCache, BesideAnEncoderTheDecodersOwnPromptIsOneToken) {
  Recording recording = generating(kDynamic);
  recording.model.config = {{"architecture", "encoder-decoder"}};
  const Breakdown b = breakdown_of(recording);
  EXPECT_EQ(b.cache.growth.front().tokens, 1);
  EXPECT_EQ(b.cache.growth.back().tokens, 4);
}

TEST(KvCache, OtherModesHaveNone) {
  Recording recording = generating(kDynamic);
  recording.spec.mode = Mode::forward;
  recording.model.kv_cache_bytes_per_token = 77;
  const Breakdown b = breakdown_of(recording);
  EXPECT_FALSE(b.cache.any());
  EXPECT_EQ(cache_bytes_per_token(b), 77);
  EXPECT_EQ(recorded(b, "kv_cache_bytes", "attn"), -1);
}

TEST(KvCache, ThinningKeepsBothEndsAndThePeaks) {
  KvCache cache;
  for (std::int32_t step = 1; step <= 10'000; ++step)
    cache.growth.push_back(
        {step, step == 1 ? Phase::prefill : Phase::decode, step, step, step, step == 7001 ? 50'000 : step});
  for (const std::size_t most : {4u, 10u, 100u, 999u}) {
    const std::vector<CacheStep> kept = thinned(cache, most);
    EXPECT_LE(kept.size(), most);
    EXPECT_GE(kept.size(), most / 2);
    EXPECT_EQ(kept.front().step, 1);
    EXPECT_EQ(kept.back().step, 10'000);
    EXPECT_THAT(kept, testing::Contains(testing::Field(&CacheStep::step, 7001)));
  }
  EXPECT_EQ(thinned(cache, 20'000).size(), 10'000u);
}

}  // namespace
}  // namespace headroom
