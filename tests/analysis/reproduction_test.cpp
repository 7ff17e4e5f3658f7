// The reproduction's measures against numbers worked out by hand, and what is taken of a recording.
#include "analysis/reproduction/reproduction.h"

#include <gtest/gtest.h>

#include <cmath>

#include "analysis/reproduction/scores.h"
#include "analysis/reproduction/sublayer.h"

namespace headroom::reproduction {
namespace {

TrainingResult result(const std::string& mechanism, std::int64_t seed, double perplexity, std::int64_t weights) {
  TrainingResult r;
  r.job.attention = mechanism;
  r.job.seed = seed;
  r.attention_weight_count = weights;
  r.parameter_count = weights + 1000;
  r.held_out_loss = std::log(perplexity);
  r.held_out_bytes = 40;
  r.held_out_words = 10;
  r.losses = {{10, perplexity}, {20, perplexity / 2}};
  r.seconds = 3;
  return r;
}

TEST(Scores, SavingIsTheShareThatIsNotTaken) {
  EXPECT_DOUBLE_EQ(saving(25, 100), 0.75);
  EXPECT_DOUBLE_EQ(saving(150, 100), -0.5);
  EXPECT_DOUBLE_EQ(saving(0, 0), 0);
}

TEST(Scores, RetentionOfAPerplexityIsOneForMhaItself) {
  EXPECT_DOUBLE_EQ(retention(4, 4), 1);
  EXPECT_DOUBLE_EQ(retention(5, 4), 0.75);
  EXPECT_DOUBLE_EQ(retention(3, 4), 1.25);
}

TEST(Scores, ElasticityIsGainForEachAddedParameter) {
  EXPECT_DOUBLE_EQ(*elasticity(3, 4, 150, 100), 0.25 / 0.5);
  EXPECT_DOUBLE_EQ(*elasticity(5, 4, 150, 100), -0.25 / 0.5);
  EXPECT_FALSE(elasticity(3, 4, 100, 100));
}

TEST(Scores, ElasticityOfMheInBertBaseFallsBy884WithACompactSha) {
  const double tiled = *elasticity(0.99, 1, 8'875'008, 8'847'360), compact = *elasticity(0.99, 1, 8'875'008, 2'359'296);
  EXPECT_NEAR(tiled, 3.2, 1e-9);
  EXPECT_NEAR(tiled / compact, 883.75, 0.01);
}

TEST(Scores, SpreadIsOfTheSample) {
  EXPECT_EQ(spread_of({}), (Spread{0, 0, 0}));
  EXPECT_EQ(spread_of({7}), (Spread{7, 0, 1}));
  EXPECT_EQ(spread_of({1, 2, 3}), (Spread{2, 1, 3}));
}

TEST(TrainingStudyTest, ComparesRunsOfTheSameSeed) {
  const TrainingStudy s = study({result("sha", 0, 8, 100), result("mha", 0, 4, 400), result("mqa", 0, 5, 200),
                                 result("sha", 1, 16, 100), result("mha", 1, 8, 400), result("mqa", 1, 9, 200)},
                                1234);
  ASSERT_EQ(s.rows.size(), 3u);
  EXPECT_EQ(s.rows[2].mechanism, "mqa");
  EXPECT_EQ(s.rows[2].seeds, (std::vector<std::int64_t>{0, 1}));
  EXPECT_DOUBLE_EQ(s.rows[2].byte_perplexity.mean, 7);
  EXPECT_DOUBLE_EQ(s.rows[2].retention->mean, (0.75 + 0.875) / 2);
  EXPECT_DOUBLE_EQ(s.rows[2].elasticity_tiled->mean, (3.0 / 8 + 7.0 / 16) / 2);
  EXPECT_FALSE(s.rows[2].elasticity_compact);
  EXPECT_FALSE(s.rows[0].elasticity_tiled);
  EXPECT_DOUBLE_EQ(s.rows[1].retention->mean, 1);
  EXPECT_DOUBLE_EQ(s.rows[1].losses[1].loss, 3);
  EXPECT_EQ(s.text_bytes, 1234);
}

TEST(TrainingStudyTest, PerplexityAWordCountsTheSameLossAWord) {
  const TrainingStudy s = study({result("mha", 0, 3, 1)}, 1);
  EXPECT_NEAR(s.rows[0].word_perplexity.mean, 81, 1e-9);
}

TEST(TrainingStudyTest, WithoutABaselineThereIsNoRatio) {
  const TrainingStudy s = study({result("mqa", 0, 3, 1), result("mha", 1, 3, 1)}, 1);
  EXPECT_FALSE(s.rows[0].retention);
}

class Sublayer : public testing::Test {
 protected:
  Sublayer() {
    run.layers = {{LayerId{0}, LayerId{0}, "model", LayerKind::model},
                  {LayerId{1}, LayerId{0}, "a", LayerKind::attention}};
    run.layer_rows.resize(2);
    run.layer_rows[1].activation_requested_bytes = 77;
  }
  void add(std::int64_t begin, std::int64_t end, std::int64_t bytes, Category category, std::int32_t step = 2,
           LayerId layer = LayerId{1}) {
    run.allocations.push_back({begin, end, 0, bytes, bytes + 512, layer, Phase::forward, step, category});
  }
  Breakdown run;
};

TEST_F(Sublayer, PeakIsWhatItHoldsAtOnceInTheLastStep) {
  add(0, 100, 1000, Category::activation, 1);  // the step before
  add(10, 40, 10, Category::activation);
  add(11, 20, 5, Category::temporary);
  add(20, 30, 100, Category::temporary);  // where the one before ended
  add(21, kNeverFreed, 1000, Category::gradient);
  add(22, 23, 1000, Category::temporary, 2, LayerId{0});  // of another layer
  add(30, kNeverFreed, 7, Category::activation);
  EXPECT_EQ(sublayer_bytes(run, LayerId{1}), (SublayerBytes{77, 110}));
}

TEST_F(Sublayer, FirstAttentionIsTheFirstOfTheTree) {
  EXPECT_EQ(first_attention(run), LayerId{1});
  run.layers.pop_back();
  EXPECT_THROW(first_attention(run), Error);
}

TEST(AttentionWeights, AreThoseOfAttentionLayersWithoutBiases) {
  Recording recording;
  recording.layers = {{LayerId{0}, LayerId{0}, "model", LayerKind::model},
                      {LayerId{1}, LayerId{0}, "a", LayerKind::attention}};
  recording.parameters = {{"a.query.weight", {3, 4}, "float32", 48, LayerId{1}, true, ""},
                          {"a.query.bias", {3}, "float32", 12, LayerId{1}, true, ""},
                          {"a.embeddings", {2, 5}, "float32", 40, LayerId{1}, true, ""},
                          {"a.key.weight", {3, 4}, "float32", 0, LayerId{1}, true, "a.query.weight"},
                          {"word.weight", {9, 9}, "float32", 324, LayerId{0}, true, ""}};
  EXPECT_EQ(attention_weight_count(recording), 22);
}

}  // namespace
}  // namespace headroom::reproduction
