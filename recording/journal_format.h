// How a journal lies on disk. All integers as the machine has them (little-endian on every machine Torch runs on).
//
// `rows`: a header of kJournalHeaderBytes, then rows. The header's row_count is raised after a row is complete; a row's
// block_bytes, category, layer, tensor and source may be changed in place later. Space beyond row_count is zero.
//
// `activity`: likewise, with ActivityRow (activity_rows.h) as rows, which never change; there once something was traced. Its
// header's lost_count is unused: rows that found no room are counted in the header of `rows`.
//
// `notes`: one JSON object a line, only ever appended; the last line may be torn. Its one or more members:
//   {"device": "virtual:h100-80gb", "program": "train.py", "environment": {…}, "start_realtime_ns": 1764005107000000000}
//                                         environment as in the recording's document; CLOCK_REALTIME at time 0 of all rows
//   {"string": "aten::mm"}                the next string: numbers 1, 2, …
//   {"root": "BertModel", "has_parameters": true}     the next root module: numbers 0, 1, …
//   {"layer": "encoder.layer.3", "parent": 7, "kind": "block", "root": 0}      the next layer: numbers 1, 2, …; parent 0 is the
//                                         model; the path is within its root, the root's own is ""
//   {"parameter": "encoder.weight", "root": 0, "shape": [8, 4], "dtype": "float32", "bytes": 128, "layer": 9,
//    "trainable": true, "shared_with": "", "shared_root": 0}                     a later one of the same name replaces it
//   {"forget_parameters": 0}              of that root
//   {"assumption": "…", "key": "train.py:42", "layer_id": 9}      a later one of the same key replaces it
//   {"oom": {…}, "layer_id": 9, "row": 1234}   an Outcome: the allocator could not serve a request after so many rows
//   {"trains": true}                      the program made an optimizer
//   {"outcome": {…}}                      how the program says it ended
//   {"activity": {…}}                     as in the recording's document, without tables: level, tracer, problems and counts
//                                         since the start; a later one replaces it
//   {"activity_string": "sgemm"}          the next text of activity rows: numbers 1, 2, …
//   {"launch_shape": {…}}                 the next shape: numbers 0, 1, …; as in the recording's document
//   {"driver_memory": {…}}                a sample, as in the recording's document; its "event" is a number of rows
//   {"dram": {…}}                         as in the recording's document, with a layer of the journal
//   {"end": {"allocated_bytes": …, "reserved_bytes": …}}   by the allocator's own count, at an orderly end
#pragma once

#include <cstdint>

namespace headroom {

inline constexpr char kJournalMagic[8] = {'H', 'R', 'J', 'O', 'U', 'R', 'N', 'L'};
inline constexpr std::uint32_t kJournalVersion = 2;
inline constexpr std::size_t kJournalHeaderBytes = 4096;
inline constexpr const char* kJournalRowsName = "rows";
inline constexpr const char* kJournalNotesName = "notes";
inline constexpr const char* kJournalActivityName = "activity";
inline constexpr const char* kJournalSuffix = ".journal";

struct JournalHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t row_bytes;
  std::uint64_t row_count;
  std::uint64_t lost_count;           // events that found no room
  std::uint64_t lost_activity_count;  // activity rows that found no room
};

// returned: the block at this address, freed before, was back only now: other streams had been using it.
enum class RowKind : std::uint8_t { alloc, free, segment_alloc, segment_free, mark, returned };

// Of a free only the address counts, of a segment the address, block_bytes, stream and pool; a mark has time, phase and step.
struct JournalRow {
  std::int64_t time_ns;
  std::uint64_t address;
  std::int64_t requested_bytes;
  std::int64_t block_bytes;  // 0: not measured yet
  std::uint32_t layer;
  std::uint32_t op, tensor, source;
  union {
    std::int32_t step;  // of a mark
    std::int32_t pool;  // of all else
  };
  RowKind kind;
  union {
    std::uint8_t phase;  // of a mark
    std::uint8_t held;   // of a free: 1: a row `returned` says when the block was back
  };
  std::uint8_t category;
  std::uint8_t stream;
};
static_assert(sizeof(JournalRow) == 56);

}  // namespace headroom
