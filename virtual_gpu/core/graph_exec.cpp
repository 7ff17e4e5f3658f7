#include <algorithm>
#include <string>
#include <unordered_map>

#include "virtual_gpu/core/capture.h"
#include "virtual_gpu/core/clock.h"
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/graph.h"
#include "virtual_gpu/core/telling.h"
#include "virtual_gpu/core/timeline.h"

namespace headroom::virtual_gpu {
namespace {

HandlePool<Executable>& executables() {
  static auto& pool = *new HandlePool<Executable>;
  return pool;
}

constexpr unsigned long long kKnownFlags = cudaGraphInstantiateFlagAutoFreeOnLaunch | cudaGraphInstantiateFlagUpload |
                                           cudaGraphInstantiateFlagDeviceLaunch |
                                           cudaGraphInstantiateFlagUseNodePriority;

Node* twin_of(const Executable& executable, cudaGraphNode_t original) {
  for (Node* node : executable.graph->nodes)
    if (handle(node->origin) == original) return node;
  return nullptr;
}

// One launch: the order of nodes is that of their dependencies, and each is done its duration after the last of them.
class Run {
 public:
  Run(Stream& stream, std::uint64_t start_ns, const Executable& executable)
      : stream_(stream), start_ns_(start_ns), told_{.graph_id = executable.id} {
    if (activity_listener() != nullptr) told_.launch_ns = told_start_ns(stream);
  }

  std::uint64_t run_all(const Graph& graph) {
    const std::uint64_t duration_ns = run(graph, 0);
    if (told_.launch_ns != 0) tell_graph(stream_, told_.graph_id, told_.launch_ns, duration_ns);
    return duration_ns;
  }

 private:
  std::uint64_t run(const Graph& graph, std::uint64_t offset_ns) {
    std::uint64_t end_ns = offset_ns;
    for (const Node* node : graph.order) {
      std::uint64_t begin_ns = offset_ns;
      for (const Node* dependency : node->dependencies) begin_ns = std::max(begin_ns, done_ns_[dependency]);
      done_ns_[node] = node->enabled ? run(*node, begin_ns) : begin_ns;
      end_ns = std::max(end_ns, done_ns_[node]);
    }
    return end_ns;
  }

  void tell(const Node& node, std::uint64_t begin_ns) {
    told_.node_id = node.id;
    told_.offset_ns = begin_ns;
    tell_work(stream_, node.work, told_);
  }

  std::uint64_t run(const Node& node, std::uint64_t begin_ns) {
    switch (node.type) {
      case cudaGraphNodeTypeGraph:
        return run(*live<Graph>(node.bodies[0]), begin_ns);
      case cudaGraphNodeTypeConditional:
        return run_condition(node, begin_ns);
      case cudaGraphNodeTypeEventRecord:
        return record(node.params.eventRecord.event, begin_ns), begin_ns;
      case cudaGraphNodeTypeWaitEvent:
        return std::max(begin_ns, awaited_ns(node.params.eventWait.event));
      case cudaGraphNodeTypeKernel:
        count_launch();
        break;
      default:
        break;
    }
    if (told_.launch_ns != 0) tell(node, begin_ns);
    if (node.work.effect) node.work.effect();
    return begin_ns + node.work.duration_ns;
  }

  std::uint64_t run_condition(const Node& node, std::uint64_t begin_ns) {
    assume("kernels set no conditions: a conditional graph node acts by its handle's default value, a loop runs once");
    const auto value = static_cast<unsigned>(node.params.conditional.handle);
    std::size_t body = value;
    if (node.params.conditional.type != cudaGraphCondTypeSwitch) body = value != 0 ? 0 : 1;
    return body < node.bodies.size() ? run(*live<Graph>(node.bodies[body]), begin_ns) : begin_ns;
  }

  void record(cudaEvent_t handle, std::uint64_t offset_ns) {
    Event* event = live<Event>(handle);
    if (event == nullptr) return;
    const std::lock_guard lock(timeline_mutex());
    record_now(stream_, *event, start_ns_ + offset_ns);
  }

