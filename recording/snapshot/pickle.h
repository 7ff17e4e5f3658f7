// Reads a Python pickle that holds plain values alone: dictionaries, lists, tuples, texts, numbers, truth values and
// None, as CPython writes them in protocols 2 to 5. What would import or call anything is refused, by its name and
// offset, so that nothing a file says is ever run.
//
// One pass without recursion. Texts are views into the bytes; what else is kept grows linearly with them. Values are
// shared as the pickle shares them, and a hostile one may hold itself: whoever walks them must not follow them without
// an end.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

struct PickleValue {
  enum class Kind : std::uint8_t { none, boolean, integer, real, text, list, tuple, dict };

  Kind kind = Kind::none;
  std::uint32_t length = 0;  // of a text
  union {
    std::int64_t integer = 0;  // boolean, integer
    double real;
    const char* text;
    std::size_t container;  // list, tuple, dict: the same number is the same object
  };

  bool is_container() const { return kind == Kind::list || kind == Kind::tuple || kind == Kind::dict; }
  std::string_view as_text() const { return kind == Kind::text ? std::string_view(text, length) : std::string_view(); }
};

class Pickle {
 public:
  // `bytes` must outlive it. Throws bad_input, opening with `where`, on anything that is no such pickle.
  Pickle(std::string_view bytes, const std::string& where);

  const PickleValue& root() const { return root_; }

  // Of a list or a tuple its items, of a dictionary its keys and values in turn; nothing of other values.
  std::span<const PickleValue> items(const PickleValue& value) const;

  // The last value under the key; nullptr where `dict` is no dictionary or has none.
  const PickleValue* find(const PickleValue& dict, std::string_view key) const;

 private:
  friend class PickleReader;
  std::vector<std::vector<PickleValue>> containers_;
  PickleValue root_;
};

// Whether it begins like one.
bool looks_like_pickle(std::string_view bytes);

}  // namespace headroom
