// The region of a layer, for whoever observes: what RECORD_USER_SCOPE(path) opens, as an object, so that regions nest
// in one function.
#pragma once

#include <ATen/record_function.h>

#include <string_view>

namespace headroom::models {

class Scope {
 public:
  // `path` must outlive the scope: observers keep a view of it.
  explicit Scope(std::string_view path) : record_(at::RecordScope::USER_SCOPE) {
    if (record_.isActive()) record_.before(path);
  }

 private:
  at::RecordFunction record_;
};

}  // namespace headroom::models