  std::uint64_t awaited_ns(cudaEvent_t handle) {
    Event* event = live<Event>(handle);
    if (event == nullptr) return 0;
    const std::lock_guard lock(timeline_mutex());
    if (!event->recorded) return 0;
    wait_on(stream_, event->moment, event->seen);
    return event->moment.ready_ns > start_ns_ ? event->moment.ready_ns - start_ns_ : 0;
  }

  Stream& stream_;
  std::uint64_t start_ns_;
  GraphPlace told_;
  std::unordered_map<const Node*, std::uint64_t> done_ns_;
};

// In a captured stream a launch becomes a node that holds the whole graph.
cudaError_t capture_launch(Stream& stream, const Executable& executable) {
  if (const cudaError_t error = check_capture(stream)) return error;
  Node& node = capture_node(stream, cudaGraphNodeTypeGraph);
  Graph* body = clone(*executable.graph);
  body->owner = &node;
  node.bodies = {handle(body)};
  return cudaSuccess;
}

struct Difference {
  cudaGraphExecUpdateResult result = cudaGraphExecUpdateSuccess;
  Node* node = nullptr;
};

bool same_dependencies(const Node& a, const Node& b, const std::unordered_map<const Node*, std::size_t>& place_a,
                       const std::unordered_map<const Node*, std::size_t>& place_b) {
  return std::equal(a.dependencies.begin(), a.dependencies.end(), b.dependencies.begin(), b.dependencies.end(),
                    [&](const Node* x, const Node* y) { return place_a.at(x) == place_b.at(y); });
}

std::unordered_map<const Node*, std::size_t> places(const Graph& graph) {
  std::unordered_map<const Node*, std::size_t> places;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) places[graph.nodes[i]] = i;
  return places;
}

Difference compare(const Graph& old_graph, const Graph& new_graph) {
  if (old_graph.nodes.size() != new_graph.nodes.size()) return {cudaGraphExecUpdateErrorTopologyChanged};
  const auto old_places = places(old_graph), new_places = places(new_graph);
  for (std::size_t i = 0; i < old_graph.nodes.size(); ++i) {
    const Node& old_node = *old_graph.nodes[i];
    Node& new_node = *new_graph.nodes[i];
    if (!same_dependencies(old_node, new_node, old_places, new_places))
      return {cudaGraphExecUpdateErrorTopologyChanged, &new_node};
    if (old_node.type != new_node.type) return {cudaGraphExecUpdateErrorNodeTypeChanged, &new_node};
    if (new_node.type == cudaGraphNodeTypeMemAlloc || new_node.type == cudaGraphNodeTypeConditional)
      return {cudaGraphExecUpdateErrorNotSupported, &new_node};
    for (std::size_t b = 0; b < new_node.bodies.size(); ++b)
      if (const Difference inner = compare(*live<Graph>(old_node.bodies[b]), *live<Graph>(new_node.bodies[b]));
          inner.node)
        return inner;
  }
  return {};
}

}  // namespace

cudaError_t instantiate(cudaGraphExec_t* out, cudaGraph_t graph, unsigned long long flags) {
  const Graph* object = live<Graph>(graph);
  if (out == nullptr || object == nullptr || (flags & ~kKnownFlags) != 0) return cudaErrorInvalidValue;
  Graph* copy = clone(*object);
  if (!order_nodes(*copy)) return destroy(copy), cudaErrorInvalidValue;
  Executable* executable = executables().create();
  executable->graph = copy;
  executable->id = copy->id;
  executable->flags = flags;
  *out = reinterpret_cast<cudaGraphExec_t>(executable);
  return cudaSuccess;
}

cudaError_t destroy_executable(cudaGraphExec_t handle) {
  Executable* executable = live<Executable>(handle);
  if (executable == nullptr) return cudaErrorInvalidValue;
  destroy(executable->graph);
  executables().destroy(executable);
  return cudaSuccess;
}

cudaError_t executable_flags(cudaGraphExec_t handle, unsigned long long* flags) {
  const Executable* executable = live<Executable>(handle);
  if (executable == nullptr || flags == nullptr) return cudaErrorInvalidValue;
  *flags = executable->flags;
  return cudaSuccess;
}

cudaError_t upload_graph(cudaGraphExec_t handle, cudaStream_t stream) {
  if (live<Executable>(handle) == nullptr) return cudaErrorInvalidValue;
  return submit(stream, {});
}

