// Graphs: structure, launches, updates, what they own.
#include <cuda.h>
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <vector>

#include "tests/virtual_gpu/work_support.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

using testing::HasSubstr;

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1);

class Graphs : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(cudaGraphCreate(&graph, 0)); }
  void TearDown() override {
    EXPECT_OK(cudaGraphDestroy(graph));
    cudaGetLastError();
  }

  cudaGraphNode_t add_host(int number, const std::vector<cudaGraphNode_t>& after = {}) {
    Entry& entry = entries.at(static_cast<std::size_t>(used++));
    entry = {this, number};
    const auto run = [](void* data) {
      const auto* own = static_cast<Entry*>(data);
      own->owner->order.push_back(own->number);
    };
    const cudaHostNodeParams params{run, &entry};
    cudaGraphNode_t node = nullptr;
    EXPECT_OK(cudaGraphAddHostNode(&node, graph, after.data(), after.size(), &params));
    return node;
  }

  void launch(cudaGraphExec_t executable) { EXPECT_OK(cudaGraphLaunch(executable, stream)); }

  cudaGraphExec_t instantiate() {
    cudaGraphExec_t executable = nullptr;
    EXPECT_OK(cudaGraphInstantiate(&executable, graph, 0));
    return executable;
  }

  struct Entry {
    Graphs* owner;
    int number;
  };
  std::array<Entry, 16> entries{};
  int used = 0;
  std::vector<int> order;
  ScopedStream stream;
  cudaGraph_t graph = nullptr;
};

TEST_F(Graphs, RunTheirNodesAtEachLaunchAfterWhatTheyDependOn) {
  const cudaGraphNode_t last = add_host(3), first = add_host(1), second = add_host(2, {first});
  EXPECT_OK(cudaGraphAddDependencies(graph, &second, &last, nullptr, 1));
  const cudaGraphExec_t executable = instantiate();
  EXPECT_TRUE(order.empty());
  launch(executable);
  launch(executable);
  EXPECT_EQ(order, (std::vector{1, 2, 3, 1, 2, 3}));
  EXPECT_OK(cudaGraphExecDestroy(executable));
  EXPECT_EQ(cudaGraphLaunch(executable, stream), cudaErrorInvalidValue) << "it is destroyed";
}

TEST_F(Graphs, OutliveNeitherChangesNorTheEndOfWhatTheyWereMadeFrom) {
  const cudaGraphNode_t first = add_host(1);
  const cudaGraphExec_t executable = instantiate();
  add_host(2, {first});
  EXPECT_OK(cudaGraphDestroy(graph));
  launch(executable);
  EXPECT_EQ(order, std::vector{1});
  EXPECT_OK(cudaGraphExecDestroy(executable));
  ASSERT_OK(cudaGraphCreate(&graph, 0));
}

TEST_F(Graphs, RefuseCyclesAndForeignOrRepeatedDependencies) {
  const cudaGraphNode_t a = add_host(1), b = add_host(2, {a});
  EXPECT_EQ(cudaGraphAddDependencies(graph, &a, &b, nullptr, 1), cudaErrorInvalidValue) << "is one already";
  EXPECT_EQ(cudaGraphAddDependencies(graph, &a, &a, nullptr, 1), cudaErrorInvalidValue);
  EXPECT_OK(cudaGraphAddDependencies(graph, &b, &a, nullptr, 1));
  cudaGraphExec_t executable = nullptr;
  EXPECT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaErrorInvalidValue) << "a cycle";
  EXPECT_OK(cudaGraphRemoveDependencies(graph, &b, &a, nullptr, 1));
  EXPECT_EQ(cudaGraphRemoveDependencies(graph, &b, &a, nullptr, 1), cudaErrorInvalidValue);
  cudaGraph_t other = nullptr;
  ASSERT_OK(cudaGraphCreate(&other, 0));
  cudaGraphNode_t foreign = nullptr;
  EXPECT_EQ(cudaGraphAddEmptyNode(&foreign, other, &a, 1), cudaErrorInvalidValue);
  EXPECT_OK(cudaGraphDestroy(other));
}

