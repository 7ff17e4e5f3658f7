#include "base/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace headroom {
namespace {

using testing::HasSubstr;

const std::vector<std::string_view> kMechanisms{"mha", "sha", "mqa", "skv", "el-slice", "mhe-add", "mhe-mul"};
const std::vector<std::string_view> kModels{"bert-base", "bert-large", "gpt2", "gpt2-medium", "llama-7b"};

TEST(NearestName, FindsOneTypo) {
  EXPECT_EQ(nearest_name("mhe-ad", kMechanisms), "mhe-add");
  EXPECT_EQ(nearest_name("mhe-aadd", kMechanisms), "mhe-add");
  EXPECT_EQ(nearest_name("mhe-adx", kMechanisms), "mhe-add");
  EXPECT_EQ(nearest_name("bert_base", kModels), "bert-base");
}

TEST(NearestName, CountsSwappedNeighboursOnce) {
  EXPECT_EQ(nearest_name("vks", {"skv", "vsk"}), "vsk");
  EXPECT_EQ(nearest_name("mah", {"mha"}), "mha");
}

TEST(NearestName, IgnoresCase) { EXPECT_EQ(nearest_name("BERT-Base", kModels), "bert-base"); }

TEST(NearestName, PrefersTheFirstOfEquallyNear) { EXPECT_EQ(nearest_name("mxa", {"mha", "mqa"}), "mha"); }

TEST(NearestName, CompletesABeginning) {
  EXPECT_EQ(nearest_name("llama", kModels), "llama-7b");
  EXPECT_EQ(nearest_name("el", kMechanisms), "el-slice");
}

TEST(NearestName, IsEmptyWhenNothingIsClose) {
  EXPECT_EQ(nearest_name("transformer-xl", kModels), "");
  EXPECT_EQ(nearest_name("", kModels), "");
  EXPECT_EQ(nearest_name("x", {"y"}), "");
  EXPECT_EQ(nearest_name("mha", {}), "");
  EXPECT_EQ(nearest_name(std::string(100'000, 'm'), kMechanisms), "");
}

TEST(UnknownName, ListsTheKnownAndTheNearest) {
  EXPECT_EQ(unknown_name_message("model", "gpt3", {"bert-base", "gpt2"}),
            "unknown model 'gpt3'; did you mean 'gpt2'? Known: bert-base, gpt2");
  EXPECT_EQ(unknown_name_message("model", "gpt3", {"bert-base", "gpt2"}, "headroom list models"),
            "unknown model 'gpt3'; did you mean 'gpt2'? headroom list models shows all 2");
  EXPECT_EQ(unknown_name_message("model", "whisper", {"bert-base", "gpt2"}),
            "unknown model 'whisper'. Known: bert-base, gpt2");
}

TEST(UnknownName, IsShortenedWhenEndless) {
  EXPECT_LT(unknown_name_message("model", std::string(1 << 20, 'x'), kModels).size(), 300u);
}

enum class Fruit { apple, pear };
constexpr std::array kFruitNames{Named<Fruit>{Fruit::apple, "apple"}, Named<Fruit>{Fruit::pear, "pear"}};

TEST(NameTable, ReadsBothWays) {
  EXPECT_EQ(to_name(kFruitNames, Fruit::pear), "pear");
  EXPECT_EQ(from_name(kFruitNames, "fruit", "apple"), Fruit::apple);
}

TEST(NameTable, RefusesAnUnknownName) {
  try {
    from_name(kFruitNames, "fruit", "aple");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    EXPECT_THAT(error.what(), HasSubstr("unknown fruit 'aple'; did you mean 'apple'? Known: apple, pear"));
  }
}

}  // namespace
}  // namespace headroom
