// Where a block is from, as far as a snapshot says: a line of the program, and what Headroom or the program itself
// wrote beside it.
#pragma once

#include <functional>
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
  LayerId layer_id(std::string_view path, LayerId parent);  // of those that are new
  StringId source_of(const PickleValue* frames);
  Origin read(const PickleValue* frames, std::string_view metadata);
  const Origin& read_ours(const PickleValue* frames, std::string_view metadata);
  void add_layers(const PickleValue& frames);
  void read_words(std::string_view metadata, Origin& origin);

  // By what text stands in them, or by where it lies.
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  template <class Value>
  using ByText = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;
  struct Place {
    std::size_t frames = 0;
    const char* metadata = nullptr;
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    std::size_t operator()(const Place& place) const;
  };

  const Pickle& pickle_;
  Recording& recording_;
  const bool is_ours_;
  const PickleKey frames_{pickle_, "frames"}, metadata_{pickle_, "user_metadata"}, filename_{pickle_, "filename"},
      line_{pickle_, "line"}, name_{pickle_, "name"};
  bool found_words_ = false;
  ByText<StringId> strings_;
  ByText<LayerId> layers_;
  std::unordered_map<std::size_t, StringId> sources_;  // by the list of frames, which blocks of one place share
  std::unordered_map<Place, Origin, PlaceHash> origins_;
  ByText<Origin> ours_;  // by what of the metadata says it
  std::string key_;      // of the last one
};

}  // namespace headroom::snapshot_reader
