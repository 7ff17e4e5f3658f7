// The notes of a journal as tables, and what a recording makes of them: layers with one tree of paths, parameters with unique
// names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "recording/activity_rows.h"
#include "recording/recording.h"

namespace headroom {

struct JournalNotes {
  struct Root {
    std::string name;
    bool has_parameters = false;
  };
  struct LayerNote {
    std::string path;  // within its root
    std::size_t parent = 0, root = 0;
    LayerKind kind = LayerKind::other;
  };
  struct ParameterNote {
    ParameterRecord record;  // layer: of the journal
    std::size_t root = 0, shared_root = 0;
  };
  struct End {
    std::int64_t allocated_bytes = 0, reserved_bytes = 0;
  };

  std::string device, program;
  Environment environment;
  std::vector<std::string> strings{""};
  std::vector<Root> roots;
  std::vector<LayerNote> layers{{}};  // the first stands for the model
  std::map<std::pair<std::size_t, std::string>, std::size_t> parameter_places;
  std::vector<std::optional<ParameterNote>> parameters;
  struct Assumption {
    std::string key, sentence;
    std::size_t layer = 0;
  };
  std::vector<Assumption> assumptions;
  std::optional<Outcome> out_of_memory, outcome;
  std::int64_t out_of_memory_count = 0;
  std::uint64_t out_of_memory_row = 0;  // rows before the last of them
  std::size_t out_of_memory_layer = 0;
  std::optional<End> end;
  bool trains = false;
  std::uint64_t start_realtime_ns = 0;
  DeviceActivity activity;  // its samples count rows instead of events, the layers of its DRAM traffic are the journal's
  ActivityTables activity_tables;
};

// Lines that are torn or make no sense are passed over.
JournalNotes parse_journal_notes(std::string_view text);

// Fills strings, layers, parameters and their count, and what was noted of device activity; gives the recording's layer of each of the journal's.
std::vector<LayerId> take_tables(JournalNotes& notes, Recording& recording);

}  // namespace headroom
