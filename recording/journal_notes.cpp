#include "recording/journal_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "recording/activity_document.h"
#include "recording/activity_rules.h"
#include "recording/document.h"
#include "recording/named_member.h"

namespace headroom {
namespace {

constexpr const char* kWhere = "the journal's notes";
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max() / 2;
constexpr JsonLimits kLineLimits{.size_bytes = 1u << 20};

std::size_t index(const JsonReader& reader, std::string_view key, std::size_t count) {
  return static_cast<std::size_t>(reader.integer_or(key, 0, 0, static_cast<std::int64_t>(std::max<std::size_t>(count, 1)) - 1));
}

// Elements; -1 when they could not be counted, or no memory holds them.
std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count)) return -1;
  return count > (std::int64_t{1} << 48) ? -1 : count;
}

class Parser {
 public:
  explicit Parser(JournalNotes& notes) : notes_(notes) {}

  void read(const Json& json) {
    const JsonReader reader(json, kWhere);
    if (reader.has("environment")) read_environment(json, reader);
    if (reader.has("string")) notes_.strings.push_back(reader.string("string"));
    if (reader.has("root")  && json.at("root").is_string())
      notes_.roots.push_back({reader.string("root"), reader.boolean_or("has_parameters", false)});
    if (reader.has("layer") && json.at("layer").is_string()) read_layer(reader);
    if (reader.has("parameter")) read_parameter(json, reader);
    if (reader.has("forget_parameters")) forget(index(reader, "forget_parameters", notes_.roots.size()));
    if (reader.has("assumption")) read_assumption(reader);
    if (reader.has("oom")) read_out_of_memory(json, reader);
    if (reader.has("outcome")) notes_.outcome = parse_outcome(json.at("outcome"), kWhere);
    notes_.trains = notes_.trains || reader.boolean_or("trains", false);
    if (reader.has("end")) read_end(json.at("end"));
    read_activity(json, reader);
  }

 private:
  void read_environment(const Json& json, const JsonReader& reader) {
    notes_.environment = parse_environment(json.at("environment"), kWhere);
    notes_.device = reader.string_or("device", "");
    notes_.program = reader.string_or("program", "");
    notes_.start_realtime_ns = static_cast<std::uint64_t>(reader.integer_or("start_realtime_ns", 0, 0, kMax));
  }

  // A shape is there even when its note is odd: rows name shapes by number.
  void read_activity(const Json& json, const JsonReader& reader) {
    if (reader.has("activity_string")) notes_.activity_tables.strings.push_back(reader.string("activity_string"));
    if (reader.has("launch_shape")) {
      notes_.activity_tables.shapes.emplace_back();
      notes_.activity_tables.shapes.back() = parse_shape(json.at("launch_shape"), kWhere);
    }
    DeviceActivity& activity = notes_.activity;
    if (reader.has("activity")) {
      DeviceActivity changed = activity;
      parse_activity_summary(json.at("activity"), kWhere, changed);
      activity = std::move(changed);
    }
    if (reader.has("driver_memory")) activity.samples.push_back(parse_sample(json.at("driver_memory"), kMax, kWhere));
    if (reader.has("dram")) activity.dram.push_back(parse_dram(json.at("dram"), notes_.layers.size(), kWhere));
  }

  // A layer is there even when its note is odd: rows name layers by number.
  void read_layer(const JsonReader& reader) {
    JournalNotes::LayerNote layer{reader.string("layer")};
    const std::size_t count = notes_.layers.size();
    notes_.layers.push_back(layer);
    layer.parent = index(reader, "parent", count);
    layer.root = index(reader, "root", notes_.roots.size());
    layer.kind = named_member_or(reader, kLayerKindNames, "kind", LayerKind::other, kWhere);
    notes_.layers.back() = layer;
  }

