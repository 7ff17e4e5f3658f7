// Who holds a buffer, and what is in it when CUPTI gets it.
#include "tracing/buffers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace headroom::tracing {
namespace {

TEST(Buffers, AreAlignedZeroedDistinctAndBounded) {
  BufferPool pool(4096, 6);
  std::set<std::uint8_t*> given;
  for (int i = 0; i < 6; ++i) {
    auto* buffer = pool.request();
    ASSERT_NE(buffer, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer) % 64, 0u);
    EXPECT_TRUE(std::all_of(buffer, buffer + pool.buffer_bytes(), [](auto byte) { return byte == 0; }));
    given.insert(buffer);
  }
  EXPECT_EQ(given.size(), 6u);
  EXPECT_EQ(pool.request(), nullptr);
  EXPECT_EQ(pool.held_by_cupti(), 6);
}

TEST(Buffers, AreZeroedAgainBeforeTheyAreGivenAgain) {
  BufferPool pool(4096, 1);
  auto* buffer = pool.request();
  std::memset(buffer, 0xFF, 10);
  EXPECT_TRUE(pool.complete(buffer, 10));
  const auto filled = pool.take_filled();
  ASSERT_EQ(filled.size(), 1u);
  EXPECT_EQ(filled[0].valid_bytes, 10u);
  EXPECT_EQ(pool.request(), nullptr);  // the reader has it
  pool.recycle(filled);
  EXPECT_EQ(pool.request(), buffer);
  EXPECT_TRUE(std::all_of(buffer, buffer + pool.buffer_bytes(), [](auto byte) { return byte == 0; }));
}

TEST(Buffers, ThatAreDamagedAreZeroedToTheirEnds) {
  BufferPool pool(4096, 1);
  auto* buffer = pool.request();
  std::memset(buffer, 0xFF, pool.buffer_bytes());
  EXPECT_TRUE(pool.complete(buffer, 10));
  auto filled = pool.take_filled();
  ASSERT_EQ(filled.size(), 1u);
  filled[0].damaged = true;
  pool.recycle(filled);
  EXPECT_EQ(pool.request(), buffer);
  EXPECT_TRUE(std::all_of(buffer, buffer + pool.buffer_bytes(), [](auto byte) { return byte == 0; }));
}

TEST(Buffers, GivenBackTwiceCountOnce) {
  BufferPool pool(4096, 2);
  auto* buffer = pool.request();
  EXPECT_TRUE(pool.complete(buffer, 10));
  EXPECT_FALSE(pool.complete(buffer, 10));
  EXPECT_EQ(pool.take_filled().size(), 1u);
}

TEST(Buffers, OfAnEarlierRequestAreAwaitedAndLaterOnesNot) {
  BufferPool pool(4096, 4);
  auto* first = pool.request();
  const auto horizon = pool.requested_count();
  auto* second = pool.request();
  pool.complete(second, 0);
  EXPECT_FALSE(pool.all_returned(horizon));
  pool.complete(first, 0);
  EXPECT_FALSE(pool.all_returned(horizon)) << "given back, and not read yet";
  pool.take_filled();
  EXPECT_TRUE(pool.all_returned(horizon));
}

}  // namespace
}  // namespace headroom::tracing
