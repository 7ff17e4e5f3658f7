#include <algorithm>
#include <climits>
#include <mutex>

#include "virtual_gpu/core/graph.h"

namespace headroom::virtual_gpu {

struct UserObject : Handled<0x55534552> {
  void* pointer = nullptr;
  cudaHostFn_t destroy = nullptr;
  std::atomic<unsigned> references{0};
};

namespace {

HandlePool<UserObject>& user_objects() {
  static auto& pool = *new HandlePool<UserObject>;
  return pool;
}

void release(UserObject& object, unsigned count) {
  if (object.references.fetch_sub(count) != count) return;
  const cudaHostFn_t destroy = object.destroy;
  void* pointer = object.pointer;
  user_objects().destroy(&object);
  destroy(pointer);
}

auto find(Graph& graph, const UserObject* object) {
  return std::find_if(graph.user_objects.begin(), graph.user_objects.end(),
                      [&](const auto& held) { return held.first == object; });
}

bool valid_count(unsigned count) { return count > 0 && count <= INT_MAX; }

}  // namespace

cudaError_t create_user_object(cudaUserObject_t* out, void* pointer, cudaHostFn_t destroy, unsigned references,
                               unsigned flags) {
  if (out == nullptr || destroy == nullptr || !valid_count(references) || flags != cudaUserObjectNoDestructorSync)
    return cudaErrorInvalidValue;
  UserObject* object = user_objects().create();
  object->pointer = pointer;
  object->destroy = destroy;
  object->references = references;
  *out = reinterpret_cast<cudaUserObject_t>(object);
  return cudaSuccess;
}

cudaError_t retain_user_object(cudaUserObject_t handle, unsigned count) {
  UserObject* object = live<UserObject>(handle);
  if (object == nullptr || !valid_count(count)) return cudaErrorInvalidValue;
  object->references += count;
  return cudaSuccess;
}

cudaError_t release_user_object(cudaUserObject_t handle, unsigned count) {
  UserObject* object = live<UserObject>(handle);
  if (object == nullptr || !valid_count(count) || count > object->references) return cudaErrorInvalidValue;
  release(*object, count);
  return cudaSuccess;
}

cudaError_t graph_retain_user_object(cudaGraph_t graph_handle, cudaUserObject_t handle, unsigned count,
                                     unsigned flags) {
  Graph* graph = live<Graph>(graph_handle);
  UserObject* object = live<UserObject>(handle);
  if (graph == nullptr || object == nullptr || !valid_count(count) || flags > cudaGraphUserObjectMove)
    return cudaErrorInvalidValue;
  if (flags != cudaGraphUserObjectMove) object->references += count;
  if (const auto held = find(*graph, object); held != graph->user_objects.end())
    held->second += count;
  else
    graph->user_objects.emplace_back(object, count);
  return cudaSuccess;
}

cudaError_t graph_release_user_object(cudaGraph_t graph_handle, cudaUserObject_t handle, unsigned count) {
  Graph* graph = live<Graph>(graph_handle);
  UserObject* object = live<UserObject>(handle);
  if (graph == nullptr || object == nullptr) return cudaErrorInvalidValue;
  const auto held = find(*graph, object);
  if (held == graph->user_objects.end() || !valid_count(count) || count > held->second) return cudaErrorInvalidValue;
  held->second -= count;
  if (held->second == 0) graph->user_objects.erase(held);
  release(*object, count);
  return cudaSuccess;
}

void share_user_objects(const Graph& from, Graph& to) {
  for (const auto& [object, count] : from.user_objects) {
    object->references += 1;
    to.user_objects.emplace_back(object, 1);
  }
}

void drop_user_objects(Graph& graph) {
  const auto held = std::move(graph.user_objects);
  graph.user_objects.clear();
  for (const auto& [object, count] : held) release(*object, count);
}

}  // namespace headroom::virtual_gpu