cudaError_t launch_graph(cudaGraphExec_t handle, cudaStream_t stream_handle) {
  const Executable* executable = live<Executable>(handle);
  Stream* stream = find_stream(stream_handle);
  if (executable == nullptr) return cudaErrorInvalidValue;
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  std::uint64_t start_ns = 0;
  {
    const std::lock_guard lock(timeline_mutex());
    if (stream->capture != nullptr) return capture_launch(*stream, *executable);
    if (const cudaError_t error = forbid_implicit(*stream)) return error;
    order_against_legacy(*stream);
    start_ns = std::max(stream->ready_ns.load(), now_ns());
  }
  const std::uint64_t duration_ns = Run(*stream, start_ns, *executable).run_all(*executable->graph);
  const std::lock_guard lock(timeline_mutex());
  advance(*stream, duration_ns);
  return cudaSuccess;
}

cudaError_t update_executable(cudaGraphExec_t handle_of_executable, cudaGraph_t graph,
                              cudaGraphExecUpdateResultInfo* result) {
  Executable* executable = live<Executable>(handle_of_executable);
  const Graph* object = live<Graph>(graph);
  if (executable == nullptr || object == nullptr || result == nullptr) return cudaErrorInvalidValue;
  const Difference difference = compare(*executable->graph, *object);
  *result = {};
  result->result = difference.result;
  result->errorNode = handle(difference.node);
  if (difference.result != cudaGraphExecUpdateSuccess) return cudaErrorGraphExecUpdateFailure;
  Graph* copy = clone(*object);
  if (!order_nodes(*copy)) return destroy(copy), cudaErrorInvalidValue;
  for (std::size_t i = 0; i < copy->nodes.size(); ++i) copy->nodes[i]->enabled = executable->graph->nodes[i]->enabled;
  for (std::size_t i = 0; i < copy->nodes.size(); ++i) copy->nodes[i]->origin = executable->graph->nodes[i]->origin;
  for (std::size_t i = 0; i < copy->nodes.size(); ++i) copy->nodes[i]->id = executable->graph->nodes[i]->id;
  destroy(executable->graph);
  executable->graph = copy;
  return cudaSuccess;
}

cudaError_t set_executable_params(cudaGraphExec_t handle_of_executable, cudaGraphNode_t original,
                                  const cudaGraphNodeParams& params) {
  Executable* executable = live<Executable>(handle_of_executable);
  Node* node = executable == nullptr ? nullptr : twin_of(*executable, original);
  if (node == nullptr || node->type != params.type) return cudaErrorInvalidValue;
  if (params.type != cudaGraphNodeTypeGraph) return set_node_params(handle(node), params);
  const Graph* child = live<Graph>(params.graph.graph);
  if (child == nullptr || compare(*live<Graph>(node->bodies[0]), *child).result != cudaGraphExecUpdateSuccess)
    return cudaErrorInvalidValue;
  Graph* body = clone(*child);
  body->owner = node;
  order_nodes(*body);
  destroy(live<Graph>(node->bodies[0]));
  node->bodies[0] = handle(body);
  return cudaSuccess;
}

cudaError_t set_enabled(cudaGraphExec_t handle_of_executable, cudaGraphNode_t original, bool enabled) {
  const Executable* executable = live<Executable>(handle_of_executable);
  Node* node = executable == nullptr ? nullptr : twin_of(*executable, original);
  const bool possible = node != nullptr && node->type <= cudaGraphNodeTypeMemset;  // kernels, copies, sets
  if (!possible) return cudaErrorInvalidValue;
  node->enabled = enabled;
  return cudaSuccess;
}

cudaError_t get_enabled(cudaGraphExec_t handle_of_executable, cudaGraphNode_t original, unsigned* enabled) {
  const Executable* executable = live<Executable>(handle_of_executable);
  const Node* node = executable == nullptr ? nullptr : twin_of(*executable, original);
  if (node == nullptr || enabled == nullptr) return cudaErrorInvalidValue;
  *enabled = node->enabled ? 1 : 0;
  return cudaSuccess;
}

}  // namespace headroom::virtual_gpu
