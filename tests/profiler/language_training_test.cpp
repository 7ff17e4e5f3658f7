// The training of a small language model: its windows, its optimizer, and the worker's job as a whole.
#include <ATen/Parallel.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/file.h"
#include "profiler/training/scheduled_adamw.h"
#include "profiler/training/text_windows.h"
#include "recording/training.h"
#include "temporary_folder.h"
#include "worker.h"

namespace headroom {
namespace {

using profiler::scheduled_rate;
using profiler::ScheduledAdamW;
using profiler::TextWindows;
using testing::HasSubstr;
using testing_support::run_worker_with;
using testing_support::TemporaryFolder;
using testing_support::worker_environment;

std::string counted_words(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += "word " + std::to_string(i % 37) + " and so on.\n";
  return text.substr(0, size);
}

std::vector<std::int64_t> numbers(const at::Tensor& tokens) {
  const auto* begin = tokens.const_data_ptr<std::int64_t>();
  return {begin, begin + tokens.numel()};
}

TEST(TextWindowsTest, DrawsTheSameWindowsForTheSameSeedAndNeverWhatIsHeldOut) {
  std::string text(1000, 'a');
  for (std::size_t i = 950; i < 1000; ++i) text[i] = 'b';
  const TextWindows windows(text, 10, "text");
  std::mt19937_64 one(3), two(3), other(4);
  for (int i = 0; i < 50; ++i) {
    const at::Tensor drawn = windows.draw(8, one);
    EXPECT_EQ(drawn.sizes(), (std::vector<std::int64_t>{8, 10}));
    for (const std::int64_t token : numbers(drawn)) EXPECT_EQ(token, 'a');
  }
  const TextWindows words(counted_words(4000), 16, "text");
  one.seed(3);
  const auto first = numbers(words.draw(4, one));
  EXPECT_EQ(first, numbers(words.draw(4, two)));
  EXPECT_NE(first, numbers(words.draw(4, other)));
}

TEST(TextWindowsTest, PredictsEachHeldOutByteOnce) {
  std::string text(2000, 'a');
  for (std::size_t i = 0; i < 100; ++i) text[1900 + i] = static_cast<char>(i);
  const TextWindows windows(text, 12, "text");
  std::vector<std::int64_t> predicted;
  for (const at::Tensor& batch : windows.held_out(4, 1000))
    for (std::int64_t row = 0; row < batch.size(0); ++row)
      for (std::int64_t i = 1; i < 12; ++i)
        predicted.push_back(numbers(batch[row].contiguous())[static_cast<std::size_t>(i)]);
  std::vector<std::int64_t> want(99);
  for (std::size_t i = 0; i < want.size(); ++i) want[i] = static_cast<std::int64_t>(i) + 1;
  EXPECT_EQ(predicted, want);
  EXPECT_EQ(windows.held_out_predictions(1000), 99);
  EXPECT_EQ(windows.held_out_predictions(30), 22);
  EXPECT_EQ(windows.held_out(4, 30).size(), 1u);
}

TEST(TextWindowsTest, CountsWordsThatBegin) {
  std::string text(2000, ' ');
  text.replace(1900, 12, "in the  end\n");
  EXPECT_EQ(TextWindows(text, 12, "text").held_out_words(11), 2);  // "in" begins before the first byte predicted
}

TEST(TextWindowsTest, RefusesATextThatIsTooShort) {
  try {
    TextWindows(std::string(100, 'a'), 8, "short.txt");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "short.txt: 100 bytes are too few: a twentieth is held out, and a window takes 8 bytes; 160 "
                 "bytes or more would do");
  }
}

TEST(Schedule, RisesToItsPeakAndFallsToATenth) {
  EXPECT_DOUBLE_EQ(scheduled_rate(1, 100, 10, 2), 0.2);
  EXPECT_DOUBLE_EQ(scheduled_rate(10, 100, 10, 2), 2);
  EXPECT_DOUBLE_EQ(scheduled_rate(55, 100, 10, 2), 1.1);
  EXPECT_DOUBLE_EQ(scheduled_rate(100, 100, 10, 2), 0.2);
  EXPECT_DOUBLE_EQ(scheduled_rate(1, 1, 0, 2), 0.2);
}

// Loshchilov and Hutter 2019, algorithm 2, by hand.
TEST(ScheduledAdamWTest, StepsAsThePaperDoesAndDecaysMatricesAlone) {
  at::Tensor matrix = at::full({1, 1}, 2.0, at::kDouble), vector = at::full({1}, 2.0, at::kDouble);
  ScheduledAdamW optimizer({matrix, vector}, 0.1);
  double m = 0, v = 0, x = 2, y = 2;
  for (int t = 1; t <= 3; ++t) {
    const double gradient = 0.3 * t, rate = 0.01 * t;
    matrix.mutable_grad() = at::full({1, 1}, gradient, at::kDouble);
    vector.mutable_grad() = at::full({1}, gradient, at::kDouble);
    optimizer.step(rate);
    m = 0.9 * m + 0.1 * gradient;
    v = 0.99 * v + 0.01 * gradient * gradient;
    const double update = m / (1 - std::pow(0.9, t)) / (std::sqrt(v / (1 - std::pow(0.99, t))) + 1e-8);
    x -= rate * 0.1 * x + rate * update;
    y -= rate * update;
  }
  EXPECT_NEAR(matrix.item<double>(), x, 1e-12);
  EXPECT_NEAR(vector.item<double>(), y, 1e-12);
}

TEST(ScheduledAdamWTest, LeavesWhatHasNoGradient) {
  at::Tensor still = at::full({2, 2}, 2.0);
  ScheduledAdamW optimizer({still}, 0.1);
  optimizer.step(1);
  EXPECT_EQ(still.sum().item<float>(), 8);
}

class LanguageTraining : public testing::Test {
 protected:
  LanguageTraining() {
    text = counted_words(6000);
    std::ofstream(folder / "text.txt") << text;
  }