  void read_parameter(const Json& json, const JsonReader& reader) {
    JournalNotes::ParameterNote parameter;
    ParameterRecord& record = parameter.record;
    record.name = reader.string("parameter");
    record.shape = json.value("shape", std::vector<std::int64_t>{});
    record.dtype = reader.string_or("dtype", "");
    record.bytes = reader.integer_or("bytes", 0, 0, kMax);
    record.layer = static_cast<LayerId>(index(reader, "layer", notes_.layers.size()));
    record.trainable = reader.boolean_or("trainable", true);
    record.shared_with = reader.string_or("shared_with", "");
    parameter.root = index(reader, "root", notes_.roots.size());
    parameter.shared_root = index(reader, "shared_root", notes_.roots.size());
    const auto [place, is_new] =
        notes_.parameter_places.try_emplace({parameter.root, record.name}, notes_.parameters.size());
    if (is_new) notes_.parameters.emplace_back();
    notes_.parameters[place->second] = std::move(parameter);
  }

  void forget(std::size_t root) {
    for (auto& parameter : notes_.parameters)
      if (parameter && parameter->root == root) parameter.reset();
  }

  void read_assumption(const JsonReader& reader) {
    const std::string sentence = reader.string("assumption"), key = reader.string_or("key", sentence);
    auto& all = notes_.assumptions;
    const std::size_t layer = index(reader, "layer_id", notes_.layers.size());
    const auto same = std::find_if(all.begin(), all.end(), [&](const auto& item) { return item.key == key; });
    if (same == all.end())
      all.push_back({key, sentence, layer});
    else
      *same = {key, sentence, layer};
  }

  void read_out_of_memory(const Json& json, const JsonReader& reader) {
    notes_.out_of_memory = parse_outcome(json.at("oom"), kWhere);
    notes_.out_of_memory_row = static_cast<std::uint64_t>(reader.integer_or("row", 0, 0, kMax));
    notes_.out_of_memory_layer = index(reader, "layer_id", notes_.layers.size());
    ++notes_.out_of_memory_count;
  }

  void read_end(const Json& json) {
    const JsonReader reader(json, kWhere);
    notes_.end = JournalNotes::End{reader.integer_or("allocated_bytes", 0, 0, kMax),
                                   reader.integer_or("reserved_bytes", 0, 0, kMax)};
  }

  JournalNotes& notes_;
};

// The tree of a recording. One model: its paths are the layers' own. Several: each root's name goes in front.
class LayerTable {
 public:
  explicit LayerTable(const JournalNotes& notes) : notes_(notes) {
    const auto models = std::count_if(notes.roots.begin(), notes.roots.end(), [](auto& root) { return root.has_parameters; });
    only_model_ = models <= 1;
  }

  std::vector<LayerId> fill(std::vector<Layer>& out) {
    std::vector<LayerId> ids{LayerId::root};
    out = {{LayerId::root, LayerId::root, "model", LayerKind::model}};
    paths_ = {"model"};
    for (std::size_t i = 1; i < notes_.layers.size(); ++i) {
      const JournalNotes::LayerNote& note = notes_.layers[i];
      if (note.path.empty() && is_the_model(note.root)) {
        ids.push_back(LayerId::root);
        continue;
      }
      const auto id = static_cast<LayerId>(out.size());
      ids.push_back(id);
      out.push_back({id, ids[note.parent], unique(prefixed(note.path, note.root)), note.kind});
    }
    return ids;
  }

  std::string prefixed(const std::string& path, std::size_t root) const {
    if (root >= notes_.roots.size() || (is_the_model(root) && !path.empty())) return path;
    const std::string& name = notes_.roots[root].name;
    return path.empty() ? name : name + "." + path;
  }

 private:
  bool is_the_model(std::size_t root) const {
    return only_model_ && (root >= notes_.roots.size() || notes_.roots[root].has_parameters);
  }
  std::string unique(const std::string& path) {
    std::string candidate = path;
    for (int n = 2; !paths_.insert(candidate).second; ++n) candidate = fmt::format("{} ({})", path, path == "model" && n == 2 ? "inner" : std::to_string(n));
    return candidate;
  }

