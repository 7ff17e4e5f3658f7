#include "virtual_gpu/core/graph.h"

#include <algorithm>
#include <atomic>
#include <unordered_map>
#include <unordered_set>

#include "virtual_gpu/core/capture.h"

namespace headroom::virtual_gpu {
namespace {

HandlePool<Node>& node_pool() {
  static auto& pool = *new HandlePool<Node>;
  return pool;
}

bool contains(const std::vector<Node*>& nodes, const Node* node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

void link(Node* from, Node* to) {
  to->dependencies.push_back(from);
  from->dependents.push_back(to);
}

void unlink(Node* from, Node* to) {
  std::erase(to->dependencies, from);
  std::erase(from->dependents, to);
}

cudaError_t read_dependencies(const Graph& graph, const cudaGraphNode_t* handles, std::size_t count,
                              std::vector<Node*>* out) {
  if (handles == nullptr && count > 0) return cudaErrorInvalidValue;
  for (std::size_t i = 0; i < count; ++i) {
    Node* node = live<Node>(handles[i]);
    if (node == nullptr || node->graph != &graph || contains(*out, node)) return cudaErrorInvalidValue;
    out->push_back(node);
  }
  return cudaSuccess;
}

void destroy_bodies(Node& node) {
  for (cudaGraph_t body : node.bodies) destroy(live<Graph>(body));
  node.bodies.clear();
}

void copy_node(const Node& from, Node& to) {
  to.work = from.work;
  to.params_known = from.params_known;
  to.params = from.params;
  to.origin = const_cast<Node*>(&from);
  to.enabled = from.enabled;
  for (cudaGraph_t body : from.bodies) {
    Graph* copy = clone(*live<Graph>(body));
    copy->owner = &to;
    to.bodies.push_back(handle(copy));
  }
}

bool has_type(const Graph& graph, std::initializer_list<cudaGraphNodeType> types) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node* node) {
    return std::find(types.begin(), types.end(), node->type) != types.end();
  });
}

cudaError_t add_child(Node& node, cudaGraphNodeParams* params) {
  Graph* child = live<Graph>(params->graph.graph);
  const bool moved = params->graph.ownership == cudaGraphChildGraphOwnershipMove;
  Graph* body = moved ? child : clone(*child);
  body->owner = &node;
  node.bodies = {handle(body)};
  node.params.graph.graph = handle(body);
  return cudaSuccess;
}

cudaError_t check_child(const Graph& parent, const cudaGraphNodeParams& params) {
  const Graph* child = live<Graph>(params.graph.graph);
  if (child == nullptr || child == &parent || has_type(*child, {cudaGraphNodeTypeConditional}))
    return cudaErrorInvalidValue;
  const bool moved = params.graph.ownership == cudaGraphChildGraphOwnershipMove;
  if (moved) return child->owner == nullptr ? cudaSuccess : cudaErrorInvalidValue;
  return has_type(*child, {cudaGraphNodeTypeMemAlloc, cudaGraphNodeTypeMemFree}) ? cudaErrorNotSupported : cudaSuccess;
}

cudaError_t check_conditional(const cudaConditionalNodeParams& params) {
  const unsigned most = params.type == cudaGraphCondTypeIf ? 2 : params.type == cudaGraphCondTypeWhile ? 1 : ~0u;
  return params.size > 0 && params.size <= most ? cudaSuccess : cudaErrorInvalidValue;
}

void add_bodies(Node& node, cudaGraphNodeParams* params) {
  for (unsigned i = 0; i < params->conditional.size; ++i) {
    Graph* body = graph_objects().create();
    body->owner = &node;
    node.bodies.push_back(handle(body));
  }
  params->conditional.phGraph_out = node.params.conditional.phGraph_out = node.bodies.data();
}

cudaError_t check_params(const Graph& graph, cudaGraphNodeParams& params, Work* work) {
  if (params.type == cudaGraphNodeTypeGraph) return check_child(graph, params);
  if (params.type == cudaGraphNodeTypeConditional) return check_conditional(params.conditional);
  return work_of(params, work);
}

