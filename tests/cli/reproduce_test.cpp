// `headroom reproduce` as people use it: what it refuses, and what it says when its workers are no good.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class ReproduceCommand : public testing::Test {
 protected:
  Ended run(const std::string& flags) {
    std::vector<std::string> arguments = words(flags);
    arguments.insert(arguments.begin(), "reproduce");
    return tool.run(arguments);
  }

  void expect_refused(const std::string& flags, int code, const std::string& message) {
    const Ended ended = run(flags);
    EXPECT_EQ(ended.code, code) << flags;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, AllOf(StartsWith("headroom: "), HasSubstr(message)));
    EXPECT_EQ(std::ranges::count(ended.err, '\n'), 1) << ended.err;
    EXPECT_THAT(tool.litter(), IsEmpty());
    EXPECT_TRUE(tool.all_workers_gone());
  }

  testing_support::TemporaryFolder here;
  Tool tool;
};

TEST_F(ReproduceCommand, RefusesWhatItDoesNotKnow) {
  expect_refused("", 2, "expected what to reproduce: mhe");
  expect_refused("mhee", 2, "unknown paper 'mhee'; did you mean 'mhe'?");
  expect_refused("mhe --only memori", 2, "unknown part 'memori'; did you mean 'memory'?");
  expect_refused("mhe --attention mha,fnet", 2, "unknown mechanism of the paper 'fnet'");
  expect_refused("mhe --format json,markdown", 2, "--format json,markdown needs --out FOLDER");
  expect_refused("mhe --format html", 2, "unknown format 'html'");
  expect_refused("mhe --only parameters --device virtual:h200x", 2, "h200x");
  expect_refused("mhe --seeds 0", 2, "--seeds");
}

TEST_F(ReproduceCommand, SaysHowToGetTheTextThatIsMissing) {
  tool.environment["HEADROOM_CACHE_DIR"] = here.path();
  expect_refused("mhe --only training", 2,
                 (here / "text/kjv.txt").string() +
                     " is not there: scripts/setup --text puts the King James Bible of Debian's bible-kjv-text there, "
                     "--text FILE names another, and --only parameters,memory goes without");
  expect_refused("mhe --only training --text nowhere.txt", 2, "nowhere.txt");
}

TEST_F(ReproduceCommand, DoesNotPassOffAModelWithOtherParametersThanItsClosedForm) {
  expect_refused(
      "mhe --only parameters --attention mha --device virtual:h100-80gb", 3,
      "encoder-only, mha, forward, attention: 3072 parameters were built, and the closed form says 28311552");
}

TEST_F(ReproduceCommand, AWorkerThatDiesIsMissingFromTheTables) {
  tool.fake("killed");
  const Ended ended = run("mhe --only parameters --attention mha --device virtual:h100-80gb");
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("headroom: encoder-only, mha, forward: the worker was killed"));
  EXPECT_THAT(ended.out, HasSubstr("encoder-only: BERT-base"));
}

TEST_F(ReproduceCommand, ATrainingWhoseResultIsNoneFails) {
  std::ofstream(here / "text.txt") << std::string(9000, 'a');
  tool.fake("nothing");
  const Ended ended = run("mhe --only training --attention mha --seeds 1 --text " + (here / "text.txt").string());
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("the training of mha, seed 0 failed: its result is missing or damaged"));
}

}  // namespace
}  // namespace headroom::cli_test
