// Every test begins with the same random numbers: what one found, the next run finds. Torch's own generator begins with
// others in each process.
#include <ATen/Context.h>
#include <gtest/gtest.h>

namespace headroom::models {
namespace {

class Seed : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { at::manual_seed(20'231); }
};

[[maybe_unused]] const bool is_listening = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new Seed);  // which it deletes
  return true;
}();

}  // namespace
}  // namespace headroom::models
