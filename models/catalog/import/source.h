// What the imports of all families read with: the file's keys with their ranges, refusals by name, and the fields that
// several families take from the same kind of key.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/names.h"
#include "models/catalog/config.h"

namespace headroom::models::hugging_face {

inline constexpr std::int64_t kMaxWidth = 1 << 20, kMaxHeads = 1 << 16, kMaxLayers = 1 << 14, kMaxFfn = 1 << 24;
inline constexpr std::int64_t kMaxExperts = 1 << 16;
inline constexpr std::int64_t kMaxVocab = std::int64_t{1} << 28, kMaxPositions = std::int64_t{1} << 31,
                              kMaxTypes = 1 << 20;

// A config.json; its reader is behind the arrow.
class Source {
 public:
  Source(const Json& json, const std::string& where) : json_(json), where_(where), reader_(json, where) {}

  const JsonReader* operator->() const { return &reader_; }
  const std::string& where() const { return where_; }

  // Refuses `key` unless it is absent, null or `only`.
  void only(std::string_view key, const Json& only) const;
  bool absent(std::string_view key) const { return !json_.contains(std::string(key)); }
  // Refuses `key` unless it is absent or null.
  void none(std::string_view key) const;

  [[noreturn]] void refuse(const std::string& problem) const;

  double dropout(std::string_view key, double fallback) const;

  std::string name() const;

  // Of two numbers, from 1 to `high`.
  std::array<std::int64_t, 2> pair(std::string_view key, std::int64_t high) const;

  // Of the words in `known`, at least one and no more than `most`.
  std::vector<std::string> words(std::string_view key, std::initializer_list<std::string_view> known,
                                 std::size_t most) const;

  // The head that "architectures" asks for, from `known`; the first one when the key is absent or empty.
  Head head(std::initializer_list<Named<Head>> known) const;

 private:
  std::string shown(std::string_view key) const;

  const Json& json_;
  const std::string& where_;
  JsonReader reader_;
};

void set_heads(ModelConfig& config, const Source& source, std::string_view width_key, std::string_view heads_key);
Activation activation(const Source& source, std::string_view key, std::string_view fallback);
void set_padding(ModelConfig& config, const Source& source, std::int64_t fallback);
// 0 where it is the model's own width, as in a preset.
void set_embedding_size(ModelConfig& config, const Source& source, std::string_view key, std::int64_t fallback);

}  // namespace headroom::models::hugging_face
