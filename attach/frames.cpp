#include "attach/frames.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace headroom::attach {
namespace {

template <class Function>
Function* find(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// Python's C interface, as far as it is needed; the same from 3.10 on.
struct Python {
  int (*is_initialized)() = find<int()>("Py_IsInitialized");
  int (*is_finalizing)() = find<int()>("Py_IsFinalizing") ? find<int()>("Py_IsFinalizing") : find<int()>("_Py_IsFinalizing");
  int (*ensure)() = find<int()>("PyGILState_Ensure");
  void (*release)(int) = find<void(int)>("PyGILState_Release");
  void* (*thread_state)() = find<void*()>("PyGILState_GetThisThreadState");
  void* (*frame)() = find<void*()>("PyEval_GetFrame");
  void* (*back)(void*) = find<void*(void*)>("PyFrame_GetBack");
  void* (*code)(void*) = find<void*(void*)>("PyFrame_GetCode");
  int (*line)(void*) = find<int(void*)>("PyFrame_GetLineNumber");
  void* (*attribute)(void*, const char*) = find<void*(void*, const char*)>("PyObject_GetAttrString");
  const char* (*text)(void*) = find<const char*(void*)>("PyUnicode_AsUTF8");
  void (*acquire)(void*) = find<void(void*)>("Py_IncRef");
  void (*drop)(void*) = find<void(void*)>("Py_DecRef");
  void (*clear_error)() = find<void()>("PyErr_Clear");

  bool is_complete() const {
    return is_initialized && is_finalizing && ensure && release && thread_state && frame && back && code && line &&
           attribute && text && acquire && drop && clear_error;
  }
  // A thread that Python does not know has no frames; one that comes late would never get the lock.
  bool can_be_asked() const { return is_complete() && is_initialized() && !is_finalizing() && thread_state(); }
};

const Python& python() {
  static const Python functions;
  return functions;
}

std::string file_of(void* frame) {
  const Python& p = python();
  void* code = p.code(frame);
  void* name = code ? p.attribute(code, "co_filename") : nullptr;
  const char* text = name ? p.text(name) : nullptr;
  std::string file = text ? text : "";
  if (!text) p.clear_error();
  if (name) p.drop(name);
  if (code) p.drop(code);
  return file;
}

}  // namespace

Frames::Frames(std::vector<std::string> hidden) : hidden_(std::move(hidden)) {
  std::error_code error;
  working_folder_ = std::filesystem::current_path(error).string() + "/";
}

bool Frames::is_hidden(const std::string& file) const {
  return file.empty() || file.front() == '<' ||
         std::any_of(hidden_.begin(), hidden_.end(), [&](const auto& folder) { return file.starts_with(folder); });
}

std::string Frames::shown(const std::string& file) const {
  constexpr std::string_view kPackages = "/site-packages/";
  if (const auto at = file.rfind(kPackages); at != std::string::npos) return file.substr(at + kPackages.size());
  return file.starts_with(working_folder_) ? file.substr(working_folder_.size()) : file;
}

std::vector<std::string> Frames::lines(std::size_t limit) const {
  const Python& p = python();
  std::vector<std::string> lines;
  if (!p.can_be_asked()) return lines;
  const int state = p.ensure();
  void* frame = p.frame();
  if (frame) p.acquire(frame);
  while (frame) {
    if (const std::string file = file_of(frame); lines.size() < limit && !is_hidden(file))
      lines.push_back(fmt::format("{}:{}", shown(file), p.line(frame)));
    void* outer = lines.size() < limit ? p.back(frame) : nullptr;
    p.drop(frame);
    frame = outer;
  }
  p.release(state);
  return lines;
}

}  // namespace headroom::attach
