#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>

#include "virtual_gpu/core/graph.h"

namespace headroom::virtual_gpu {
namespace {

const char* type_name(cudaGraphNodeType type) {
  constexpr const char* names[] = {"KERNEL",       "MEMCPY", "MEMSET", "HOST",      "GRAPH",    "EMPTY", "WAIT_EVENT",
                                   "EVENT_RECORD", "SIGNAL", "WAIT",   "MEM_ALLOC", "MEM_FREE", "",      "CONDITIONAL"};
  return names[type];
}

std::string escaped(const char* text) {
  std::string out;
  for (; *text != '\0'; ++text) {
    if (*text == '"' || *text == '\\' || *text == '{' || *text == '}' || *text == '<' || *text == '>') out += '\\';
    out += *text;
  }
  return out;
}

struct Writer {
  std::FILE* file;
  int graph_count = 0;

  void write(const Graph& graph) {
    const int number = graph_count++;
    std::fprintf(file, "subgraph cluster_%d {\nlabel=\"graph_%d\" graph[style=\"dashed\"];\n", number, number);
    std::unordered_map<const Node*, std::size_t> places;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const Node& node = *graph.nodes[i];
      places[&node] = i;
      const std::string name = node.work.name == nullptr ? "" : "\\n" + escaped(node.work.name);
      std::fprintf(file, "\"graph_%d_node_%zu\"[style=\"solid\" shape=\"rectangle\" label=\"%zu %s%s\"];\n", number, i,
                   i, type_name(node.type), name.c_str());
    }
    for (std::size_t i = 0; i < graph.nodes.size(); ++i)
      for (const Node* dependency : graph.nodes[i]->dependencies)
        std::fprintf(file, "\"graph_%d_node_%zu\" -> \"graph_%d_node_%zu\";\n", number, places[dependency], number, i);
    std::fprintf(file, "}\n");
    for (const Node* node : graph.nodes)
      for (cudaGraph_t body : node->bodies) write(*live<Graph>(body));
  }
};

}  // namespace

cudaError_t print_graph(cudaGraph_t handle_of_graph, const char* path) {
  const Graph* graph = live<Graph>(handle_of_graph);
  if (graph == nullptr || path == nullptr) return cudaErrorInvalidValue;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "w"), std::fclose);
  if (file == nullptr) return cudaErrorOperatingSystem;
  std::fprintf(file.get(), "digraph dot {\n");
  Writer{file.get()}.write(*graph);
  std::fprintf(file.get(), "}\n");
  return cudaSuccess;
}

}  // namespace headroom::virtual_gpu