cudaError_t list(const std::vector<Node*>& from, cudaGraphNode_t* out, cudaGraphEdgeData* data, std::size_t* count) {
  if (count == nullptr) return cudaErrorInvalidValue;
  const std::size_t room = out == nullptr ? 0 : *count;
  for (std::size_t i = 0; i < room; ++i) {
    out[i] = i < from.size() ? handle(from[i]) : nullptr;
    if (data != nullptr) data[i] = {};
  }
  *count = out == nullptr ? from.size() : std::min(room, from.size());
  return cudaSuccess;
}

template <class Body>
cudaError_t for_each_pair(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to, std::size_t count,
                          Body body) {
  Graph* owner = live<Graph>(graph);
  if (owner == nullptr || (count > 0 && (from == nullptr || to == nullptr))) return cudaErrorInvalidValue;
  for (std::size_t i = 0; i < count; ++i) {
    Node *first = live<Node>(from[i]), *second = live<Node>(to[i]);
    if (first == nullptr || second == nullptr || first->graph != owner || second->graph != owner)
      return cudaErrorInvalidValue;
    if (!body(first, second)) return cudaErrorInvalidValue;
  }
  return cudaSuccess;
}

}  // namespace

cudaGraph_t handle(Graph* graph) { return reinterpret_cast<cudaGraph_t>(graph); }
cudaGraphNode_t handle(Node* node) { return reinterpret_cast<cudaGraphNode_t>(node); }

std::uint32_t next_graph_id() {
  static std::atomic<std::uint32_t> last{0};
  return ++last;
}

HandlePool<Graph>& graph_objects() {
  static auto& pool = *new HandlePool<Graph>;
  return pool;
}

Node& append_node(Graph& graph, cudaGraphNodeType type, const std::vector<Node*>& dependencies) {
  Node& node = *node_pool().create();
  node.graph = &graph;
  node.id = (std::uint64_t{graph.id} << 32) | ++graph.last_node;
  node.type = node.params.type = type;
  for (Node* dependency : dependencies) link(dependency, &node);
  graph.nodes.push_back(&node);
  return node;
}

Graph* clone(const Graph& graph) {
  Graph* copy = graph_objects().create();
  copy->origin = const_cast<Graph*>(&graph);
  copy->condition_defaults = graph.condition_defaults;
  std::unordered_map<const Node*, Node*> copies;
  for (const Node* node : graph.nodes) {
    Node& twin = append_node(*copy, node->type, {});
    copy_node(*node, twin);
    copies[node] = &twin;
  }
  for (const Node* node : graph.nodes)
    for (const Node* dependency : node->dependencies) link(copies[dependency], copies[node]);
  share_user_objects(graph, *copy);
  return copy;
}

void destroy(Graph* graph) {
  for (Node* node : graph->nodes) {
    destroy_bodies(*node);
    node->work = {};
    node->dependencies = node->dependents = {};
    node_pool().destroy(node);
  }
  graph->nodes = graph->order = {};
  drop_user_objects(*graph);
  graph_objects().destroy(graph);
}

bool order_nodes(Graph& graph) {
  std::unordered_map<const Node*, std::size_t> missing;
  graph.order.clear();
  for (Node* node : graph.nodes)
    if (node->dependencies.empty())
      graph.order.push_back(node);
    else
      missing[node] = node->dependencies.size();
  for (std::size_t i = 0; i < graph.order.size(); ++i)
    for (Node* next : graph.order[i]->dependents)
      if (--missing[next] == 0) graph.order.push_back(next);
  for (Node* node : graph.nodes)
    for (cudaGraph_t body : node->bodies)
      if (!order_nodes(*live<Graph>(body))) return false;
  return graph.order.size() == graph.nodes.size();
}

