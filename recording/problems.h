// What verify() collects.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace headroom {

// Sentences, at most a few of each kind: one broken promise may break at every event.
class Problems {
 public:
  template <class... T>
  void add(const char* kind, fmt::format_string<T...> format, T&&... values) {
    if (++counts_[kind] <= kShown) sentences_.push_back(fmt::format(format, std::forward<T>(values)...));
  }
  std::vector<std::string> take() {
    for (const auto& [kind, count] : counts_)
      if (count > kShown) sentences_.push_back(fmt::format("{} more of the kind: {}", count - kShown, kind));
    return std::move(sentences_);
  }

 private:
  static constexpr int kShown = 3;
  std::map<std::string, int> counts_;
  std::vector<std::string> sentences_;
};

template <class T>
constexpr std::int64_t number(T value) {
  return static_cast<std::int64_t>(value);
}

}  // namespace headroom
