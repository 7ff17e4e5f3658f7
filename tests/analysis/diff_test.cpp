// What a diff of two runs promises: sums, signs, and which tensor stands for which.
#include "analysis/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::random_recording;
using testing_support::recording_from_text;

Breakdown run(const std::string& text) { return make_breakdown(recording_from_text(text), "run"); }

Breakdown random_run(std::uint32_t seed) { return make_breakdown(random_recording(seed, 300), "random"); }

const DiffLayer& layer(const Diff& d, const std::string& path) {
  for (const DiffLayer& row : d.layers)
    if (row.united.layer.path == path) return row;
  throw std::out_of_range(path);
}

// A path may stand below other parents in other random runs: then it is another layer.
std::string place_of(const Diff& d, const DiffLayer& row) {
  std::string place = row.united.layer.path;
  for (const DiffLayer* at = &row; at->united.layer.id != LayerId::root; place += " in " + at->united.layer.path)
    at = &d.layers[static_cast<std::size_t>(at->united.layer.parent)];
  return place;
}

Change reversed(const Change& change) { return {change.after, change.before}; }

constexpr const char* kBefore = R"(
== forward 1
t=10 +4096@a block.0/attn aten::mm activation "[8, 128] float32"
t=20 +1024@b block.0/attn aten::mm activation "[2, 128] float32"
t=30 +2048@c block.1/ffn aten::add temporary "[4, 128] float32"
)";
constexpr const char* kAfter = R"(
== forward 1
t=10 +4096@a block.0/attn aten::mm activation "[8, 128] float32"
t=20 +3072@b block.0/attn aten::mm activation "[6, 128] float32"
t=30 +512@d block.2/head aten::mul temporary "[1, 128] float32"
)";

TEST(Diff, OfARunWithItselfIsEmpty) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const Breakdown a = random_run(seed);
    const Diff d = diff(a, a);
    EXPECT_TRUE(d.is_empty()) << seed;
    EXPECT_THAT(d.tensors, IsEmpty());
    EXPECT_THAT(d.settings, IsEmpty());
    EXPECT_EQ(d.unchanged_tensor_count, static_cast<std::int64_t>(a.peak.live.size()));
  }
}

TEST(Diff, SumsAreThoseOfBothPeaks) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const Breakdown a = random_run(seed), b = random_run(seed + 100);
    const Diff d = diff(a, b);
    EXPECT_THAT(verify(d, a, b), IsEmpty()) << seed;
    EXPECT_EQ(d.layers.front().total, d.peak);
    EXPECT_EQ(d.layers.front().total_categories, d.categories);
  }
}

TEST(Diff, WithItsSidesExchangedIsItsNegative) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const Breakdown a = random_run(seed), b = random_run(seed + 100);
    const Diff ab = diff(a, b), ba = diff(b, a);
    EXPECT_EQ(ab.peak, reversed(ba.peak));
    EXPECT_EQ(ab.peak_reserved, reversed(ba.peak_reserved));
    ASSERT_EQ(ab.layers.size(), ba.layers.size());
    std::map<std::string, const DiffLayer*> exchanged_layers;
    for (const DiffLayer& row : ba.layers) exchanged_layers[place_of(ba, row)] = &row;
    for (const DiffLayer& row : ab.layers) {
      ASSERT_TRUE(exchanged_layers.contains(place_of(ab, row)));
      const DiffLayer& other = *exchanged_layers[place_of(ab, row)];
      EXPECT_EQ(row.self, reversed(other.self));
      EXPECT_EQ(row.total, reversed(other.total));
      EXPECT_EQ(row.was_added(), other.was_removed());
    }
    std::set<std::pair<std::int64_t, std::int64_t>> pairs, exchanged;
    for (const TensorChange& t : ab.tensors) pairs.insert({t.before, t.after});
    for (const TensorChange& t : ba.tensors) exchanged.insert({t.after, t.before});
    EXPECT_EQ(pairs, exchanged);
  }
}

TEST(Diff, ATensorStandsForTheOneOfItsLayerOperatorAndOrder) {
  const Breakdown a = run(kBefore), b = run(kAfter);
  const Diff d = diff(a, b);
  ASSERT_EQ(d.tensors.size(), 3u);
  EXPECT_EQ(d.unchanged_tensor_count, 1);
  EXPECT_TRUE(d.tensors[0].went() || d.tensors[1].went());
  EXPECT_TRUE(d.tensors[2].came());
  EXPECT_EQ(d.tensors[2].bytes, (Change{0, 512}));
  const TensorChange& grown = d.tensors[0].went() ? d.tensors[1] : d.tensors[0];
  EXPECT_EQ(grown.bytes, (Change{1024, 3072}));
  EXPECT_EQ(d.layers[grown.layer].united.layer.path, "block.0/attn");
}