bool reaches(const Node* from, const Node* to) {
  std::unordered_set<const Node*> known;
  std::vector<const Node*> open{from};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (node == to) return true;
    if (known.insert(node).second) open.insert(open.end(), node->dependents.begin(), node->dependents.end());
  }
  return false;
}

cudaError_t create_graph(cudaGraph_t* out) {
  if (out == nullptr) return cudaErrorInvalidValue;
  *out = handle(graph_objects().create());
  return cudaSuccess;
}

cudaError_t destroy_graph(cudaGraph_t graph) {
  Graph* object = live<Graph>(graph);
  if (object == nullptr || object->owner != nullptr) return cudaErrorInvalidValue;
  destroy(object);
  return cudaSuccess;
}

cudaError_t clone_graph(cudaGraph_t* out, cudaGraph_t graph) {
  const Graph* object = live<Graph>(graph);
  if (out == nullptr || object == nullptr) return cudaErrorInvalidValue;
  const auto uncopied = {cudaGraphNodeTypeConditional, cudaGraphNodeTypeMemAlloc, cudaGraphNodeTypeMemFree};
  if (has_type(*object, uncopied)) return cudaErrorNotSupported;
  *out = handle(clone(*object));
  return cudaSuccess;
}

cudaError_t find_in_clone(cudaGraphNode_t* out, cudaGraphNode_t original, cudaGraph_t copy) {
  const Graph* graph = live<Graph>(copy);
  if (out == nullptr || graph == nullptr || graph->origin == nullptr) return cudaErrorInvalidValue;
  for (Node* node : graph->nodes)
    if (handle(node->origin) == original) return *out = handle(node), cudaSuccess;
  return cudaErrorInvalidValue;
}

cudaError_t add_node(cudaGraphNode_t* out, cudaGraph_t handle_of_graph, const cudaGraphNode_t* dependencies,
                     std::size_t count, cudaGraphNodeParams* params) {
  Graph* graph = live<Graph>(handle_of_graph);
  if (out == nullptr || graph == nullptr || params == nullptr) return cudaErrorInvalidValue;
  std::vector<Node*> before;
  if (const cudaError_t error = read_dependencies(*graph, dependencies, count, &before)) return error;
  Work work;
  if (const cudaError_t error = check_params(*graph, *params, &work)) return error;
  Node& node = append_node(*graph, params->type, before);
  node.work = std::move(work);
  node.params = *params;
  node.params_known = true;
  if (params->type == cudaGraphNodeTypeGraph) add_child(node, params);
  if (params->type == cudaGraphNodeTypeConditional) add_bodies(node, params);
  *out = handle(&node);
  return cudaSuccess;
}

cudaError_t destroy_node(cudaGraphNode_t handle_of_node) {
  Node* node = live<Node>(handle_of_node);
  if (node == nullptr) return cudaErrorInvalidValue;
  if (node->type == cudaGraphNodeTypeMemAlloc || node->type == cudaGraphNodeTypeMemFree) return cudaErrorNotSupported;
  for (Node* other : std::vector(node->dependencies)) unlink(other, node);
  for (Node* other : std::vector(node->dependents)) unlink(node, other);
  std::erase(node->graph->nodes, node);
  destroy_bodies(*node);
  node->work = {};
  node_pool().destroy(node);
  return cudaSuccess;
}

cudaError_t node_type(cudaGraphNode_t handle_of_node, cudaGraphNodeType* type) {
  const Node* node = live<Node>(handle_of_node);
  if (node == nullptr || type == nullptr) return cudaErrorInvalidValue;
  *type = node->type;
  return cudaSuccess;
}

cudaError_t get_node_params(cudaGraphNode_t handle_of_node, cudaGraphNodeType type, cudaGraphNodeParams* params) {
  const Node* node = live<Node>(handle_of_node);
  if (node == nullptr || params == nullptr || node->type != type) return cudaErrorInvalidValue;
  if (!node->params_known) return cudaErrorNotSupported;
  *params = node->params;
  return cudaSuccess;
}

