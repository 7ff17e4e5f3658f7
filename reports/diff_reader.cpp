// A run of a report.json, as far as a diff needs it.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/json.h"
#include "reports/diff_report.h"

namespace headroom {
namespace {

constexpr JsonLimits kReportLimits{256u << 20, 64, 4096};
constexpr std::int64_t kMost = INT64_MAX;

template <class E, std::size_t N>
E named(const JsonReader& reader, const std::array<Named<E>, N>& table, std::string_view key) {
  const std::string text = reader.string(key);
  for (const auto& row : table)
    if (row.name == text) return row.value;
  reader.fail(key, "one of its known names");
}

const Json& array_of(const JsonReader& reader, std::string_view key) {
  const Json& array = reader.member(key);
  if (!array.is_array()) reader.fail(key, "a list");
  return array;
}

const Json& run_called(const Json& runs, const std::string& label, const std::string& where) {
  std::vector<std::string> labels;
  for (const Json& run : runs) {
    labels.push_back(JsonReader(run, where).string("label"));
    if (labels.back() == label || (label.empty() && runs.size() == 1)) return run;
  }
  const std::vector<std::string_view> known(labels.begin(), labels.end());
  if (!label.empty()) throw bad_input(where + ": " + unknown_name_message("run", label, known));
  std::string list;
  for (const std::string& name : labels) list += (list.empty() ? "" : ", ") + name;
  throw bad_input(fmt::format("{}: has {} runs, and --run LABEL says which: {}", where, labels.size(), list));
}

// What a report says of a run, member by member.
class RunReader {
 public:
  RunReader(const Json& run, std::string where) : reader_(run, where), where_(std::move(where)) {}

  Breakdown read() {
    run_.label = reader_.string("label");
    run_.spec = run_spec_from_json(reader_.member("spec"), where_);
    read_environment();
    read_model();
    read_peak();
    read_layers();
    return std::move(run_);
  }

 private:
  JsonReader child(std::string_view key) const { return {reader_.member(key), where_ + ": " + std::string(key)}; }

  void read_environment() {
    const JsonReader e = child("environment");
    Environment& out = run_.environment;
    out.headroom_version = e.string_or("headroom_version", "");
    out.torch_version = e.string_or("torch_version", "");
    out.cuda_version = e.string_or("cuda_version", "");
    out.driver_version = e.string_or("driver_version", "");
    out.device_kind = named(e, kDeviceKindNames, "device_kind");
    out.device_name = e.string_or("device_name", "");
    out.compute_capability = e.string_or("compute_capability", "");
    out.device_total_bytes = e.integer_or("device_total_bytes", 0, 0, kMost);
    out.allocator_settings = e.string_or("allocator_settings", "");
    const JsonReader outcome = child("outcome");
    run_.outcome.kind = named(outcome, kOutcomeNames, "kind");
    run_.outcome.message = outcome.string_or("message", "");
  }

  void read_model() {
    const JsonReader model = child("model"), parameters = child("parameters"), cache = child("kv_cache");
    run_.model.name = model.string_or("name", "");
    run_.model.attention = model.string_or("attention", "");
    run_.parameter_count = parameters.integer("count", 0, kMost);
    run_.parameter_bytes = parameters.integer("bytes", 0, kMost);
    run_.model.kv_cache_bytes_per_token = cache.integer_or("bytes_per_token", 0, 0, kMost);
  }

  CategoryBytes categories(const JsonReader& reader) const {
    const JsonReader members(reader.member("categories"), where_ + ": categories");
    CategoryBytes bytes{};
    for (std::size_t c = 0; c < kCategoryCount; ++c)
      bytes[c] = members.integer_or(to_name(kCategoryNames, static_cast<Category>(c)), 0, 0, kMost);
    return bytes;
  }

