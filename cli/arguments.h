// Values of flags, from text: strict, with one sentence on what was wrong and what would be right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "recording/recording.h"

namespace headroom::cli {

std::int64_t parse_integer(std::string_view flag, std::string_view text, std::int64_t low,
                           std::int64_t high = INT64_MAX);
double parse_number(std::string_view flag, std::string_view text);

// Bytes: "600MiB", "1.5GiB", "1048576"; units are B, KiB, MiB, GiB, TiB. Rounded to whole bytes.
std::int64_t parse_size(std::string_view flag, std::string_view text);

// Of what holds bytes at a peak: "activation". Throws bad_input, beginning with `where`.
Category parse_category(std::string_view where, std::string_view text);

// "a,b,c": no empty item, none twice.
std::vector<std::string> parse_list(std::string_view flag, std::string_view text);

// "train or forward": for help texts.
std::string alternatives(const std::vector<std::string_view>& names);

template <class E, std::size_t N>
std::string alternatives(const std::array<Named<E>, N>& table) {
  std::vector<std::string_view> names;
  for (const auto& row : table) names.push_back(row.name);
  return alternatives(names);
}

}  // namespace headroom::cli
