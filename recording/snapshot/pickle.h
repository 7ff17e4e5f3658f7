// Reads a Python pickle that holds plain values alone: dictionaries, lists, tuples, texts, numbers, truth values and
// None, as CPython writes them in protocols 2 to 5. What would import or call anything is refused, by its name and
// offset, so that nothing a file says is ever run.
//
// One pass without recursion. Texts are views into the bytes; what else is kept grows linearly with them. Values are
// shared as the pickle shares them, and a hostile one may hold itself: whoever walks them must not follow them without
// an end.
//
// A snapshot has millions of dictionaries and a handful of sets of keys. Keys are kept once for each set, its shape,
// and a dictionary is a row of values: half the memory, and a member is found by its place (PickleKey).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
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

  // Of a list or a tuple its items; nothing of other values.
  std::span<const PickleValue> items(const PickleValue& value) const;

  // The last value under the key; nullptr where `dict` is no dictionary or has none.
  const PickleValue* find(const PickleValue& dict, std::string_view key) const;

 private:
  friend class PickleReader;
  friend class PickleKey;

  // Of a shaped dictionary the values in the order of its shape's keys, of others keys and values in turn.
  struct Container {
    PickleValue* items = nullptr;
    std::uint32_t count = 0, room = 0;
  };
  static constexpr std::uint32_t kShaped = std::uint32_t{1} << 31;  // in `room`, beside the number of the shape
  using Shape = std::vector<PickleValue>;                           // keys

  static bool is_shaped(const Container& container) { return (container.room & kShaped) != 0; }
  const Shape& shape_of(const Container& container) const { return shapes_[container.room & ~kShaped]; }

  std::deque<Container> containers_;  // millions: to grow moves none of them
  std::vector<Shape> shapes_;
  std::vector<std::unique_ptr<PickleValue[]>> rooms_;  // where the items lie
  PickleValue root_;
};

// A key that is looked up in many dictionaries of one pickle, which must outlive it.
class PickleKey {
 public:
  PickleKey(const Pickle& pickle, std::string_view name);  // which must outlive it, too
  std::string_view name() const { return name_; }
  const PickleValue* in(const PickleValue& dict) const;  // as Pickle::find()

  // What stands for values that are absent or of another kind.
  std::int64_t integer_or(const PickleValue& dict, std::int64_t fallback) const;
  std::string_view text_or(const PickleValue& dict, std::string_view fallback) const;

 private:
  const Pickle& pickle_;
  std::string_view name_;
  std::vector<std::uint8_t> place_;  // among the values of each shape
};

// Whether it begins like one.
bool looks_like_pickle(std::string_view bytes);

}  // namespace headroom
