#include "recording/snapshot/pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"

namespace headroom {
namespace {

using Kind = PickleValue::Kind;

enum Opcode : std::uint8_t {
  MARK = '(',
  STOP = '.',
  BINFLOAT = 'G',
  BININT = 'J',
  BININT1 = 'K',
  BININT2 = 'M',
  NONE = 'N',
  BINUNICODE = 'X',
  APPEND = 'a',
  APPENDS = 'e',
  DICT = 'd',
  EMPTY_DICT = '}',
  EMPTY_LIST = ']',
  EMPTY_TUPLE = ')',
  BINGET = 'h',
  LONG_BINGET = 'j',
  LIST = 'l',
  BINPUT = 'q',
  LONG_BINPUT = 'r',
  SETITEM = 's',
  SETITEMS = 'u',
  TUPLE = 't',
  PROTO = 0x80,
  TUPLE1 = 0x85,
  TUPLE2 = 0x86,
  TUPLE3 = 0x87,
  NEWTRUE = 0x88,
  NEWFALSE = 0x89,
  LONG1 = 0x8a,
  LONG4 = 0x8b,
  SHORT_BINUNICODE = 0x8c,
  BINUNICODE8 = 0x8d,
  MEMOIZE = 0x94,
  FRAME = 0x95
};

struct Refused {
  std::uint8_t code;
  const char* name;
};

// Opcodes that Python knows and a snapshot has no use for.
constexpr std::array kRefused{Refused{'c', "GLOBAL"},       Refused{'R', "REDUCE"},
                              Refused{'b', "BUILD"},        Refused{'i', "INST"},
                              Refused{'o', "OBJ"},          Refused{0x81, "NEWOBJ"},
                              Refused{0x92, "NEWOBJ_EX"},   Refused{0x93, "STACK_GLOBAL"},
                              Refused{0x82, "EXT1"},        Refused{0x83, "EXT2"},
                              Refused{0x84, "EXT4"},        Refused{'P', "PERSID"},
                              Refused{'Q', "BINPERSID"},    Refused{0x96, "BYTEARRAY8"},
                              Refused{0x97, "NEXT_BUFFER"}, Refused{0x98, "READONLY_BUFFER"},
                              Refused{0x8f, "EMPTY_SET"},   Refused{0x90, "ADDITEMS"},
                              Refused{0x91, "FROZENSET"},   Refused{'C', "SHORT_BINBYTES"},
                              Refused{'B', "BINBYTES"},     Refused{0x8e, "BINBYTES8"},
                              Refused{'I', "INT"},          Refused{'L', "LONG"},
                              Refused{'F', "FLOAT"},        Refused{'S', "STRING"},
                              Refused{'T', "BINSTRING"},    Refused{'U', "SHORT_BINSTRING"},
                              Refused{'V', "UNICODE"},      Refused{'g', "GET"},
                              Refused{'p', "PUT"},          Refused{'0', "POP"},
                              Refused{'1', "POP_MARK"},     Refused{'2', "DUP"}};

constexpr int kLowestProtocol = 2, kHighestProtocol = 5;
// A collection may be written in one byte and takes many times that: those of a snapshot have this much in them.
constexpr std::size_t kLeastBytesOfContainer = 8, kContainersOfAnySize = 1024;
constexpr std::size_t kMostMarks = 64;  // a snapshot opens six at once
// Sets of keys that are kept once, and keys of each. A snapshot has a dozen of a dozen; what is beyond has its own
// keys.
constexpr std::size_t kMostShapes = 256, kMostKeys = 64;
constexpr std::uint8_t kNowhere = 255;                    // in a shape
constexpr std::size_t kRoom = std::size_t{1} << 15;       // values for which room is made at once
constexpr std::size_t kMostItems = std::size_t{1} << 30;  // of one collection

std::string opcode_text(std::uint8_t code) {
  const auto found = std::ranges::find(kRefused, code, &Refused::code);
  return found == kRefused.end() ? fmt::format("no opcode of Python's, 0x{:02x},", code)
                                 : fmt::format("the opcode {}", found->name);
}

PickleValue integer_of(std::int64_t value, Kind kind = Kind::integer) {
  PickleValue out;
  out.kind = kind;
  out.integer = value;
  return out;
}

// The shapes of a pickle, found by their keys.
class ShapeFinder {
 public:
  explicit ShapeFinder(std::vector<std::vector<PickleValue>>& shapes) : shapes_(shapes) {}

