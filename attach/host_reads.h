// Values that the program read from the device though nobody ever computed them: what was given instead, where, and how
// often. Each place makes one assumption of the recording.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "recording/recording.h"

namespace headroom::attach {

// A value that the user states for a place: "train.py:42", or an operator, "aten::nonzero".
struct StatedValue {
  std::string place;
  double value = 0;
};

struct HostRead {
  void* destination = nullptr;
  std::size_t bytes = 0;
  int device = 0;
  std::string outer_operator, inner_operator;          // "aten::item", "aten::_local_scalar_dense"
  c10::ScalarType type = c10::ScalarType::Undefined;   // Undefined: a count or a size of the operator's own
  std::vector<std::string> lines;                      // of the program, innermost first
  LayerId layer{};
};

class HostReads {
 public:
  // `note(device, note)` is told of a place when it is new and whenever its count doubles.
  HostReads(std::vector<StatedValue> values, std::function<void(int, const Json&)> note);

  void on_read(const HostRead& read);  // fills in what was stated
  void finish();                       // notes the final counts

 private:
  struct Place {
    std::string what;   // "train.py:42: aten::item read a float"
    std::string given;  // "0 was given; state it with --value …"
    int device = 0;
    LayerId layer{};
    std::int64_t count = 0;
  };
  const StatedValue* stated_for(const HostRead& read) const;
  void note_place(const std::string& key, const Place& place, bool final) const;

  const std::vector<StatedValue> values_;
  const std::function<void(int, const Json&)> note_;
  std::mutex mutex_;
  std::map<std::string, Place> places_;
};

// Writes `value` over `bytes` bytes at `destination`, as so many elements of `type` (Undefined: integers of that width).
void write_value(void* destination, std::size_t bytes, c10::ScalarType type, double value);

}  // namespace headroom::attach
