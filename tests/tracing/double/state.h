// The half of the double that answers calls: who subscribed, what is enabled, what shall fail.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/tracing/double/device.h"

namespace headroom::testing {

class State final : public CuptiDouble {
 public:
  static State& get();  // never destroyed

  void reset() override;
  void set_version(std::uint32_t version) override;
  void set_driver(int init_result, int version) override;
  void fail(const std::string& function, int code) override;
  void fail_kind(CUpti_ActivityKind kind, int code) override;
  void hold_subscription(const std::string& name) override;
  void keep_buffers(bool keep) override;
  void lose_records(std::size_t count) override { recorder.drop(count); }
  void report_memory(bool report) override { report_memory_ = report; }
  void tell_call_after(bool after) override { call_after_ = after; }

  std::uint32_t malloc(std::uint64_t address, std::uint64_t bytes, int result) override;
  std::uint32_t free(std::uint64_t address) override;
  std::uint32_t host_alloc(std::uint64_t address, std::uint64_t bytes) override;
  std::uint32_t malloc_async(std::uint64_t address, std::uint64_t bytes, std::uint64_t pool_bytes) override;
  std::uint32_t create_physical(std::uint64_t handle, std::uint64_t bytes, int device) override;
  std::uint32_t retain_physical(std::uint64_t handle) override;
  std::uint32_t release_physical(std::uint64_t handle) override;
  std::uint32_t map(std::uint64_t address, std::uint64_t bytes, std::uint64_t handle) override;
  std::uint32_t unmap(std::uint64_t address, std::uint64_t bytes) override;
  std::uint32_t create_pool(std::uint64_t address, std::uint64_t bytes) override;
  std::uint32_t launch(const KernelLaunch& launch) override;
  std::uint32_t copy(CUpti_ActivityMemcpyKind kind, std::uint64_t bytes, std::uint64_t start,
                     std::uint64_t end) override;
  std::uint32_t peer_copy(std::uint64_t bytes) override;
  std::uint32_t set(std::uint32_t value, std::uint64_t bytes) override;
  std::uint32_t synchronize() override;
  std::uint32_t any_call(CUpti_CallbackDomain domain, std::uint32_t id) override;
  void finish_kernels(std::uint64_t start, std::uint64_t end) override { recorder.finish_running(start, end); }
  void overhead(CUpti_ActivityOverheadKind kind, void* data) override;
  void graph_trace(std::uint32_t graph, std::uint64_t start, std::uint64_t end) override;

  void append(const void* record, std::size_t bytes) override { recorder.append(record, bytes); }
  void deliver(const std::function<std::size_t(std::uint8_t*, std::size_t)>& fill) override { recorder.deliver(fill); }
  void complete_unknown_buffer() override { recorder.complete_unknown(); }

  std::vector<CUpti_ActivityKind> enabled_kinds() const override;
  bool subscribed() const override;
  std::size_t stack_depth() const override;
  std::int64_t attribute(CUpti_ActivityAttribute attribute) const override;
  std::size_t held_buffers() const override { return recorder.held(); }
  int calls(const std::string& function) const override;

  // Counts the call; the code that it was told to answer with, 0: go on.
  CUptiResult enter(const char* function);
  bool fails(const std::string& function) const { return failing_.contains(function) && failing_.at(function) != 0; }

  Recorder recorder;
  CUpti_CallbackFunc callback = nullptr;
  int init_result = 0, driver_version = 13000;
  std::string holder;
  std::map<CUpti_ActivityKind, int> failing_kinds;
  std::set<CUpti_ActivityKind> kinds;
  std::set<std::pair<CUpti_CallbackDomain, std::uint32_t>> callbacks, silent;
  std::map<CUpti_ActivityAttribute, std::uint8_t> attributes;
  std::map<std::pair<std::thread::id, CUpti_ExternalCorrelationKind>, std::vector<std::uint64_t>> stacks;

 private:
  using Body = std::function<void(std::uint32_t correlation)>;
  template <class Parameters>
  std::uint32_t call(CUpti_CallbackDomain domain, std::uint32_t id, const Parameters& parameters, int result,
                     const Body& body);
  void tell(CUpti_CallbackDomain domain, std::uint32_t id, CUpti_ApiCallbackSite site, const void* parameters,
            int* result, std::uint32_t correlation);
  void record_call(CUpti_CallbackDomain domain, std::uint32_t id, int result, std::uint32_t correlation);
  void record_memory(CUpti_ActivityMemory4 memory, std::uint32_t correlation);
  bool records(CUpti_ActivityKind kind) const;
  const char* kept(const std::string& name);

  std::map<std::string, int> failing_, counts_;
  std::set<std::string> names_;  // of kernels, until the reset: as those of a module that is unloaded
  std::map<std::uint64_t, CUpti_ActivityMemory4> memory_;  // live, by address
  std::uint32_t last_correlation_ = 0;
  bool report_memory_ = true, call_after_ = false;
};

}  // namespace headroom::testing