TEST(Diff, OfOneShapeTheSameSizeIsTheSameTensor) {
  const Breakdown a =
      run("+1024@a x aten::mm activation \"[8] float32\"\n+2048@b x aten::mm activation \"[8] float32\"");
  const Breakdown b = run("+2048@b x aten::mm activation \"[8] float32\"");
  const Diff d = diff(a, b);
  ASSERT_EQ(d.tensors.size(), 1u);
  EXPECT_TRUE(d.tensors[0].went());
  EXPECT_EQ(d.tensors[0].bytes.before, 1024);
}

TEST(Diff, LayersOfOneRunAloneAreAddedOrRemoved) {
  const Diff d = diff(run(kBefore), run(kAfter));
  EXPECT_TRUE(layer(d, "block.2").was_added());
  EXPECT_TRUE(layer(d, "block.1/ffn").was_removed());
  EXPECT_FALSE(layer(d, "block.0/attn").was_added());
  EXPECT_EQ(layer(d, "block.1").total, (Change{2048, 0}));
  EXPECT_EQ(layer(d, "block.0/attn").self_categories[static_cast<std::size_t>(Category::activation)],
            (Change{5120, 7168}));
}

TEST(Diff, VerifyFindsAWrongSum) {
  const Breakdown a = run(kBefore), b = run(kAfter);
  Diff d = diff(a, b);
  d.layers.back().self.after += 1;
  EXPECT_THAT(verify(d, a, b), testing::Not(IsEmpty()));
  d = diff(a, b);
  d.tensors.pop_back();
  EXPECT_THAT(verify(d, a, b), ElementsAre(HasSubstr("the tensors change by")));
}

TEST(Diff, SaysInWhatElseTheRunsDiffer) {
  Recording a = recording_from_text(kBefore), b = a;
  b.spec.batch = 7;
  b.spec.virtual_options.reserve_bytes = 512;
  b.environment.torch_version = "2.15.0";
  const Diff d = diff(make_breakdown(a, "a"), make_breakdown(b, "b"));
  std::map<std::string, std::string> after;
  for (const SettingChange& change : d.settings) after[change.name] = change.after;
  EXPECT_EQ(after["batch"], "7");
  EXPECT_EQ(after["torch_version"], "2.15.0");
  EXPECT_EQ(after["virtual_options.reserve_bytes"], "512");
  EXPECT_EQ(d.settings.size(), 3u);
  EXPECT_TRUE(d.settings.back().of_environment);
  EXPECT_TRUE(d.is_empty());
}

TEST(Diff, OfARunThatAllocatedNothingIsAllOfTheOther) {
  const Breakdown none = run(""), b = run(kAfter);
  const Diff d = diff(none, b);
  EXPECT_THAT(verify(d, none, b), IsEmpty());
  EXPECT_EQ(d.peak, (Change{0, b.peak.allocated_bytes}));
  EXPECT_TRUE(diff(none, none).is_empty());
  EXPECT_TRUE(diff(Breakdown(), Breakdown()).is_empty());
}

TEST(LayerUnion, PutsWhatALaterRunAddsAfterItsSibling) {
  const Breakdown a = run("+1@a block.0/x - activation\n+1@b head - activation"),
                  b =
                      run("+1@a block.0/x - activation\n+1@a2 block.0/y - activation\n+1@c block.1/x - "
                          "activation\n+1@b head - activation");
  std::vector<std::string> paths;
  for (const UnitedLayer& united : unite_layers({&a.layers, &b.layers})) paths.push_back(united.layer.path);
  EXPECT_THAT(paths, ElementsAre("model", "block.0", "block.0/x", "block.0/y", "block.1", "block.1/x", "head"));
}

TEST(LayerUnion, KeepsEveryLayerOfEveryRunOnce) {
  const Breakdown a = random_run(3), b = random_run(4), c = random_run(5);
  const std::vector<UnitedLayer> united = unite_layers({&a.layers, &b.layers, &c.layers});
  for (std::size_t run = 0; const Breakdown* each : {&a, &b, &c}) {
    std::set<LayerId> found;
    for (std::size_t i = 0; i < united.size(); ++i) {
      if (united[i].of_run[run]) {
        EXPECT_TRUE(found.insert(*united[i].of_run[run]).second);
      }
      EXPECT_EQ(static_cast<std::size_t>(united[i].layer.id), i);
      EXPECT_LE(static_cast<std::size_t>(united[i].layer.parent), i);
    }
    EXPECT_EQ(found.size(), each->layers.size());
    EXPECT_EQ(total_bytes_at_peak(united, *each, run).front(), each->peak.allocated_bytes);
    ++run;
  }
}

}  // namespace
}  // namespace headroom
