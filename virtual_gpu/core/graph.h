// CUDA graphs: nodes with real dependencies, made by hand or by capturing a stream, and executable copies of them.
//
// A node's effect (a copy, a host function, an allocation) runs at each launch, in an order that keeps the
// dependencies; kernels are counted then. What a conditional node does depends on values that kernels would compute:
// its handle's default value decides, a loop runs once, and that is noted as an assumption.
//
// As in CUDA, a graph is not for several threads at once; captured streams of one graph may be, under timeline_mutex().
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "virtual_gpu/core/handle_pool.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu {

struct Graph;
struct UserObject;

std::uint32_t next_graph_id();

struct Node : Handled<0x4e4f4445> {
  Graph* graph = nullptr;
  std::uint64_t id = 0;  // its graph's in the upper half, a number from 1 in the lower
  cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
  Work work;
  bool params_known = false;  // not for copies and library routines that were captured
  cudaGraphNodeParams params = {};
  std::vector<Node*> dependencies, dependents;
  std::vector<cudaGraph_t> bodies;  // of child and conditional nodes; owned
  Node* origin = nullptr;           // of a node in a clone
  bool enabled = true;
};

struct Graph : Handled<0x47524150> {
  std::uint32_t id = next_graph_id(), last_node = 0;
  std::vector<Node*> nodes;  // in order of creation
  std::vector<Node*> order;  // of an executable: dependencies first
  std::vector<std::pair<UserObject*, unsigned>> user_objects;
  Graph* origin = nullptr;                   // of a clone
  Node* owner = nullptr;                     // the node whose body this is
  std::vector<unsigned> condition_defaults;  // by number of the handle made for this graph
};

struct Executable : Handled<0x45584543> {
  std::uint32_t id = 0;
  Graph* graph = nullptr;
  unsigned long long flags = 0;
};

cudaGraph_t handle(Graph* graph);
cudaGraphNode_t handle(Node* node);

cudaError_t create_graph(cudaGraph_t* out);
cudaError_t destroy_graph(cudaGraph_t graph);
cudaError_t clone_graph(cudaGraph_t* out, cudaGraph_t graph);
cudaError_t find_in_clone(cudaGraphNode_t* out, cudaGraphNode_t original, cudaGraph_t clone);
cudaError_t print_graph(cudaGraph_t graph, const char* path);  // Graphviz

// `params` gives the type; memory nodes and conditional nodes write their results into it.
cudaError_t add_node(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies, std::size_t count,
                     cudaGraphNodeParams* params);
cudaError_t destroy_node(cudaGraphNode_t node);
cudaError_t node_type(cudaGraphNode_t node, cudaGraphNodeType* type);
cudaError_t get_node_params(cudaGraphNode_t node, cudaGraphNodeType type, cudaGraphNodeParams* params);
cudaError_t set_node_params(cudaGraphNode_t node, const cudaGraphNodeParams& params);
cudaError_t child_graph(cudaGraphNode_t node, cudaGraph_t* out);

// Lists, as CUDA gives them: with null arrays the count alone; else at most *count entries, the rest of the room
// zeroed.
cudaError_t graph_nodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count);
cudaError_t root_nodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count);
cudaError_t graph_edges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to, cudaGraphEdgeData* data,
                        std::size_t* count);
cudaError_t node_dependencies(cudaGraphNode_t node, cudaGraphNode_t* nodes, cudaGraphEdgeData* data,
                              std::size_t* count);
cudaError_t node_dependents(cudaGraphNode_t node, cudaGraphNode_t* nodes, cudaGraphEdgeData* data, std::size_t* count);
cudaError_t add_dependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                             std::size_t count);
cudaError_t remove_dependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                std::size_t count);

cudaError_t create_condition(cudaGraphConditionalHandle* out, cudaGraph_t graph, unsigned default_value,
                             unsigned flags);

// core/graph_exec.cpp
cudaError_t instantiate(cudaGraphExec_t* out, cudaGraph_t graph, unsigned long long flags);
cudaError_t destroy_executable(cudaGraphExec_t executable);
cudaError_t executable_flags(cudaGraphExec_t executable, unsigned long long* flags);
cudaError_t upload_graph(cudaGraphExec_t executable, cudaStream_t stream);
cudaError_t launch_graph(cudaGraphExec_t executable, cudaStream_t stream);
cudaError_t update_executable(cudaGraphExec_t executable, cudaGraph_t graph, cudaGraphExecUpdateResultInfo* result);
cudaError_t set_executable_params(cudaGraphExec_t executable, cudaGraphNode_t node, const cudaGraphNodeParams& params);
cudaError_t set_enabled(cudaGraphExec_t executable, cudaGraphNode_t node, bool enabled);
cudaError_t get_enabled(cudaGraphExec_t executable, cudaGraphNode_t node, unsigned* enabled);

// core/user_object.cpp. A user object's destructor runs when its last reference goes, on the thread that drops it.
cudaError_t create_user_object(cudaUserObject_t* out, void* pointer, cudaHostFn_t destroy, unsigned references,
                               unsigned flags);
cudaError_t retain_user_object(cudaUserObject_t object, unsigned count);
cudaError_t release_user_object(cudaUserObject_t object, unsigned count);
cudaError_t graph_retain_user_object(cudaGraph_t graph, cudaUserObject_t object, unsigned count, unsigned flags);
cudaError_t graph_release_user_object(cudaGraph_t graph, cudaUserObject_t object, unsigned count);
void share_user_objects(const Graph& from, Graph& to);
void drop_user_objects(Graph& graph);

// Inside the core.
HandlePool<Graph>& graph_objects();
Node& append_node(Graph& graph, cudaGraphNodeType type, const std::vector<Node*>& dependencies);
Graph* clone(const Graph& graph);
void destroy(Graph* graph);
bool order_nodes(Graph& graph);  // fills `order`; false: the dependencies have a cycle
bool reaches(const Node* from, const Node* to);

// core/node_work.cpp: what a node with these parameters does when launched.
// An allocation writes its address.
cudaError_t work_of(cudaGraphNodeParams& params, Work* work);

}  // namespace headroom::virtual_gpu
