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

// A file of the program itself: Python, and not of a library that was installed, of the interpreter or of what
// Headroom attaches to it.
bool is_of_program(std::string_view file) {
  if (!file.ends_with(".py")) return false;
  for (const std::string_view foreign :
       {"/site-packages/", "/dist-packages/", "/lib/python", "/torch/", "/headroom_attach/", "<"})
    if (file.find(foreign) != std::string_view::npos) return false;
  return true;
}

// Leaves in `key` metadata as we write them without `"phase":"…","step":1,`, which no origin has; whole where they are
// written otherwise. In JSON a quote within a text has a backslash before it, so that what is found here is no part of
// one. The line break keeps the place.
void key_without_moment(std::string_view metadata, std::string& key) {
  constexpr std::string_view kPhase = R"(phase":")", kBefore = R"(,")", kStep = R"(","step":)";
  key = metadata;
  const std::size_t phase = metadata.find(kPhase);
  if (phase == std::string_view::npos || !metadata.substr(0, phase).ends_with(kBefore)) return;
  const std::size_t name = phase + kPhase.size();
  const std::size_t step = std::min(metadata.find('"', name), metadata.size());
  if (!metadata.substr(step).starts_with(kStep)) return;
  const std::string_view word = metadata.substr(name, step - name);
  if (!std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; })) return;
  const std::size_t end = metadata.find_first_not_of("0123456789", step + kStep.size());
  if (end == std::string_view::npos || metadata[end] != ',') return;
  key.assign(metadata.substr(0, phase - 1)).append(1, '\n').append(metadata.substr(end + 1));
}

std::string_view base_name(std::string_view file) { return file.substr(file.find_last_of("/\\") + 1); }

}  // namespace

OriginReader::OriginReader(const Pickle& pickle, Recording& recording, bool is_ours)
    : pickle_(pickle), recording_(recording), is_ours_(is_ours) {
  for (std::size_t i = 0; i < recording.strings.size(); ++i)
    strings_.try_emplace(recording.strings[i], static_cast<StringId>(i));
  for (const Layer& layer : recording.layers) layers_.try_emplace(layer.path, layer.id);
}

std::size_t OriginReader::PlaceHash::operator()(const Place& place) const {
  return (place.frames * 0x9e3779b97f4a7c15u) ^ std::hash<const char*>()(place.metadata);
}

StringId OriginReader::string_id(std::string_view text) {
  if (const auto known = strings_.find(text); known != strings_.end()) return known->second;
  const auto next = static_cast<StringId>(strings_.size());
  recording_.strings.emplace_back(text);
  return strings_.emplace(text, next).first->second;
}

LayerId OriginReader::layer_id(std::string_view path) { return layer_id(path, LayerId::root); }

LayerId OriginReader::layer_id(std::string_view path, LayerId parent) {
  if (const auto known = layers_.find(path); known != layers_.end()) return known->second;
  const auto next = static_cast<LayerId>(recording_.layers.size());
  recording_.layers.push_back({next, parent, std::string(path), LayerKind::other});
  return layers_.emplace(path, next).first->second;
}

// Of the innermost frame of the program; where there is none, of the innermost in Python.
StringId OriginReader::source_of(const PickleValue* frames) {
  if (frames == nullptr || !frames->is_container()) return StringId::none;
  const auto [known, is_new] = sources_.try_emplace(frames->container, StringId::none);
  if (!is_new) return known->second;
  std::string chosen;
  for (const PickleValue& frame : pickle_.items(*frames)) {
    const std::string_view file = filename_.text_or(frame, "");
    const bool own = is_of_program(file);
    if (!own && (!chosen.empty() || !file.ends_with(".py"))) continue;
    chosen = fmt::format("{}:{}", base_name(file), line_.integer_or(frame, 0));
    if (own) break;
  }
  return known->second = string_id(chosen);
}

const Origin& OriginReader::origin_of(const PickleValue& dict) {
  const PickleValue* frames = frames_.in(dict);
  if (is_ours_) return read_ours(frames, metadata_.text_or(dict, ""));
  const PickleValue* metadata = metadata_.in(dict);
  const Place place{frames != nullptr && frames->is_container() ? frames->container : kNoFrames,
                    metadata == nullptr ? nullptr : metadata->as_text().data()};
  const auto [found, is_new] = origins_.try_emplace(place);
  if (is_new) found->second = read(frames, metadata_.text_or(dict, ""));
  return found->second;
}

Origin OriginReader::read(const PickleValue* frames, std::string_view metadata) {
  Origin origin;
  origin.tensor = string_id(kUnknownTensor);
  origin.source = source_of(frames);
  read_words(metadata, origin);
  return origin;
}

// Ours name the layer and those around it, innermost first; only an export without a document has unknown ones.
void OriginReader::add_layers(const PickleValue& frames) {
  LayerId parent = LayerId::root;
  const auto all = pickle_.items(frames);
  for (auto frame = all.rbegin(); frame != all.rend(); ++frame)
    if (filename_.text_or(*frame, "") == "layer") parent = layer_id(name_.text_or(*frame, ""), parent);
}

// Blocks of one place differ by their step alone, and are as many as a run is long: their JSON is parsed once, and
// their frames name the same layers.
const Origin& OriginReader::read_ours(const PickleValue* frames, std::string_view metadata) {
  key_without_moment(metadata, key_);
  if (const auto known = ours_.find(key_); known != ours_.end()) return known->second;
  if (metadata.empty()) return ours_[key_];
  if (frames != nullptr) add_layers(*frames);
  const std::string where = "metadata";
  const Json json = parse_json(metadata, where);
  const JsonReader reader(json, where);
  Origin origin;
  origin.category = from_name(kCategoryNames, "category", reader.string("category"));
  origin.layer = layer_id(reader.string("layer"));
  origin.op = string_id(reader.string_or("operator", ""));
  origin.tensor = string_id(reader.string_or("tensor", ""));
  origin.source = string_id(reader.string_or("source_line", ""));
  return ours_[key_] = origin;
}

void OriginReader::read_words(std::string_view metadata, Origin& origin) {
  if (metadata.empty() || metadata.size() > kMostWords || recording_.layers.size() >= kMostLayers) return;
  origin.layer = layer_id(metadata);
  found_words_ = found_words_ || origin.layer != LayerId::root;
}

}  // namespace headroom::snapshot_reader
