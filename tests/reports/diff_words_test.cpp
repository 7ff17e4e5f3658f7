#include "reports/diff_words.h"

#include <gmock/gmock.h>

#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::HasSubstr;

Breakdown run(const std::string& text) {
  Recording recording = testing_support::recording_from_text(text);
  for (std::size_t i = 1; i < recording.layers.size(); ++i) recording.layers[i].kind = LayerKind::block;  // these fold
  return make_breakdown(recording, "run");
}

constexpr const char* kBefore = R"(
t=10 +4096@a block.0/attn aten::mm activation "[8, 128] float32"
t=30 +2048@c block.1/ffn aten::add temporary "[4, 128] float32"
)";

TEST(DiffWords, SummaryNamesTheChangeAndItsLargestPart) {
  EXPECT_EQ(summary_of(diff(run("+1024@a layer.0 aten::mm activation\n+1024@b layer.1 aten::mm activation"),
                            run("+1536@a layer.0 aten::mm activation\n+1536@b layer.1 aten::mm activation"))),
            "The peak grew by 1.00 KiB (+50.0 %), from 2.00 KiB to 3.00 KiB; most by activations of layer.0–1 "
            "(+1.00 KiB).");
  const Breakdown a = run(kBefore);
  EXPECT_EQ(summary_of(diff(a, a)), "Both peaks are 6.00 KiB, made of the same.");
  EXPECT_THAT(summary_of(diff(run(kBefore), run(""))), HasSubstr("shrank by 6.00 KiB (−100.0 %)"));
  EXPECT_THAT(summary_of(diff(run(""), run(kBefore))), HasSubstr("grew by 6.00 KiB, from 0 B"));
}

TEST(DiffWords, SignsArePartOfTheNumber) {
  EXPECT_EQ(signed_bytes(1024), "+1.00 KiB");
  EXPECT_EQ(signed_bytes(-512), "−512 B");
  EXPECT_EQ(signed_bytes(0), "0");
  EXPECT_EQ(signed_percent({200, 150}), "−25.0 %");
  EXPECT_EQ(signed_percent({0, 150}), "");
}

}  // namespace
}  // namespace headroom