TEST_F(Graphs, TellTheirStructure) {
  const cudaGraphNode_t a = add_host(1), b = add_host(2, {a}), c = add_host(3, {a, b});
  std::size_t count = 5;
  std::vector<cudaGraphNode_t> nodes(5, a);
  EXPECT_OK(cudaGraphNodeGetDependencies(c, nodes.data(), nullptr, &count));
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(nodes, (std::vector<cudaGraphNode_t>{a, b, nullptr, nullptr, nullptr})) << "room beyond is zeroed";
  count = 1;
  EXPECT_OK(cudaGraphNodeGetDependentNodes(a, nodes.data(), nullptr, &count));
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(nodes[0], b);
  EXPECT_OK(cudaGraphDestroyNode(b));
  EXPECT_EQ(node_count(graph), 2u);
  EXPECT_EQ(edge_count(graph), 1u);
  cudaGraphNodeType type{};
  EXPECT_EQ(cudaGraphNodeGetType(b, &type), cudaErrorInvalidValue);
}

TEST_F(Graphs, CloneWithChildren) {
  cudaGraph_t child = nullptr, inside = nullptr, copy = nullptr;
  ASSERT_OK(cudaGraphCreate(&child, 0));
  std::swap(graph, child);
  add_host(7);
  std::swap(graph, child);
  cudaGraphNode_t node = nullptr, found = nullptr;
  EXPECT_OK(cudaGraphAddChildGraphNode(&node, graph, nullptr, 0, child));
  EXPECT_OK(cudaGraphDestroy(child));
  EXPECT_OK(cudaGraphChildGraphNodeGetGraph(node, &inside));
  EXPECT_EQ(node_count(inside), 1u);
  EXPECT_EQ(cudaGraphDestroy(inside), cudaErrorInvalidValue) << "the node's";
  ASSERT_OK(cudaGraphClone(&copy, graph));
  EXPECT_OK(cudaGraphNodeFindInClone(&found, node, copy));
  EXPECT_NE(found, node);
  std::swap(graph, copy);
  const cudaGraphExec_t executable = instantiate();
  std::swap(graph, copy);
  EXPECT_OK(cudaGraphDestroy(copy));
  launch(executable);
  EXPECT_EQ(order, std::vector{7});
  EXPECT_OK(cudaGraphExecDestroy(executable));
}

TEST_F(Graphs, UpdateKeepsTopologyAndTakesNewParameters) {
  const cudaGraphNode_t first = add_host(1);
  add_host(2, {first});
  const cudaGraphExec_t executable = instantiate();
  cudaGraph_t changed = nullptr;
  ASSERT_OK(cudaGraphCreate(&changed, 0));
  std::swap(graph, changed);
  const cudaGraphNode_t other = add_host(11);
  cudaGraphExecUpdateResultInfo result{};
  EXPECT_EQ(cudaGraphExecUpdate(executable, graph, &result), cudaErrorGraphExecUpdateFailure);
  EXPECT_EQ(result.result, cudaGraphExecUpdateErrorTopologyChanged);
  const cudaGraphNode_t second = add_host(12);
  EXPECT_EQ(cudaGraphExecUpdate(executable, graph, &result), cudaErrorGraphExecUpdateFailure) << "an edge is missing";
  EXPECT_OK(cudaGraphAddDependencies(graph, &other, &second, nullptr, 1));
  EXPECT_OK(cudaGraphExecUpdate(executable, graph, &result));
  std::swap(graph, changed);
  EXPECT_OK(cudaGraphDestroy(changed));
  launch(executable);
  EXPECT_EQ(order, (std::vector{11, 12}));
  const cudaHostNodeParams params{[](void* data) { static_cast<std::vector<int>*>(data)->push_back(99); }, &order};
  EXPECT_OK(cudaGraphExecHostNodeSetParams(executable, first, &params));
  launch(executable);
  EXPECT_EQ(order, (std::vector{11, 12, 99, 12}));
  EXPECT_OK(cudaGraphExecDestroy(executable));
}