cudaError_t set_node_params(cudaGraphNode_t handle_of_node, const cudaGraphNodeParams& params) {
  Node* node = live<Node>(handle_of_node);
  if (node == nullptr || node->type != params.type) return cudaErrorInvalidValue;
  if (params.type == cudaGraphNodeTypeGraph || params.type == cudaGraphNodeTypeConditional)
    return cudaErrorInvalidValue;
  cudaGraphNodeParams own = params;
  if (const cudaError_t error = work_of(own, &node->work)) return error;
  node->params = own;
  node->params_known = true;
  return cudaSuccess;
}

cudaError_t child_graph(cudaGraphNode_t handle_of_node, cudaGraph_t* out) {
  const Node* node = live<Node>(handle_of_node);
  if (out == nullptr || node == nullptr || node->type != cudaGraphNodeTypeGraph) return cudaErrorInvalidValue;
  *out = node->bodies[0];
  return cudaSuccess;
}

cudaError_t graph_nodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  const Graph* object = live<Graph>(graph);
  return object == nullptr ? cudaErrorInvalidValue : list(object->nodes, nodes, nullptr, count);
}

cudaError_t root_nodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  const Graph* object = live<Graph>(graph);
  if (object == nullptr) return cudaErrorInvalidValue;
  std::vector<Node*> roots;
  for (Node* node : object->nodes)
    if (node->dependencies.empty()) roots.push_back(node);
  return list(roots, nodes, nullptr, count);
}

cudaError_t graph_edges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to, cudaGraphEdgeData* data,
                        std::size_t* count) {
  const Graph* object = live<Graph>(graph);
  if (object == nullptr || count == nullptr || (from == nullptr) != (to == nullptr)) return cudaErrorInvalidValue;
  std::vector<Node*> sources, targets;
  for (Node* node : object->nodes)
    for (Node* dependency : node->dependencies) {
      sources.push_back(dependency);
      targets.push_back(node);
    }
  std::size_t room = *count;
  list(sources, from, data, &room);
  return list(targets, to, nullptr, count);
}

cudaError_t node_dependencies(cudaGraphNode_t node, cudaGraphNode_t* nodes, cudaGraphEdgeData* data,
                              std::size_t* count) {
  const Node* object = live<Node>(node);
  return object == nullptr ? cudaErrorInvalidValue : list(object->dependencies, nodes, data, count);
}

cudaError_t node_dependents(cudaGraphNode_t node, cudaGraphNode_t* nodes, cudaGraphEdgeData* data, std::size_t* count) {
  const Node* object = live<Node>(node);
  return object == nullptr ? cudaErrorInvalidValue : list(object->dependents, nodes, data, count);
}

cudaError_t add_dependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                             std::size_t count) {
  return for_each_pair(graph, from, to, count, [](Node* first, Node* second) {
    if (first == second || contains(second->dependencies, first)) return false;
    link(first, second);
    return true;
  });
}

cudaError_t remove_dependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                std::size_t count) {
  return for_each_pair(graph, from, to, count, [](Node* first, Node* second) {
    if (!contains(second->dependencies, first)) return false;
    unlink(first, second);
    return true;
  });
}

// The handle carries the number of its graph's condition, and the default: a clone keeps both.
cudaError_t create_condition(cudaGraphConditionalHandle* out, cudaGraph_t graph, unsigned default_value,
                             unsigned flags) {
  Graph* object = live<Graph>(graph);
  if (out == nullptr || object == nullptr || flags > cudaGraphCondAssignDefault) return cudaErrorInvalidValue;
  object->condition_defaults.push_back(flags == cudaGraphCondAssignDefault ? default_value : 0);
  *out = (static_cast<unsigned long long>(object->condition_defaults.size()) << 32) | object->condition_defaults.back();
  return cudaSuccess;
}

}  // namespace headroom::virtual_gpu