  void read_peak() {
    const JsonReader peak = child("peak"), at_peak = child("at_peak");
    run_.peak.allocated_bytes = peak.integer("allocated_bytes", 0, kMost);
    run_.peak.requested_bytes = at_peak.integer("requested_bytes", 0, kMost);
    run_.peak_requested_bytes = peak.integer("requested_bytes", 0, kMost);
    run_.peak_reserved_bytes = peak.integer("reserved_bytes", 0, kMost);
    run_.peak.event = peak.integer_or("event", -1, 0, kMost);
    run_.peak.step = static_cast<std::int32_t>(peak.integer_or("step", 0, 0, INT32_MAX));
    if (peak.has("phase")) run_.peak.phase = named(peak, kPhaseNames, "phase");
    run_.peak.categories = categories(at_peak);
  }

  // A layer's parent is the nearest before it whose path it goes on; the first layer is the root.
  void add_layer(const std::string& path, LayerKind kind) {
    const auto id = static_cast<LayerId>(run_.layers.size());
    LayerId parent = LayerId::root;
    for (auto dot = path.rfind('.'); dot != std::string::npos && dot > 0; dot = path.rfind('.', dot - 1))
      if (const auto found = places_.find(path.substr(0, dot)); found != places_.end()) {
        parent = found->second;
        break;
      }
    run_.layers.push_back({id, parent, path, kind});
    places_.emplace(path, id);
  }

  void read_layers() {
    std::int64_t parameters = 0;
    for (const Json& json : array_of(reader_, "layers")) {
      const JsonReader layer(json, where_ + ": layers");
      add_layer(layer.string_or("path", ""), named(layer, kLayerKindNames, "kind"));
      LayerRow& row = run_.layer_rows.emplace_back();
      row.layer = run_.layers.back().id;
      row.parameter_bytes = layer.integer("parameter_bytes", 0, kMost - parameters);
      parameters += row.parameter_bytes;
    }
    std::int64_t sum = 0;
    for (const Json& json : array_of(child("at_peak"), "layers")) {
      const JsonReader layer(json, where_ + ": at_peak.layers");
      LayerBytes& bytes = run_.peak.layers.emplace_back();
      bytes.layer = static_cast<LayerId>(run_.peak.layers.size() - 1);
      bytes.bytes = layer.integer("bytes", 0, kMost);
      bytes.categories = categories(layer);
      if (__builtin_add_overflow(sum, bytes.bytes, &sum)) break;
    }
    if (run_.layers.empty() || run_.peak.layers.size() != run_.layers.size() || sum != run_.peak.allocated_bytes)
      throw bad_input(where_ + ": the report contradicts itself: its layers do not sum to its peak");
    require_cells();
  }

  // Once the layers' bytes are known to have a sum, cells that sum to them have sums, too.
  void require_cells() const {
    CategoryBytes all{};
    for (const LayerBytes& layer : run_.peak.layers) {
      std::int64_t left = layer.bytes;
      for (std::size_t c = 0; c < kCategoryCount; left -= layer.categories[c++]) {
        if (layer.categories[c] > left) break;
        all[c] += layer.categories[c];
      }
      if (left != 0)
        throw bad_input(where_ + ": the report contradicts itself: a layer's categories do not sum to its bytes");
    }
    if (all != run_.peak.categories)
      throw bad_input(where_ + ": the report contradicts itself: its layers do not sum to its categories");
  }

  JsonReader reader_;
  const std::string where_;
  Breakdown run_;
  std::unordered_map<std::string, LayerId> places_;
};

}  // namespace

bool looks_like_json(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

Breakdown read_report_run(std::string_view text, const std::string& where, const std::string& label) {
  const Json json = parse_json(text, where, kReportLimits);
  const JsonReader reader(json, where);
  const std::string schema = reader.string_or("schema", "");
  if (schema.empty())
    throw bad_input(
        where +
        ": not a Headroom recording, a report or a memory snapshot of PyTorch's: this is JSON of an unknown "
        "kind");
  if (schema != "headroom.report/1")
    throw bad_input(fmt::format("{}: its schema is '{}', expected headroom.report/1, a recording or a PyTorch snapshot",
                                where, schema.substr(0, 60)));
  const Json& runs = array_of(reader, "runs");
  if (runs.empty()) throw bad_input(where + ": has no runs");
  return RunReader(run_called(runs, label, where), where).read();
}

}  // namespace headroom