  const JournalNotes& notes_;
  bool only_model_ = true;
  std::set<std::string> paths_;
};

bool is_sound(const ParameterRecord& record) {
  const std::int64_t count = element_count(record.shape);
  if (count < 0) return false;
  return !record.shared_with.empty() || count == 0 || (record.bytes > 0 && record.bytes % count == 0);
}

void fill_parameters(JournalNotes& notes, const LayerTable& table, const std::vector<LayerId>& layers,
                     Recording& recording) {
  std::set<std::string> owners, names;
  const auto add = [&](JournalNotes::ParameterNote& note, bool shared) {
    ParameterRecord record = note.record;
    record.name = table.prefixed(record.name, note.root);
    record.layer = layers[static_cast<std::size_t>(record.layer)];
    if (shared) {
      record.shared_with = table.prefixed(record.shared_with, note.shared_root);
      record.bytes = 0;
    }
    if (!is_sound(record) || (shared && !owners.contains(record.shared_with)) || !names.insert(record.name).second) return;
    if (!shared) {
      owners.insert(record.name);
      recording.model.parameter_count += element_count(record.shape);
    }
    recording.parameters.push_back(std::move(record));
  };
  for (const bool shared : {false, true})
    for (auto& note : notes.parameters)
      if (note && note->record.shared_with.empty() != shared) add(*note, shared);
}

// Traffic of a recording's layers: those of a journal may be one there.
std::vector<DramBytes> merged(const std::vector<DramBytes>& notes, const std::vector<LayerId>& layers) {
  std::map<std::pair<LayerId, Phase>, DramBytes> cells;
  std::int64_t total = 0;
  for (const DramBytes& note : notes) {
    if (note.read_bytes > kMaxActivityBytes - total || note.written_bytes > kMaxActivityBytes - total - note.read_bytes) continue;
    total += note.read_bytes + note.written_bytes;
    const LayerId layer = layers[static_cast<std::size_t>(note.layer)];
    DramBytes& cell = cells.try_emplace({layer, note.phase}, DramBytes{layer, note.phase}).first->second;
    cell.read_bytes += note.read_bytes;
    cell.written_bytes += note.written_bytes;
  }
  std::vector<DramBytes> dram;
  for (const auto& [place, cell] : cells) dram.push_back(cell);
  return dram;
}

}  // namespace

JournalNotes parse_journal_notes(std::string_view text) {
  JournalNotes notes;
  Parser parser(notes);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;  // torn
    try {
      parser.read(parse_json(text.substr(0, end), kWhere, kLineLimits));
    } catch (const Error&) {
    } catch (const Json::exception&) {
    }
    text.remove_prefix(end + 1);
  }
  return notes;
}

std::vector<LayerId> take_tables(JournalNotes& notes, Recording& recording) {
  LayerTable table(notes);
  std::vector<LayerId> layers = table.fill(recording.layers);
  fill_parameters(notes, table, layers, recording);
  recording.strings = std::move(notes.strings);
  recording.environment = std::move(notes.environment);
  const auto path = [&](std::size_t layer) { return recording.layers[static_cast<std::size_t>(layers[layer])].path; };
  for (const auto& [key, sentence, layer] : notes.assumptions)
    recording.assumptions.push_back(layer == 0 ? sentence : fmt::format("{} (in {})", sentence, path(layer)));
  recording.activity = std::move(notes.activity);
  if (recording.activity.tracer.empty()) recording.activity.level = TraceLevel::none;
  recording.activity.dram = recording.environment.device_kind == DeviceKind::cuda
                                ? merged(recording.activity.dram, layers)
                                : std::vector<DramBytes>{};
  if (notes.out_of_memory) notes.out_of_memory->layer = path(notes.out_of_memory_layer);
  return layers;
}

}  // namespace headroom