TEST_F(Graphs, KernelNodesAreCheckedAndTellTheirShape) {
  cudaKernelNodeParams params{};
  params.func = const_cast<void*>(plain_kernel());
  params.gridDim = dim3(4, 2, 1);
  params.blockDim = dim3(64);
  params.sharedMemBytes = 128;
  cudaGraphNode_t node = nullptr;
  EXPECT_OK(cudaGraphAddKernelNode(&node, graph, nullptr, 0, &params));
  cudaKernelNodeParams read{};
  EXPECT_OK(cudaGraphKernelNodeGetParams(node, &read));
  EXPECT_EQ(read.func, params.func);
  EXPECT_EQ(read.gridDim.y, 2u);
  EXPECT_EQ(read.sharedMemBytes, 128u);
  params.blockDim = dim3(2048);
  EXPECT_EQ(cudaGraphKernelNodeSetParams(node, &params), cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaGraphAddKernelNode(&node, graph, nullptr, 0, &params), cudaErrorInvalidConfiguration);
  params.func = &params;
  EXPECT_EQ(cudaGraphAddKernelNode(&node, graph, nullptr, 0, &params), cudaErrorInvalidDeviceFunction);
}

TEST_F(Graphs, CopiesAndSetsAreCheckedWhenAddedAndDoneWhenLaunched) {
  std::array<int, 4> source{1, 2, 3, 4}, target{};
  cudaGraphNode_t copy = nullptr, set = nullptr;
  EXPECT_OK(cudaGraphAddMemcpyNode1D(&copy, graph, nullptr, 0, target.data(), source.data(), sizeof source,
                                     cudaMemcpyHostToHost));
  void* device = nullptr;
  ASSERT_OK(cudaMalloc(&device, 4096));
  cudaMemsetParams params{device, 0, 0, 4, 1024, 1};
  EXPECT_OK(cudaGraphAddMemsetNode(&set, graph, &copy, 1, &params));
  params.width = 1 << 20;
  EXPECT_EQ(cudaGraphMemsetNodeSetParams(set, &params), cudaErrorInvalidValue) << "beyond the allocation";
  const cudaGraphExec_t executable = instantiate();
  EXPECT_EQ(target, (std::array<int, 4>{}));
  launch(executable);
  EXPECT_EQ(target, source);
  EXPECT_OK(cudaGraphNodeSetEnabled(executable, copy, 0));
  target = {};
  launch(executable);
  EXPECT_EQ(target, (std::array<int, 4>{})) << "the copy is switched off";
  EXPECT_OK(cudaGraphExecDestroy(executable));
  EXPECT_OK(cudaFree(device));
}

TEST_F(Graphs, TakeAsLongAsTheirLongestPath) {
  auto cycles = static_cast<long long>(60000 * 1.98e6);
  void* arguments[] = {&cycles};
  cudaKernelNodeParams params{const_cast<void*>(spin_kernel()), dim3(1), dim3(1), 0, arguments, nullptr};
  cudaGraphNode_t a = nullptr, b = nullptr, c = nullptr;
  EXPECT_OK(cudaGraphAddKernelNode(&a, graph, nullptr, 0, &params));
  EXPECT_OK(cudaGraphAddKernelNode(&b, graph, nullptr, 0, &params));
  EXPECT_OK(cudaGraphAddKernelNode(&c, graph, &a, 1, &params));
  const cudaGraphExec_t executable = instantiate();
  const ScopedEvent start, end;
  EXPECT_OK(cudaEventRecord(start, stream));
  launch(executable);
  EXPECT_OK(cudaEventRecord(end, stream));
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  EXPECT_OK(cudaStreamSynchronize(stream));
  float milliseconds = 0;
  EXPECT_OK(cudaEventElapsedTime(&milliseconds, start, end));
  EXPECT_NEAR(milliseconds, 120000, 4000);
  EXPECT_OK(cudaGraphExecDestroy(executable));
}

