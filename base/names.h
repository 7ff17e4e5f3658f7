// Enums and their names share one table that command line, JSON and reports read.
//
// A table is a constexpr std::array<Named<E>, N>; `to_name` and `from_name` work on it. An unknown name is
// answered with the nearest known one and the whole list.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace headroom {

template <class E>
struct Named {
  E value;
  std::string_view name;
};

// The known name with the smallest edit distance to `name` (insertions, deletions, substitutions and swaps of
// neighbours, regardless of case), as long as at most a third of the letters differ; else the first known name that
// `name` begins ("llama" for "llama-7b"); else empty.
std::string nearest_name(std::string_view name, const std::vector<std::string_view>& known);

// "unknown WHAT 'NAME'; did you mean 'X'? Known: a, b, c"
std::string unknown_name_message(std::string_view what, std::string_view name,
                                 const std::vector<std::string_view>& known);

// Of names too many for one line: "unknown WHAT 'NAME'; did you mean 'X'? LISTING shows all 84".
std::string unknown_name_message(std::string_view what, std::string_view name,
                                 const std::vector<std::string_view>& known, std::string_view listing);

template <class E, std::size_t N>
std::string_view to_name(const std::array<Named<E>, N>& table, E value) {
  for (const auto& row : table)
    if (row.value == value) return row.name;
  return "?";
}

// Throws bad_input when `name` is not in the table. `what` names the kind of thing, e.g. "dtype".
template <class E, std::size_t N>
E from_name(const std::array<Named<E>, N>& table, std::string_view what, std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& row : table) {
    if (row.name == name) return row.value;
    known.push_back(row.name);
  }
  throw bad_input(unknown_name_message(what, name, known));
}

}  // namespace headroom
