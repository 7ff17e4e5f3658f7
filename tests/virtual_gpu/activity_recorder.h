// A listener that keeps all it is told, for tests.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "virtual_gpu/core/activity.h"

namespace headroom::virtual_gpu::testing_support {

// What it was told, texts copied.
struct Told {
  struct NamedCall : Call {
    std::string called, kernel;
    std::thread::id thread;
    bool ended = false;
  };
  struct NamedKernel : KernelActivity {
    std::string kernel;
  };
  std::vector<NamedCall> calls;  // in order of their beginnings
  std::vector<NamedKernel> kernels;
  std::vector<CopyActivity> copies;
  std::vector<SetActivity> sets;
  std::vector<MemoryActivity> memory;
  std::vector<PoolActivity> pools;
  std::vector<SynchronizationActivity> waits;
  std::vector<GraphActivity> graphs;
  std::vector<ModuleActivity> modules;
  std::vector<StreamActivity> streams;
  std::vector<int> contexts;

  std::vector<std::string> call_names() const {
    std::vector<std::string> names;
    for (const NamedCall& call : calls) names.push_back(call.called);
    return names;
  }
};

class ActivityRecorder : public ActivityListener {
 public:
  void on_call_begin(Call& call) override {
    if (at_begin) at_begin(call);
    const std::lock_guard lock(mutex_);
    call.kept[0] = told_.calls.size();
    told_.calls.push_back(
        {call, call.name, call.kernel_name == nullptr ? "" : call.kernel_name, std::this_thread::get_id(), false});
  }
  void on_call_end(Call& call) override {
    const std::lock_guard lock(mutex_);
    Told::NamedCall& begun = told_.calls.at(call.kept[0]);
    unpaired_ |=
        begun.ended || begun.correlation_id != call.correlation_id || begun.thread != std::this_thread::get_id();
    static_cast<Call&>(begun) = call;
    begun.ended = true;
  }
  void on_kernel(const KernelActivity& kernel) override { keep(told_.kernels, {kernel, kernel.name}); }
  void on_copy(const CopyActivity& copy) override { keep(told_.copies, copy); }
  void on_set(const SetActivity& set) override { keep(told_.sets, set); }
  void on_memory(const MemoryActivity& memory) override { keep(told_.memory, memory); }
  void on_pool(const PoolActivity& pool) override { keep(told_.pools, pool); }
  void on_synchronization(const SynchronizationActivity& wait) override { keep(told_.waits, wait); }
  void on_graph(const GraphActivity& graph) override { keep(told_.graphs, graph); }
  void on_module(const ModuleActivity& module) override { keep(told_.modules, module); }
  void on_context_created(int device) override { keep(told_.contexts, device); }
  void on_stream_created(const StreamActivity& stream) override { keep(told_.streams, stream); }

  void clear() { told_ = {}; }
  const Told& told() const { return told_; }
  bool paired() const {  // every beginning has its end
    return !unpaired_ && std::ranges::all_of(told_.calls, [](const Told::NamedCall& call) { return call.ended; });
  }

  std::function<void(Call&)> at_begin;  // a callback of the user's

 private:
  template <class Item>
  void keep(std::vector<Item>& items, const Item& item) {
    const std::lock_guard lock(mutex_);
    items.push_back(item);
  }

  std::mutex mutex_;
  Told told_;
  bool unpaired_ = false;
};

// What happens while `body` runs.
template <class Body>
Told told_during(Body body) {
  static ActivityRecorder& recorder = *new ActivityRecorder;  // a listener is never destroyed
  recorder.clear();
  set_activity_listener(&recorder);
  body();
  set_activity_listener(nullptr);
  return recorder.told();
}

}  // namespace headroom::virtual_gpu::testing_support
