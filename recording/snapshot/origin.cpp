#include "recording/snapshot/origin.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "recording/snapshot/entries.h"

namespace headroom::snapshot_reader {
namespace {

constexpr std::string_view kUnknownTensor = "(unknown)";  // no tensor at all would say that it is scratch
constexpr std::size_t kNoFrames = static_cast<std::size_t>(-1);
constexpr std::size_t kMostWords = 200;     // of metadata that become a layer's name
constexpr std::size_t kMostLayers = 10000;  // a program may set other metadata for every block

// A file of the program itself: Python, and not of a library that was installed or of the interpreter.
bool is_of_program(std::string_view file) {
  if (!file.ends_with(".py")) return false;
  for (const std::string_view foreign : {"/site-packages/", "/dist-packages/", "/lib/python", "/torch/", "<"})
    if (file.find(foreign) != std::string_view::npos) return false;
  return true;
}

std::string_view base_name(std::string_view file) { return file.substr(file.find_last_of("/\\") + 1); }

}  // namespace

OriginReader::OriginReader(const Pickle& pickle, Recording& recording, bool is_ours)
    : pickle_(pickle), recording_(recording), is_ours_(is_ours) {
  for (std::size_t i = 0; i < recording.strings.size(); ++i)
    strings_.try_emplace(recording.strings[i], static_cast<StringId>(i));
  for (const Layer& layer : recording.layers) layers_.try_emplace(layer.path, layer.id);
}

StringId OriginReader::string_id(std::string_view text) {
  const auto [found, is_new] = strings_.try_emplace(std::string(text), static_cast<StringId>(strings_.size()));
  if (is_new) recording_.strings.emplace_back(text);
  return found->second;
}

LayerId OriginReader::layer_id(std::string_view path) {
  const auto next = static_cast<LayerId>(recording_.layers.size());
  const auto [found, is_new] = layers_.try_emplace(std::string(path), next);
  if (is_new) recording_.layers.push_back({next, LayerId::root, std::string(path), LayerKind::other});
  return found->second;
}

// Of the innermost frame of the program; where there is none, of the innermost in Python.
StringId OriginReader::source_of(const PickleValue* frames) {
  if (frames == nullptr || !frames->is_container()) return StringId::none;
  const auto [known, is_new] = sources_.try_emplace(frames->container, StringId::none);
  if (!is_new) return known->second;
  std::string chosen;
  for (const PickleValue& frame : pickle_.items(*frames)) {
    const std::string file = text_or(pickle_, frame, "filename", "");
    const bool own = is_of_program(file);
    if (!own && (!chosen.empty() || !file.ends_with(".py"))) continue;
    chosen = fmt::format("{}:{}", base_name(file), integer_or(pickle_, frame, "line", 0));
    if (own) break;
  }
  return known->second = string_id(chosen);
}

const Origin& OriginReader::origin_of(const PickleValue& dict) {
  const PickleValue* frames = pickle_.find(dict, "frames");
  const PickleValue* metadata = pickle_.find(dict, "user_metadata");
  const std::pair key{frames != nullptr && frames->is_container() ? frames->container : kNoFrames,
                      metadata == nullptr ? nullptr : metadata->as_text().data()};
  const auto [found, is_new] = origins_.try_emplace(key);
  if (is_new) found->second = read(dict);
  return found->second;
}

Origin OriginReader::read(const PickleValue& dict) {
  Origin origin;
  const std::string metadata = text_or(pickle_, dict, "user_metadata", "");
  if (is_ours_) {
    read_ours(dict, metadata, origin);
    return origin;
  }
  origin.tensor = string_id(kUnknownTensor);
  origin.source = source_of(pickle_.find(dict, "frames"));
  read_words(metadata, origin);
  return origin;
}

// Ours name the layer and those around it, innermost first; only an export without a document has unknown ones.
void OriginReader::add_layers(const PickleValue* frames) {
  if (frames == nullptr) return;
  LayerId parent = LayerId::root;
  const auto all = pickle_.items(*frames);
  for (auto frame = all.rbegin(); frame != all.rend(); ++frame) {
    if (text_or(pickle_, *frame, "filename", "") != "layer") continue;
    const auto next = static_cast<LayerId>(recording_.layers.size());
    const std::string path = text_or(pickle_, *frame, "name", "");
    const auto [found, is_new] = layers_.try_emplace(path, next);
    if (is_new) recording_.layers.push_back({next, parent, path, LayerKind::other});
    parent = found->second;
  }
}

void OriginReader::read_ours(const PickleValue& dict, std::string_view metadata, Origin& origin) {
  if (metadata.empty()) return;
  add_layers(pickle_.find(dict, "frames"));
  const std::string where = "metadata";
  const Json json = parse_json(metadata, where);
  const JsonReader reader(json, where);
  origin.category = from_name(kCategoryNames, "category", reader.string("category"));
  origin.layer = layer_id(reader.string("layer"));
  origin.op = string_id(reader.string_or("operator", ""));
  origin.tensor = string_id(reader.string_or("tensor", ""));
  origin.source = string_id(reader.string_or("source_line", ""));
}

void OriginReader::read_words(std::string_view metadata, Origin& origin) {
  if (metadata.empty() || metadata.size() > kMostWords || recording_.layers.size() >= kMostLayers) return;
  origin.layer = layer_id(metadata);
  found_words_ = found_words_ || origin.layer != LayerId::root;
}

}  // namespace headroom::snapshot_reader