  // Of `count` keys and values in turn; nothing where there are too many shapes.
  std::optional<std::uint32_t> number_of(const PickleValue* values, std::size_t count) {
    const std::uint64_t hash = hash_of(values, count);
    for (std::size_t shape = 0; shape < shapes_.size(); ++shape)
      if (hashes_[shape] == hash && is_of(shapes_[shape], values, count)) return static_cast<std::uint32_t>(shape);
    if (shapes_.size() == kMostShapes) return std::nullopt;
    std::vector<PickleValue>& keys = shapes_.emplace_back();
    for (std::size_t i = 0; i < count; i += 2) keys.push_back(values[i]);
    hashes_.push_back(hash);
    return static_cast<std::uint32_t>(shapes_.size() - 1);
  }

 private:
  static std::uint64_t hash_of(const PickleValue* values, std::size_t count) {
    std::uint64_t hash = count;
    for (std::size_t i = 0; i < count; i += 2) {
      const PickleValue& key = values[i];
      std::uint64_t beginning = 0;
      if (key.kind == Kind::text) std::memcpy(&beginning, key.text, std::min<std::size_t>(key.length, 8));
      hash = (hash ^ beginning ^ std::uint64_t{key.length} << 56) * 0x9e3779b97f4a7c15u;
      hash ^= hash >> 29;
    }
    return hash;
  }

  static bool is_of(const std::vector<PickleValue>& keys, const PickleValue* values, std::size_t count) {
    if (keys.size() != count / 2) return false;
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (!is_same(keys[i], values[2 * i])) return false;
    return true;
  }

  static bool is_same(const PickleValue& a, const PickleValue& b) {
    if (a.kind != b.kind || a.length != b.length) return false;
    if (a.kind == Kind::text) return a.text == b.text || std::memcmp(a.text, b.text, a.length) == 0;
    return a.integer == b.integer;  // whatever it is, in all its bits
  }

  std::vector<std::vector<PickleValue>>& shapes_;
  std::vector<std::uint64_t> hashes_;
};

}  // namespace

// A stack machine, as every reader of pickles is.
class PickleReader {
 public:
  PickleReader(std::string_view bytes, const std::string& where, Pickle& out)
      : bytes_(bytes), where_(where), pickle_(out), containers_(out.containers_), shapes_(out.shapes_) {}

  PickleValue read() {
    if (next_byte() != PROTO) fail_at(0, "it does not begin as a pickle of protocol 2 or later does");
    if (const int protocol = next_byte(); protocol < kLowestProtocol || protocol > kHighestProtocol)
      fail_at(1, fmt::format("it is of protocol {}, expected {} to {}", protocol, kLowestProtocol, kHighestProtocol));
    do begin_ = at_;
    while (take(next_byte()));
    if (stack_.size() != 1 || !marks_.empty()) fail("it ends with more or less than one value");
    return stack_.back();
  }

 private:
  [[noreturn]] void fail_at(std::size_t offset, const std::string& what) const {
    throw bad_input(fmt::format("{}: not a pickle of plain values: at byte {}, {}", where_, offset, what));
  }
  [[noreturn]] void fail(const std::string& what) const { fail_at(begin_, what); }

  // False at the end.
  bool take(std::uint8_t code) {
    if (code == STOP) return false;
    if (!take_scalar(code) && !take_container(code) && !take_memo(code))
      fail(opcode_text(code) + " is refused; a snapshot holds plain values alone");
    return true;
  }

