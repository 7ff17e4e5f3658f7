// What a snapshot holds of one device, as plain rows: the history of its allocator and what there was at its end.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "recording/snapshot/pickle.h"

namespace headroom::snapshot_reader {

enum class EntryKind : std::uint8_t { alloc, free_requested, free_completed, reserve, release, oom };

struct Entry {
  EntryKind kind{};
  std::uint64_t address = 0;      // oom: none
  std::int64_t bytes = 0;         // blocks: as requested
  std::int64_t block_bytes = -1;  // -1: not said
  std::int64_t free_bytes = 0;    // oom: on the device
  std::int64_t time_ns = 0;
  std::int64_t stream = 0;  // a handle
  PickleValue dict;         // where it is from
};

struct EndBlock {
  std::uint64_t address = 0;
  std::int64_t bytes = 0, requested_bytes = 0;
  bool is_allocated = false;  // else free, or about to be
  PickleValue dict;
};

struct EndSegment {
  std::uint64_t address = 0;
  std::int64_t bytes = 0;
  std::int64_t stream = 0;
  std::pair<std::int64_t, std::int64_t> pool;
  bool is_expandable = false;
  PickleValue dict;
  std::vector<EndBlock> blocks;
};

struct DeviceHistory {
  int device = 0;
  std::size_t device_count = 1;  // that have a history, or segments
  std::vector<Entry> entries;
  std::vector<EndSegment> segments;
  std::int64_t unknown_entry_count = 0;  // of actions this program does not know
  bool has_times = true;                 // else a microsecond for each event
  bool is_complete = false;              // nothing was there before it, and each entry is an event
  bool is_expandable = false;
  std::int64_t max_split_bytes = -1;  // -1: any block is split
  std::string settings;               // PYTORCH_CUDA_ALLOC_CONF
};

// Throws bad_input, opening with `where`.
DeviceHistory read_history(const Pickle& pickle, const std::string& where, int wanted_device);  // -1: with most events

// Members of a dictionary, with what stands for those that are absent or of another kind.
std::int64_t integer_or(const Pickle& pickle, const PickleValue& dict, std::string_view key, std::int64_t fallback);
std::string text_or(const Pickle& pickle, const PickleValue& dict, std::string_view key, std::string_view fallback);

}  // namespace headroom::snapshot_reader
