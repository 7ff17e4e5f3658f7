// Where a block is from, as far as a snapshot says: a line of the program, and what Headroom or the program itself
// wrote beside it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "recording/recording.h"
#include "recording/snapshot/pickle.h"

namespace headroom::snapshot_reader {

struct Origin {
  LayerId layer{};
  Category category = Category::unresolved;
  StringId op{}, tensor{}, source{};
};

// Adds to a recording's strings and layers what it finds. The recording has a root.
class OriginReader {
 public:
  // `is_ours`: metadata are those that reports/snapshot_origin.h writes; else they are the program's own words.
  OriginReader(const Pickle& pickle, Recording& recording, bool is_ours);

  const Origin& origin_of(const PickleValue& dict);
  bool found_words() const { return found_words_; }  // the program had set metadata, and they became layers

 private:
  StringId string_id(std::string_view text);
  LayerId layer_id(std::string_view path);
  StringId source_of(const PickleValue* frames);
  Origin read(const PickleValue& dict);
  void read_ours(const PickleValue& dict, std::string_view metadata, Origin& origin);
  void add_layers(const PickleValue* frames);
  void read_words(std::string_view metadata, Origin& origin);

  const Pickle& pickle_;
  Recording& recording_;
  const bool is_ours_;
  bool found_words_ = false;
  std::unordered_map<std::string, StringId> strings_;
  std::unordered_map<std::string, LayerId> layers_;
  std::unordered_map<std::size_t, StringId> sources_;  // by the list of frames, which blocks of one place share
  std::map<std::pair<std::size_t, const char*>, Origin> origins_;  // by the same and the metadata
};

}  // namespace headroom::snapshot_reader
