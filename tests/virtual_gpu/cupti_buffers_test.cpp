// How the activity API of CUPTI asks for buffers, fills them and gives them back.
#include <sys/wait.h>
#include <unistd.h>

#include <future>

#include "tests/virtual_gpu/cupti_support.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1);

constexpr std::uint32_t kMalloc = 20;  // CUPTI_RUNTIME_TRACE_CBID_cudaMalloc_v3020
constexpr std::size_t kCallBytes = sizeof(CUpti_ActivityAPI);

std::vector<std::uint32_t> correlation_ids(Tool& tool) {
  std::vector<std::uint32_t> ids;
  for (const auto* call : tool.of<CUpti_ActivityAPI>(CUPTI_ACTIVITY_KIND_RUNTIME)) ids.push_back(call->correlationId);
  return ids;
}

TEST(CuptiBuffers, NothingIsAskedForUntilThereIsARecord) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  EXPECT_CUPTI(cuptiActivityFlushAll(0));
  EXPECT_EQ(tool.asked, 0);
  EXPECT_TRUE(tool.back().empty());
}

TEST(CuptiBuffers, RecordsLieBackToBackFromTheBeginning) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  for (int call = 0; call < 3; ++call) DrivenCall{kMalloc};
  EXPECT_EQ(tool.records().size(), 3u);
  ASSERT_EQ(tool.back().size(), 1u);
  EXPECT_EQ(tool.back()[0].valid, 3 * kCallBytes);
}

TEST(CuptiBuffers, AFullBufferComesBackAndAnotherIsAskedFor) {
  Tool tool(5 * kCallBytes + 8);
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  std::vector<std::uint32_t> made;
  for (int call = 0; call < 12; ++call) made.push_back(DrivenCall{kMalloc}.id());
  EXPECT_EQ(tool.asked, 3);
  EXPECT_EQ(correlation_ids(tool), made);
  for (const auto& given : tool.back()) EXPECT_EQ(given.valid % kCallBytes, 0u);
}

TEST(CuptiBuffers, HoldNoMoreRecordsThanTheToolWants) {
  Tool tool;
  tool.most_records = 2;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  for (int call = 0; call < 5; ++call) DrivenCall{kMalloc};
  EXPECT_EQ(tool.records().size(), 5u);
  ASSERT_EQ(tool.back().size(), 3u);
  EXPECT_EQ(tool.back()[0].valid, 2 * kCallBytes);
  EXPECT_EQ(tool.back()[2].valid, kCallBytes);
}

TEST(CuptiBuffers, EachThreadHasItsOwn) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  std::promise<void> both, done;
  std::thread other([&] {
    DrivenCall{kMalloc};
    both.set_value();
    done.get_future().wait();
  });
  both.get_future().wait();
  DrivenCall{kMalloc};
  EXPECT_EQ(tool.asked, 2);
  EXPECT_EQ(tool.records().size(), 2u);
  done.set_value();
  other.join();
}

TEST(CuptiBuffers, AThreadThatEndedLeavesItsBufferToTheNext) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  for (int thread = 0; thread < 5; ++thread) std::thread([] { DrivenCall{kMalloc}; }).join();
  EXPECT_EQ(tool.asked, 1);
  EXPECT_EQ(tool.records().size(), 5u);
}

TEST(CuptiBuffers, CallsOfAThreadThatIsEndingAreRecorded) {
  struct CallsAtItsEnd {
    ~CallsAtItsEnd() { DrivenCall{kMalloc}; }
  };
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  std::thread([] {
    thread_local CallsAtItsEnd goes_after_what_the_first_call_makes;
    (void)goes_after_what_the_first_call_makes;
    DrivenCall{kMalloc};
  }).join();
  EXPECT_EQ(tool.records().size(), 2u);
}

TEST(CuptiBuffers, AForkedChildBeginsAnew) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  DrivenCall{kMalloc};
  const pid_t child = fork();
  if (child == 0) {
    std::size_t dropped = 1;
    const bool anew = activity_listener() == nullptr && cuptiActivityFlushAll(0) == CUPTI_ERROR_INVALID_OPERATION &&
                      cuptiActivityGetNumDroppedRecords(nullptr, 0, &dropped) == CUPTI_SUCCESS && dropped == 0;
    _exit(anew ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(tool.records().size(), 1u) << "the parent's are still its own";
}

TEST(CuptiBuffers, AreOneForAllThreadsWhenTheToolSaysSo) {
  std::uint8_t own = 0;
  std::size_t bytes = sizeof own;
  EXPECT_CUPTI(cuptiActivitySetAttribute(CUPTI_ACTIVITY_ATTR_PER_THREAD_ACTIVITY_BUFFER, &bytes, &own));
  {
    Tool tool;
    tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
    DrivenCall{kMalloc};
    std::thread([] { DrivenCall{kMalloc}; }).join();
    EXPECT_EQ(tool.asked, 1);
    EXPECT_EQ(tool.records().size(), 2u);
  }
  own = 1;
  EXPECT_CUPTI(cuptiActivitySetAttribute(CUPTI_ACTIVITY_ATTR_PER_THREAD_ACTIVITY_BUFFER, &bytes, &own));
}

TEST(CuptiBuffers, ComeBackOnAThreadOfCuptiThatHoldsNoLock) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  tool.when_back = [] {
    // Another thread can use CUPTI while the tool is in its callback.
    std::thread([] {
      std::size_t dropped = 0;
      EXPECT_CUPTI(cuptiActivityGetNumDroppedRecords(nullptr, 0, &dropped));
      EXPECT_CUPTI(cuptiActivityEnable(CUPTI_ACTIVITY_KIND_MEMSET));
    }).join();
  };
  DrivenCall{kMalloc};
  EXPECT_EQ(tool.records().size(), 1u);
  EXPECT_NE(tool.back().at(0).thread, std::this_thread::get_id());
}