  bool take_scalar(std::uint8_t code) {
    switch (code) {
      case NONE:
        return push({});
      case NEWTRUE:
        return push(integer_of(1, Kind::boolean));
      case NEWFALSE:
        return push(integer_of(0, Kind::boolean));
      case BININT1:
        return push(integer_of(next_byte()));
      case BININT2:
        return push(integer_of(static_cast<std::int64_t>(unsigned_number(2))));
      case BININT:
        return push(integer_of(static_cast<std::int32_t>(unsigned_number(4))));
      case LONG1:
        return push(integer_of(long_number(next_byte())));
      case LONG4:
        return push(integer_of(long_number(unsigned_number(4))));
      case BINFLOAT:
        return push_real();
      case SHORT_BINUNICODE:
        return push_text(next_byte());
      case BINUNICODE:
        return push_text(unsigned_number(4));
      case BINUNICODE8:
        return push_text(unsigned_number(8));
      default:
        return false;
    }
  }

  bool take_container(std::uint8_t code) {
    switch (code) {
      case MARK:
        return push_mark();
      case EMPTY_DICT:
        return push_container(Kind::dict, 0);
      case EMPTY_LIST:
        return push_container(Kind::list, 0);
      case EMPTY_TUPLE:
        return push_container(Kind::tuple, 0);
      case TUPLE1:
        return push_container(Kind::tuple, 1);
      case TUPLE2:
        return push_container(Kind::tuple, 2);
      case TUPLE3:
        return push_container(Kind::tuple, 3);
      case TUPLE:
        return push_container(Kind::tuple, above_mark());
      case LIST:
        return push_container(Kind::list, above_mark());
      case DICT:
        return push_container(Kind::dict, even(above_mark()));
      case APPEND:
        return extend(Kind::list, 1);
      case APPENDS:
        return extend(Kind::list, above_mark());
      case SETITEM:
        return extend(Kind::dict, 2);
      case SETITEMS:
        return extend(Kind::dict, even(above_mark()));
      default:
        return false;
    }
  }

  bool take_memo(std::uint8_t code) {
    switch (code) {
      case FRAME:
        unsigned_number(8);
        return true;  // only says how much a reader of streams may fetch at once
      case MEMOIZE:
        return remember(memo_.size());
      case BINPUT:
        return remember(next_byte());
      case LONG_BINPUT:
        return remember(unsigned_number(4));
      case BINGET:
        return recall(next_byte());
      case LONG_BINGET:
        return recall(unsigned_number(4));
      default:
        return false;
    }
  }

  std::string_view next(std::uint64_t count) {
    if (count > bytes_.size() - at_) fail("it is cut short");
    at_ += static_cast<std::size_t>(count);
    return {bytes_.data() + at_ - count, static_cast<std::size_t>(count)};
  }
  std::uint8_t next_byte() { return static_cast<std::uint8_t>(next(1)[0]); }

  std::uint64_t unsigned_number(std::size_t width) {
    const std::string_view digits = next(width);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value |= std::uint64_t{static_cast<unsigned char>(digits[i])} << (8 * i);
    return value;
  }

  // In two's complement. An address of the highest half of 64 bits needs a ninth byte, and keeps its bits.
  std::int64_t long_number(std::uint64_t width) {
    if (width == 0) return 0;
    const bool is_high_address = width == 9 && at_ + 9 <= bytes_.size() && bytes_[at_ + 8] == '\0';
    if (width > 8 && !is_high_address)
      fail(fmt::format("a number of {} bytes is larger than any of a snapshot", width));
    const auto shown = static_cast<std::size_t>(std::min<std::uint64_t>(width, 8));
    std::uint64_t value = unsigned_number(shown);
    if (width == 9) next_byte();
    const std::size_t spare = 64 - 8 * shown;
    return static_cast<std::int64_t>(value << spare) >> spare;
  }

  bool push(const PickleValue& value) {
    stack_.push_back(value);
    return true;
  }

  bool push_real() {
    const std::string_view digits = next(8);  // the only number with its highest byte first
    std::uint64_t bits = 0;
    for (const char digit : digits) bits = bits << 8 | static_cast<unsigned char>(digit);
    PickleValue value;
    value.kind = Kind::real;
    value.real = std::bit_cast<double>(bits);
    return push(value);
  }

