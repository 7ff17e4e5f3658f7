// Writes Python objects as a pickle of protocol 4, with the few opcodes that PyTorch's snapshot page reads, too: no
// classes, no arrays, nothing that runs code when it is loaded. One pass, appending to one string.
//
// Lists and dictionaries are begun and ended; between the two come items, or keys and values in turn:
//   pickle.begin_dict();
//   pickle.text("size");
//   pickle.integer(512);
//   pickle.end_dict();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace headroom {

class PickleWriter {
 public:
  PickleWriter();

  void integer(std::int64_t value);
  void address(std::uint64_t value);
  void boolean(bool value);
  void text(std::string_view utf8);  // written once; a later one of the same text refers to it. Must be valid UTF-8

  // A key of a dictionary with its value.
  void member(std::string_view key, std::int64_t value);
  void member(std::string_view key, std::string_view value);
  void member(std::string_view key, const char* value) { member(key, std::string_view(value)); }
  void flag(std::string_view key, bool value);
  void place(std::string_view key, std::uint64_t address);

  void begin_dict();
  void end_dict();

  void begin_list();
  void end_item();  // after each item of a list
  void pair();      // the last two values become a tuple

  // The value just written, to be written again as the same object.
  std::uint32_t remember();
  void recall(std::uint32_t remembered);

  std::string finish();  // the whole; the writer is spent

 private:
  void opcode(char code) { out_ += code; }
  void little_endian(std::uint64_t value, int bytes);

  std::string out_;
  std::unordered_map<std::string, std::uint32_t> texts_;
  std::uint32_t remembered_count_ = 0;
};

}  // namespace headroom
