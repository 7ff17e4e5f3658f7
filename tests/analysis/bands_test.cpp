// However many stretches there are, bands are few, none is missing, and each says what takes most of it.
#include "analysis/bands.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

namespace headroom {
namespace {

struct Stretch {
  double from, to;
  std::size_t kind;
};

std::vector<AxisBand> bands_of(const std::vector<Stretch>& stretches, double from, double to, double least) {
  Bands bands(from, to, least);
  for (std::size_t i = 0; i < stretches.size(); ++i)
    bands.add(stretches[i].from, stretches[i].to, stretches[i].kind, i);
  return bands.finish();
}

std::vector<Stretch> random_stretches(std::mt19937& random, double from, double to, double widest) {
  std::uniform_real_distribution<double> width(1e-3, widest);
  std::vector<Stretch> stretches;
  for (double at = from; at < to;) {
    const double next = at + width(random) * (random() % 4 == 0 ? 1 : 0.05);
    stretches.push_back({at, next, random() % 5});
    at = next;
  }
  return stretches;
}

TEST(Bands, WideStretchesStayAsTheyAre) {
  const auto bands = bands_of({{0, 10, 7}, {10, 12, 8}, {20, 30, 7}}, 0, 100, 2);
  EXPECT_THAT(bands,
              testing::ElementsAre(AxisBand{0, 10, 7, 0, 1}, AxisBand{10, 12, 8, 1, 1}, AxisBand{20, 30, 7, 2, 1}));
}

TEST(Bands, NarrowStretchesShareOneOfTheKindThatTakesMost) {
  const auto bands = bands_of({{0, 0.5, 1}, {0.5, 1.25, 2}, {1.25, 2, 1}, {2, 9, 3}}, 0, 100, 2);
  EXPECT_THAT(bands, testing::ElementsAre(AxisBand{0, 2, 1, 0, 3}, AxisBand{2, 9, 3, 3, 1}));
}

TEST(Bands, WhatIsOutsideIsCutOff) {
  const auto bands = bands_of({{-50, -10, 1}, {-10, 5, 2}, {5, 200, 3}, {200, 300, 4}}, 0, 100, 2);
  EXPECT_THAT(bands, testing::ElementsAre(AxisBand{0, 5, 2, 1, 1}, AxisBand{5, 100, 3, 2, 1}));
}

TEST(Bands, AGapIsNotBridged) {
  const auto bands = bands_of({{0, 0.5, 1}, {50, 50.5, 1}}, 0, 100, 2);
  EXPECT_THAT(bands, testing::ElementsAre(AxisBand{0, 0.5, 1, 0, 1}, AxisBand{50, 50.5, 1, 1, 1}));
}

TEST(Bands, AreFewHoweverManyStretchesThereAreAndMissNone) {
  std::mt19937 random(1);
  for (const double widest : {0.01, 0.5, 3.0, 40.0}) {
    const auto stretches = random_stretches(random, 0, 500, widest);
    const auto bands = bands_of(stretches, 0, 500, 2);
    EXPECT_LE(bands.size(), 2 * 500 / 2 + 1) << widest;
    std::size_t count = 0;
    double at = 0;
    for (const AxisBand& band : bands) {
      EXPECT_EQ(band.from, at);
      at = band.to;
      count += band.count;
    }
    EXPECT_EQ(at, 500);
    EXPECT_EQ(count, stretches.size());
  }
}

TEST(Bands, NoKindTakesMoreOfABandThanItsOwn) {
  std::mt19937 random(2);
  const auto stretches = random_stretches(random, 0, 300, 1.5);
  for (const AxisBand& band : bands_of(stretches, 0, 300, 2)) {
    std::map<std::size_t, double> widths;
    for (const Stretch& s : stretches)
      if (s.from >= band.from && s.to <= band.to + 1e-9) widths[s.kind] += s.to - s.from;
    for (const auto& [kind, width] : widths) EXPECT_LE(width, widths[band.kind] + 1e-9);
    EXPECT_EQ(stretches[band.item].kind, band.kind);
  }
}

}  // namespace
}  // namespace headroom