  bool push_text(std::uint64_t length) {
    const std::string_view text = next(length);
    if (length > std::numeric_limits<std::uint32_t>::max()) fail("a text is longer than any of a snapshot");
    PickleValue value;
    value.kind = Kind::text;
    value.length = static_cast<std::uint32_t>(length);
    value.text = text.data();
    return push(value);
  }

  bool push_mark() {
    if (marks_.size() >= kMostMarks) fail(fmt::format("more than {} collections are open at once", kMostMarks));
    marks_.push_back(stack_.size());
    return true;
  }

  std::size_t above_mark() {
    if (marks_.empty()) fail("a collection ends that never began");
    const std::size_t count = stack_.size() - marks_.back();
    marks_.pop_back();
    return count;
  }

  std::size_t even(std::size_t count) const {
    if (count % 2 != 0) fail("a key of a dictionary has no value");
    return count;
  }

  // How many values may be taken: not those below an open mark.
  void require(std::size_t count) const {
    if (stack_.size() - (marks_.empty() ? 0 : marks_.back()) < count) fail("a value is missing");
  }

  bool push_container(Kind kind, std::size_t count) {
    require(count);
    if (containers_.size() > most_containers_) fail("it has more collections than a snapshot of its size");
    Pickle::Container container;
    fill(container, kind, count);
    containers_.push_back(container);
    PickleValue value;
    value.kind = kind;
    value.container = containers_.size() - 1;
    return push(value);
  }

  bool extend(Kind kind, std::size_t count) {
    require(count + 1);
    const PickleValue& target = stack_[stack_.size() - count - 1];
    if (target.kind != kind) fail("something is added to what is no list or dictionary");
    fill(containers_[target.container], kind, count);
    return true;
  }

  // The last `count` values of the stack into a collection.
  void fill(Pickle::Container& container, Kind kind, std::size_t count) {
    if (count == 0) return;
    const PickleValue* values = stack_.data() + stack_.size() - count;
    if (kind != Kind::dict || container.room != 0 || !shape(container, values, count))
      std::copy_n(values, count, more_room(container, count));
    stack_.resize(stack_.size() - count);
  }

  // False where such keys are not kept once: there are too many of them.
  bool shape(Pickle::Container& container, const PickleValue* values, std::size_t count) {
    if (count / 2 > kMostKeys) return false;
    const std::optional<std::uint32_t> number = shapes_.number_of(values, count);
    if (!number) return false;
    container = {new_room(count / 2), static_cast<std::uint32_t>(count / 2), Pickle::kShaped | *number};
    for (std::size_t i = 0; i < count / 2; ++i) container.items[i] = values[2 * i + 1];
    return true;
  }

  // What is larger than a room has one of its own, which is given back when it moves.
  PickleValue* new_room(std::size_t count) {
    if (count <= left_) {
      left_ -= count;
      return std::exchange(next_, next_ + count);
    }
    PickleValue* room = pickle_.rooms_.emplace_back(std::make_unique<PickleValue[]>(std::max(count, kRoom))).get();
    if (count <= kRoom) next_ = room + count, left_ = kRoom - count;
    return room;
  }

  void give_back(const Pickle::Container& container) {
    if (container.room > kRoom)
      std::erase_if(pickle_.rooms_, [&](const auto& room) { return room.get() == container.items; });
  }

  // Where as many more go. What is added to again grows by half at least, so that each value moves a few times alone.
  PickleValue* more_room(Pickle::Container& container, std::size_t count) {
    unshape(container);
    const std::size_t wanted = container.count + count;
    if (wanted > kMostItems) fail("a collection is larger than any of a snapshot");
    if (wanted > container.room) {
      const std::size_t room = container.room == 0 ? wanted : std::max(wanted, std::size_t{container.room} * 3 / 2);
      PickleValue* items = new_room(room);
      std::copy_n(container.items, container.count, items);
      give_back(container);
      container.items = items;
      container.room = static_cast<std::uint32_t>(room);
    }
    PickleValue* end = container.items + container.count;
    container.count = static_cast<std::uint32_t>(wanted);
    return end;
  }