TEST_F(Graphs, LaunchedIntoACaptureBecomeANode) {
  add_host(5);
  const cudaGraphExec_t executable = instantiate();
  ASSERT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  launch(executable);
  cudaGraph_t outer = nullptr;
  ASSERT_OK(cudaStreamEndCapture(stream, &outer));
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(node_count(outer), 1u);
  cudaGraphExec_t outer_executable = nullptr;
  ASSERT_OK(cudaGraphInstantiate(&outer_executable, outer, 0));
  launch(outer_executable);
  EXPECT_EQ(order, std::vector{5});
  EXPECT_OK(cudaGraphExecDestroy(outer_executable));
  EXPECT_OK(cudaGraphExecDestroy(executable));
  EXPECT_OK(cudaGraphDestroy(outer));
}

TEST_F(Graphs, ConditionalBodiesRunByTheDefaultOfTheirHandle) {
  const auto add_condition = [&](unsigned value, cudaGraphConditionalNodeType type, unsigned size) {
    cudaGraphNodeParams params{};
    params.type = cudaGraphNodeTypeConditional;
    EXPECT_OK(cudaGraphConditionalHandleCreate(&params.conditional.handle, graph, value, cudaGraphCondAssignDefault));
    params.conditional.type = type;
    params.conditional.size = size;
    cudaGraphNode_t node = nullptr;
    EXPECT_OK(cudaGraphAddNode(&node, graph, nullptr, nullptr, 0, &params));
    for (unsigned i = 0; i < size; ++i) {
      cudaGraph_t body = params.conditional.phGraph_out[i];
      std::swap(graph, body);
      add_host(static_cast<int>(10 * value + i));
      std::swap(graph, body);
    }
  };
  add_condition(1, cudaGraphCondTypeIf, 2);
  add_condition(0, cudaGraphCondTypeIf, 2);
  add_condition(2, cudaGraphCondTypeSwitch, 3);
  add_condition(3, cudaGraphCondTypeWhile, 1);
  const cudaGraphExec_t executable = instantiate();
  launch(executable);
  EXPECT_EQ(order, (std::vector{10, 1, 22, 30}));
  EXPECT_OK(cudaGraphExecDestroy(executable));
  cudaGraph_t copy = nullptr;
  EXPECT_EQ(cudaGraphClone(&copy, graph), cudaErrorNotSupported);
}

TEST_F(Graphs, UserObjectsEndWithTheLastOfTheirHolders) {
  int destroyed = 0;
  cudaUserObject_t object = nullptr;
  const auto destroy = [](void* data) { ++*static_cast<int*>(data); };
  EXPECT_EQ(cudaUserObjectCreate(&object, &destroyed, destroy, 1, 0), cudaErrorInvalidValue) << "the flag is required";
  ASSERT_OK(cudaUserObjectCreate(&object, &destroyed, destroy, 2, cudaUserObjectNoDestructorSync));
  EXPECT_OK(cudaGraphRetainUserObject(graph, object, 1, cudaGraphUserObjectMove));
  const cudaGraphExec_t executable = instantiate();
  EXPECT_OK(cudaUserObjectRelease(object, 1));
  EXPECT_OK(cudaGraphReleaseUserObject(graph, object, 1));
  EXPECT_EQ(cudaGraphReleaseUserObject(graph, object, 1), cudaErrorInvalidValue);
  EXPECT_EQ(destroyed, 0) << "the executable holds it";
  EXPECT_OK(cudaGraphExecDestroy(executable));
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(cudaUserObjectRetain(object, 1), cudaErrorInvalidValue);
}

