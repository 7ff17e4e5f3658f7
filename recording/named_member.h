// Enums in JSON: a member that holds a name of an enum's table.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/names.h"

namespace headroom {

// Throws bad_input, opening with `where`, when `name` is not in the table.
template <class E, std::size_t N>
E parse_name(const std::array<Named<E>, N>& table, std::string_view what, std::string_view name,
             const std::string& where) {
  try {
    return from_name(table, what, name);
  } catch (const Error& error) {
    throw bad_input(where + ": " + error.what());
  }
}

// The enum that member `key` names; `key` is also what kind of thing it is.
template <class E, std::size_t N>
E named_member(const JsonReader& reader, const std::array<Named<E>, N>& table, std::string_view key,
               const std::string& where) {
  return parse_name(table, key, reader.string(key), where);
}

template <class E, std::size_t N>
E named_member_or(const JsonReader& reader, const std::array<Named<E>, N>& table, std::string_view key, E fallback,
                  const std::string& where) {
  return reader.has(key) ? named_member(reader, table, key, where) : fallback;
}

}  // namespace headroom