TEST(CuptiBuffers, CuptiMayBeCalledWhileItAsks) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  tool.when_asked = [] {
    std::size_t dropped = 1;
    EXPECT_CUPTI(cuptiActivityGetNumDroppedRecords(nullptr, 0, &dropped));
    EXPECT_EQ(dropped, 0u);
    DrivenCall{kMalloc};  // finds no buffer, and asks for none again
  };
  DrivenCall{kMalloc};
  EXPECT_EQ(tool.records().size(), 1u);
  std::size_t dropped = 0;
  EXPECT_CUPTI(cuptiActivityGetNumDroppedRecords(nullptr, 0, &dropped));
  EXPECT_EQ(dropped, 1u);
}

TEST(CuptiBuffers, AFlushFromTheToolsCallbackReturns) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  tool.when_back = [] { EXPECT_CUPTI(cuptiActivityFlushAll(1)); };
  DrivenCall{kMalloc};
  EXPECT_EQ(tool.records().size(), 1u);
}

TEST(CuptiBuffers, WhatTheToolDeclinesIsDroppedAndCountedOnce) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  tool.declines = true;
  for (int call = 0; call < 3; ++call) DrivenCall{kMalloc};
  tool.declines = false;
  DrivenCall{kMalloc};
  EXPECT_EQ(tool.records().size(), 1u);
  std::size_t dropped = 0;
  EXPECT_CUPTI(cuptiActivityGetNumDroppedRecords(nullptr, 0, &dropped));
  EXPECT_EQ(dropped, 3u);
  EXPECT_CUPTI(cuptiActivityGetNumDroppedRecords(nullptr, 0, &dropped));
  EXPECT_EQ(dropped, 0u);
}

TEST(CuptiBuffers, OneThatCannotBeUsedGoesStraightBack) {
  for (const std::size_t misalign : {4u, 0u}) {
    Tool tool(misalign != 0 ? 4096 : kCallBytes - 8);
    tool.misalign = misalign;
    tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
    DrivenCall{kMalloc};
    EXPECT_TRUE(tool.records().empty());
    ASSERT_EQ(tool.back().size(), 1u);
    EXPECT_EQ(tool.back()[0].valid, 0u);
    std::size_t dropped = 0;
    EXPECT_CUPTI(cuptiActivityGetNumDroppedRecords(nullptr, 0, &dropped));
    EXPECT_EQ(dropped, 1u);
  }
}

TEST(CuptiBuffers, AreClearedUnlessTheToolDoes) {
  const auto last_byte = [] {
    Tool tool(4096);
    tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
    DrivenCall{kMalloc};
    tool.records();
    return tool.back().at(0).data[4095];
  };
  EXPECT_EQ(last_byte(), 0);
  std::uint8_t cleared = 1;
  std::size_t bytes = sizeof cleared;
  EXPECT_CUPTI(cuptiActivitySetAttribute(CUPTI_ACTIVITY_ATTR_ZEROED_OUT_ACTIVITY_BUFFER, &bytes, &cleared));
  EXPECT_EQ(last_byte(), 0xee);
  cleared = 0;
  EXPECT_CUPTI(cuptiActivitySetAttribute(CUPTI_ACTIVITY_ATTR_ZEROED_OUT_ACTIVITY_BUFFER, &bytes, &cleared));
}

TEST(CuptiBuffers, ThreadsThatRecordFlushAndSwitchKindsLoseNothing) {
  constexpr int kThreads = 4, kCalls = 2000;
  std::atomic<bool> over{false};
  Tool tool(4096);
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME, CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION});
  std::thread flusher([&] {
    while (!over) {
      cuptiActivityFlushAll(0);
      cuptiActivityEnable(CUPTI_ACTIVITY_KIND_MEMSET);
      cuptiActivityDisable(CUPTI_ACTIVITY_KIND_MEMSET);
    }
  });
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([] {
      cuptiActivityPushExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, 1);
      for (int call = 0; call < kCalls; ++call) DrivenCall{kMalloc};
    });
  for (auto& thread : threads) thread.join();
  over = true;
  flusher.join();
  std::set<std::uint32_t> calls, external;
  for (const auto* record : tool.records())
    if (record->kind == CUPTI_ACTIVITY_KIND_RUNTIME)
      EXPECT_TRUE(calls.insert(reinterpret_cast<const CUpti_ActivityAPI*>(record)->correlationId).second);
    else
      external.insert(reinterpret_cast<const CUpti_ActivityExternalCorrelation*>(record)->correlationId);
  EXPECT_EQ(calls.size(), static_cast<std::size_t>(kThreads * kCalls));
  EXPECT_EQ(external, calls);
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