  TrainingJob job(const std::string& attention, std::int64_t steps) const {
    TrainingJob job;
    job.attention = attention;
    job.text = (folder / "text.txt").string();
    job.text_hash = text_hash(text);
    job.layers = 1;
    job.d_model = 16;
    job.heads = 4;
    job.batch = 4;
    job.seq = 16;
    job.steps = steps;
    job.warmup = 2;
    job.held_out_bytes = 200;
    job.learning_rate = 1e-2;
    return job;
  }

  testing_support::WorkerResult run(const TrainingJob& job) {
    return run_worker_with({"--out", (folder / "out.json").string()}, training_document(job).dump(),
                           worker_environment("cpu"));
  }

  TrainingResult train(const TrainingJob& job) {
    const auto ended = run(job);
    EXPECT_EQ(ended.exit_code, 0) << ended.messages;
    return parse_training_result(parse_json(read_file(folder / "out.json", 1 << 20), "out"), "out");
  }

  TemporaryFolder folder;
  std::string text;
};

TEST_F(LanguageTraining, LossFallsAndTheSameJobGivesTheSameResult) {
  TrainingResult first = train(job("mhe-mul", 40)), second = train(job("mhe-mul", 40));
  EXPECT_LT(first.losses.back().loss, 0.6 * first.losses.front().loss);
  EXPECT_LT(first.held_out_loss, 0.6 * std::log(256));
  first.seconds = second.seconds = 0;
  EXPECT_EQ(first, second);
  EXPECT_EQ(first.job, job("mhe-mul", 40));
  EXPECT_EQ(first.attention_weight_count, 3 * 4 * 16 + 3 * 16 + 16 * 16);
  // Tied bytes and positions, 2 norms a block and the last, attention with biases, feed-forward.
  EXPECT_EQ(first.parameter_count,
            256 * 16 + 16 * 16 + 3 * 32 + (first.attention_weight_count + 3 * 4 + 16) + 8 * 16 * 16 + 5 * 16);
  EXPECT_EQ(first.losses.size(), 20u);
}

TEST_F(LanguageTraining, EveryMechanismOfThePaperTrains) {
  for (const char* name : {"sha", "sha-compact", "el-slice", "mqa", "skv", "mhe-add", "mha"})
    EXPECT_LT(train(job(name, 3)).held_out_loss, std::log(256) + 0.1) << name;
}

TEST_F(LanguageTraining, RefusesATextThatChanged) {
  std::ofstream(folder / "text.txt") << text << "!";
  const auto ended = run(job("mha", 1));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.messages, HasSubstr("text.txt: the text changed since the training was asked for"));
}

TEST_F(LanguageTraining, RefusesAMechanismThatIsUndefinedForADecoder) {
  const auto ended = run(job("fnet", 1));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.messages, HasSubstr("fnet"));
}

TEST_F(LanguageTraining, SaysWhenTheLossIsNoNumber) {
  TrainingJob wild = job("mha", 30);
  wild.learning_rate = 1e6;
  wild.weight_decay = 1e6;
  const auto ended = run(wild);
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(ended.messages, HasSubstr("the training of mha went astray"));
}

TEST(TrainingDocument, IsReadAsItWasWritten) {
  TrainingResult result{.job = {.attention = "mqa", .text = "t", .text_hash = text_hash("x"), .seed = 4},
                        .parameter_count = 3,
                        .attention_weight_count = 2,
                        .losses = {{1, 0.5}, {2, 0.25}},
                        .held_out_loss = 1.25,
                        .held_out_bytes = 10,
                        .held_out_words = 2,
                        .seconds = 1.5};
  EXPECT_EQ(parse_training_result(training_document(result), "r"), result);
  EXPECT_EQ(parse_training_job(training_document(result.job), "j"), result.job);
  EXPECT_DOUBLE_EQ(byte_perplexity(result), std::exp(1.25));
  EXPECT_DOUBLE_EQ(word_perplexity(result), std::exp(6.25));
  EXPECT_EQ(text_hash(""), "cbf29ce484222325");  // FNV-1a's offset
  EXPECT_EQ(text_hash("a"), "af63dc4c8601ec8c");
}

TEST(TrainingDocument, OutOfRangeIsRefused) {
  Json json = training_document(TrainingJob{.attention = "mha", .text = "t", .text_hash = "h"});
  json["training"]["seq"] = 1;
  EXPECT_THROW(parse_training_job(json, "j"), Error);
  json["training"].erase("seq");
  json["training"].erase("text_hash");
  EXPECT_THROW(parse_training_job(json, "j"), Error);
}

}  // namespace
}  // namespace headroom
