// NVIDIA's own CUPTI, which answers some questions without a GPU, agrees with the virtual one: it walks the buffers
// that the virtual one filled, record for record, and gives the same names.
#include <dlfcn.h>

#include <random>

#include "cupti_record_types.h"
#include "tests/virtual_gpu/cupti_support.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1);

class RealCupti : public testing::Test {
 protected:
  void SetUp() override {
    if (CUPTI_API_VERSION / 100 != 1300) GTEST_SKIP() << "the library is CUPTI 13.0, these headers are another's";
    library_ = dlopen(HEADROOM_REAL_CUPTI, RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) GTEST_SKIP() << "no " HEADROOM_REAL_CUPTI ": scripts/setup --tests brings it";
    next_ = find<decltype(cuptiActivityGetNextRecord)>("cuptiActivityGetNextRecord");
    ASSERT_NE(next_, cuptiActivityGetNextRecord);
  }

  template <class Function>
  Function* find(const char* name) {
    return reinterpret_cast<Function*>(dlsym(library_, name));
  }

  struct Walk {
    std::vector<std::ptrdiff_t> offsets;
    CUptiResult end{};
    bool operator==(const Walk&) const = default;
  };
  static Walk walk(decltype(cuptiActivityGetNextRecord)* next, std::uint8_t* buffer, std::size_t valid) {
    Walk walked;
    CUpti_Activity* record = nullptr;
    while ((walked.end = next(buffer, valid, &record)) == CUPTI_SUCCESS)
      walked.offsets.push_back(reinterpret_cast<std::uint8_t*>(record) - buffer);
    return walked;
  }

  void* library_ = nullptr;
  decltype(cuptiActivityGetNextRecord)* next_ = nullptr;
};

void do_everything() {
  cuptiActivityPushExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM1, 5);
  {
    const DrivenCall call(211);
    KernelActivity kernel;
    kernel.name = "kernel";
    activity_listener()->on_kernel(kernel);
    activity_listener()->on_module({});
  }
  DrivenCall(243, CallDomain::driver);
  cuptiActivityPopExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM1, nullptr);
  CopyActivity copy;
  copy.kind = cudaMemcpyDeviceToDevice;
  activity_listener()->on_copy(copy);
  copy.target_device = 1;
  activity_listener()->on_copy(copy);
  activity_listener()->on_set({});
  activity_listener()->on_memory({});
  activity_listener()->on_pool({});
  activity_listener()->on_synchronization({});
  activity_listener()->on_graph({});
  activity_listener()->on_context_created(0);
  activity_listener()->on_stream_created({});
}

TEST_F(RealCupti, WalksTheBuffersOfTheVirtualOne) {
  Tool tool(900);
  for (int kind = 1; kind < CUPTI_ACTIVITY_KIND_COUNT; ++kind)
    cuptiActivityEnable(static_cast<CUpti_ActivityKind>(kind));
  EXPECT_CUPTI(cuptiActivityEnableAndDump(CUPTI_ACTIVITY_KIND_DEVICE));
  for (int i = 0; i < 3; ++i) do_everything();
  std::set<int> kinds;
  for (const CUpti_Activity* record : tool.records()) kinds.insert(record->kind);
  EXPECT_THAT(kinds, testing::IsSupersetOf({1, 2, 4, 5, 8, 9, 10, 17, 22, 37, 38, 39, 49, 50, 51}));
  std::size_t records = 0;
  for (const auto& given : tool.back()) {
    const Walk walked = walk(next_, given.data, given.valid);
    EXPECT_EQ(walked, walk(cuptiActivityGetNextRecord, given.data, given.valid));
    EXPECT_EQ(walked.end, CUPTI_ERROR_MAX_LIMIT_REACHED);
    records += walked.offsets.size();
  }
  EXPECT_EQ(records, tool.records().size());
  for (const auto* record : tool.of<cupti::RecordOf<CUPTI_ACTIVITY_KIND_DEVICE>::type>(CUPTI_ACTIVITY_KIND_DEVICE))
    std::free(const_cast<char*>(record->name));
}

TEST_F(RealCupti, WalksAnyBytesAsTheVirtualOneDoes) {
  std::mt19937 random(7);
  std::vector<std::uint64_t> words(64);
  auto* bytes = reinterpret_cast<std::uint8_t*>(words.data());
  for (int trial = 0; trial < 20'000; ++trial) {
    std::fill(words.begin(), words.end(), 0);
    std::size_t used = 0;
    while (used + 8 < words.size() * 8 && random() % 8 != 0) {
      const std::uint32_t kind = random() % (CUPTI_ACTIVITY_KIND_COUNT + 3);
      std::memcpy(bytes + used, &kind, sizeof kind);
      const std::size_t step = kind < CUPTI_ACTIVITY_KIND_COUNT ? cupti::kKindFacts[kind].record_bytes : 0;
      if (step == 0) break;
      used += step;
    }
    const std::size_t valid = random() % (std::min(used, words.size() * 8) + 9);
    if (valid > words.size() * 8) continue;
    const Walk real = walk(next_, bytes, valid), own = walk(cuptiActivityGetNextRecord, bytes, valid);
    ASSERT_EQ(own, real) << "trial " << trial << ": " << valid << " valid bytes, ends " << own.end << " and "
                         << real.end;
  }
}

TEST_F(RealCupti, GivesTheSameNames) {
  const auto real_result = find<decltype(cuptiGetResultString)>("cuptiGetResultString");
  const auto real_name = find<decltype(cuptiGetCallbackName)>("cuptiGetCallbackName");
  for (int result = 0; result <= 999; ++result) {
    const char *own = nullptr, *real = nullptr;
    EXPECT_EQ(cuptiGetResultString(static_cast<CUptiResult>(result), &own),
              real_result(static_cast<CUptiResult>(result), &real));
    EXPECT_STREQ(own, real);
  }
  for (const auto domain : {CUPTI_CB_DOMAIN_DRIVER_API, CUPTI_CB_DOMAIN_RUNTIME_API, CUPTI_CB_DOMAIN_RESOURCE})
    for (std::uint32_t id = 0; id < 900; ++id) {
      const char *own = nullptr, *real = nullptr;
      ASSERT_EQ(cuptiGetCallbackName(domain, id, &own), real_name(domain, id, &real)) << domain << ' ' << id;
      EXPECT_STREQ(own, real);
    }
}

TEST_F(RealCupti, SupportsTheSameDevices) {
  const auto supports = find<decltype(cuptiComputeCapabilitySupported)>("cuptiComputeCapabilitySupported");
  for (const int capability : {50, 60, 70, 72, 75, 80, 86, 89, 90, 100, 103, 120, 121, 130}) {
    int own = 0, real = 0;
    EXPECT_CUPTI(cuptiComputeCapabilitySupported(capability / 10, capability % 10, &own));
    EXPECT_CUPTI(supports(capability / 10, capability % 10, &real));
    EXPECT_EQ(own, real) << capability;
  }
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