  // A dictionary to which something is added later gets its keys back.
  void unshape(Pickle::Container& container) {
    if (!Pickle::is_shaped(container)) return;
    const Pickle::Shape& keys = pickle_.shape_of(container);
    PickleValue* items = new_room(2 * keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) items[2 * i] = keys[i], items[2 * i + 1] = container.items[i];
    container = {items, 2 * container.count, 2 * container.count};
  }

  bool remember(std::uint64_t number) {
    require(1);
    if (number > memo_.size()) fail("values are remembered out of order");
    if (number == memo_.size()) memo_.emplace_back();
    memo_[static_cast<std::size_t>(number)] = stack_.back();
    return true;
  }

  bool recall(std::uint64_t number) {
    if (number >= memo_.size()) fail("a value is recalled that was never remembered");
    return push(memo_[static_cast<std::size_t>(number)]);
  }

  const std::string_view bytes_;
  const std::string& where_;
  Pickle& pickle_;
  std::deque<Pickle::Container>& containers_;
  ShapeFinder shapes_;
  PickleValue* next_ = nullptr;  // free room, of so many values
  std::size_t left_ = 0;
  const std::size_t most_containers_ = bytes_.size() / kLeastBytesOfContainer + kContainersOfAnySize;
  std::size_t at_ = 0, begin_ = 0;  // the next byte; the opcode being taken
  std::vector<PickleValue> stack_, memo_;
  std::vector<std::size_t> marks_;
};

Pickle::Pickle(std::string_view bytes, const std::string& where) { root_ = PickleReader(bytes, where, *this).read(); }

std::span<const PickleValue> Pickle::items(const PickleValue& value) const {
  if (value.kind != Kind::list && value.kind != Kind::tuple) return {};
  const Container& container = containers_[value.container];
  return {container.items, container.count};
}

const PickleValue* Pickle::find(const PickleValue& dict, std::string_view key) const {
  if (dict.kind != Kind::dict) return nullptr;
  const Container& container = containers_[dict.container];
  const bool shaped = is_shaped(container);
  const PickleValue* keys = shaped ? shape_of(container).data() : container.items;
  const std::size_t step = shaped ? 1 : 2, count = container.count / step;
  for (std::size_t i = count; i-- > 0;)
    if (keys[i * step].kind == Kind::text && keys[i * step].as_text() == key)
      return &container.items[shaped ? i : 2 * i + 1];
  return nullptr;
}

PickleKey::PickleKey(const Pickle& pickle, std::string_view name) : pickle_(pickle), name_(name) {
  for (const Pickle::Shape& shape : pickle.shapes_) {
    place_.push_back(kNowhere);
    for (std::size_t i = 0; i < shape.size(); ++i)
      if (shape[i].kind == Kind::text && shape[i].as_text() == name) place_.back() = static_cast<std::uint8_t>(i);
  }
}

const PickleValue* PickleKey::in(const PickleValue& dict) const {
  if (dict.kind != Kind::dict) return nullptr;
  const Pickle::Container& container = pickle_.containers_[dict.container];
  if (!Pickle::is_shaped(container)) return pickle_.find(dict, name_);
  const std::uint8_t place = place_[container.room & ~Pickle::kShaped];
  return place == kNowhere ? nullptr : &container.items[place];
}

std::int64_t PickleKey::integer_or(const PickleValue& dict, std::int64_t fallback) const {
  const PickleValue* value = in(dict);
  return value == nullptr || value->kind != Kind::integer ? fallback : value->integer;
}

std::string_view PickleKey::text_or(const PickleValue& dict, std::string_view fallback) const {
  const PickleValue* value = in(dict);
  return value == nullptr || value->kind != Kind::text ? fallback : value->as_text();
}

bool looks_like_pickle(std::string_view bytes) {
  return bytes.size() >= 2 && static_cast<std::uint8_t>(bytes[0]) == PROTO && bytes[1] >= kLowestProtocol &&
         bytes[1] <= kHighestProtocol;
}

}  // namespace headroom