TEST_F(Graphs, MemoryNodesGiveAnAddressWhenAdded) {
  cudaMemAllocNodeParams params{};
  params.poolProps.allocType = cudaMemAllocationTypePinned;
  params.poolProps.location = {cudaMemLocationTypeDevice, {0}};
  params.bytesize = 1 << 20;
  cudaGraphNode_t allocate = nullptr, release = nullptr;
  ASSERT_OK(cudaGraphAddMemAllocNode(&allocate, graph, nullptr, 0, &params));
  cudaPointerAttributes attributes{};
  EXPECT_OK(cudaPointerGetAttributes(&attributes, params.dptr));
  EXPECT_EQ(attributes.type, cudaMemoryTypeDevice);
  EXPECT_OK(cudaGraphAddMemFreeNode(&release, graph, &allocate, 1, params.dptr));
  cudaGraphNodeType type{};
  EXPECT_OK(cudaGraphNodeGetType(release, &type));
  EXPECT_EQ(type, cudaGraphNodeTypeMemFree);
  const cudaGraphExec_t executable = instantiate();
  launch(executable);
  launch(executable);
  EXPECT_OK(cudaGraphExecDestroy(executable));
  cudaGraph_t copy = nullptr;
  EXPECT_EQ(cudaGraphClone(&copy, graph), cudaErrorNotSupported);
}

TEST_F(Graphs, ArePrintedForGraphviz) {
  const cudaGraphNode_t first = add_host(1);
  add_host(2, {first});
  const std::string path = testing::TempDir() + "headroom_graph_test.dot";
  EXPECT_OK(cudaGraphDebugDotPrint(graph, path.c_str(), 0));
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("digraph dot"));
  EXPECT_THAT(text.str(), HasSubstr("\"graph_0_node_0\" -> \"graph_0_node_1\""));
  std::remove(path.c_str());
  EXPECT_EQ(cudaGraphDebugDotPrint(graph, "/no/such/folder/graph.dot", 0), cudaErrorOperatingSystem);
}

TEST_F(Graphs, AreTheDriversToo) {
  ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
  add_host(1);
  const CUDA_HOST_NODE_PARAMS host{[](void* data) { static_cast<std::vector<int>*>(data)->push_back(2); }, &order};
  CUgraphNode nodes[2] = {}, extra = nullptr;
  std::size_t count = 1;
  EXPECT_EQ(cuGraphGetNodes(graph, nodes, &count), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphAddHostNode(&extra, graph, nodes, 1, &host), CUDA_SUCCESS);
  CUgraphNodeParams params{};
  params.type = CU_GRAPH_NODE_TYPE_KERNEL;
  params.kernel.func = static_cast<CUfunction>(const_cast<void*>(plain_kernel()));
  params.kernel.gridDimX = params.kernel.gridDimY = params.kernel.gridDimZ = 1;
  params.kernel.blockDimX = 64, params.kernel.blockDimY = params.kernel.blockDimZ = 1;
  EXPECT_EQ(cuGraphAddNode(&extra, graph, &extra, nullptr, 1, &params), CUDA_SUCCESS);
  CUDA_KERNEL_NODE_PARAMS kernel{};
  EXPECT_EQ(cuGraphKernelNodeGetParams(extra, &kernel), CUDA_SUCCESS);
  EXPECT_EQ(kernel.blockDimX, 64u);
  EXPECT_EQ(edge_count(graph), 2u);
  CUgraphExec executable = nullptr;
  EXPECT_EQ(cuGraphInstantiate(&executable, graph, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphLaunch(executable, stream.stream), CUDA_SUCCESS);
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_EQ(cuGraphExecDestroy(executable), CUDA_SUCCESS);
}

TEST(GraphHandles, StaleOnesAreErrors) {
  cudaGraph_t graph = nullptr;
  ASSERT_OK(cudaGraphCreate(&graph, 0));
  EXPECT_OK(cudaGraphDestroy(graph));
  std::size_t count = 0;
  EXPECT_EQ(cudaGraphDestroy(graph), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGraphGetNodes(graph, nullptr, &count), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGraphDestroy(nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGraphExecDestroy(nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGraphCreate(&graph, 1), cudaErrorInvalidValue);
  cudaGetLastError();
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
