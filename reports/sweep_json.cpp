// headroom.sweep/1 and headroom.sweep-run/1, written and read.
#include <fmt/format.h>

#include <cmath>

#include "base/json.h"
#include "recording/identifiers.h"
#include "reports/sweep.h"

namespace headroom {
namespace {

constexpr std::string_view kSchema = "headroom.sweep/1", kRunSchema = "headroom.sweep-run/1";
constexpr std::int64_t kMost = INT64_MAX;
constexpr JsonLimits kSweepLimits{1u << 30, 64, 2048}, kRunLimits{1u << 20, 64, 2048};

std::string dump(const Json& json) { return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"; }

template <class E, std::size_t N>
std::string name(const std::array<Named<E>, N>& table, E value) {
  return std::string(to_name(table, value));
}

Json categories_json(const CategoryBytes& bytes) {
  Json out = Json::object();
  for (std::size_t i = 0; i < kCategoryCount; ++i) out[name(kCategoryNames, static_cast<Category>(i))] = bytes[i];
  return out;
}

Json peak_json(const SweepPeak& peak) {
  return {{"allocated_bytes", peak.allocated_bytes},
          {"requested_bytes", peak.requested_bytes},
          {"reserved_bytes", peak.reserved_bytes},
          {"phase", name(kPhaseNames, peak.phase)},
          {"step", peak.step},
          {"layer", peak.layer},
          {"categories", categories_json(peak.categories)}};
}

Json failure_json(const SweepFailure& failure) {
  return {{"failed_request_bytes", failure.failed_request_bytes},
          {"free_bytes", failure.free_bytes},
          {"phase", failure.phase},
          {"layer", failure.layer}};
}

void add_result(Json& out, const SweepResult& r) {
  out["outcome"] = name(kSweepOutcomeNames, r.outcome);
  out["reason"] = r.reason;
  out["key"] = r.key;
  out["spec"] = r.spec ? to_json(*r.spec) : Json(nullptr);
  out["made_with"] = {{"headroom_version", r.maker.headroom_version},
                      {"torch_version", r.torch_version},
                      {"cuda_version", r.cuda_version},
                      {"device_kind", name(kDeviceKindNames, r.device_kind)},
                      {"device_name", r.device_name},
                      {"allocator_settings", r.maker.allocator_settings},
                      {"model_hash", r.maker.model_hash}};
  out["parameters"] = {{"count", r.parameter_count}, {"bytes", r.parameter_bytes}};
  out["peak"] = r.peak ? peak_json(*r.peak) : Json(nullptr);
  out["kv_cache_bytes_per_token"] = r.kv_cache_bytes_per_token;
  out["out_of_memory"] = r.failure ? failure_json(*r.failure) : Json(nullptr);
}

Json row_json(const Sweep& sweep, const SweepRow& row) {
  Json out{{"run", row.number}, {"settings", Json::object()}};
  for (std::size_t i = 0; i < sweep.varied.size(); ++i) out["settings"][sweep.varied[i]] = row.settings[i];
  add_result(out, row.result);
  return out;
}

Json slope_json(const std::optional<double>& slope) {
  return slope ? Json(std::round(*slope * 1e6) / 1e6) : Json(nullptr);
}

Json series_json(const Sweep& sweep, const ScalingSeries& series) {
  Json settings = Json::object(), runs = Json::array();
  const SweepRow& first = sweep.rows[series.rows.front()];
  for (std::size_t i = 0; i < sweep.varied.size(); ++i)
    if (i != series.field) settings[sweep.varied[i]] = first.settings[i];
  for (const std::size_t row : series.rows) runs.push_back(sweep.rows[row].number);
  const ScalingPoints points = points_of(sweep, series);
  return {{"field", sweep.varied[series.field]},
          {"settings", std::move(settings)},
          {"runs", std::move(runs)},
          {"slope", slope_json(log_log_slope(points))},
          {"last_slope", slope_json(last_log_log_slope(points))}};
}

// What a JsonReader reads of a document's members.
class ResultReader {
 public:
  ResultReader(const Json& json, const std::string& where) : json_(json), reader_(json, where), where_(where) {}

  SweepResult read() const {
    SweepResult r;
    r.outcome = named(reader_, kSweepOutcomeNames, "outcome");
    r.reason = reader_.string("reason");
    r.key = reader_.string("key");
    if (reader_.has("spec")) r.spec = run_spec_from_json(reader_.member("spec"), where_ + ": spec");
    read_maker(r);
    const JsonReader parameters = child("parameters");
    r.parameter_count = parameters.integer("count", 0, kMost);
    r.parameter_bytes = parameters.integer("bytes", 0, kMost);
    r.kv_cache_bytes_per_token = reader_.integer("kv_cache_bytes_per_token", 0, kMost);
    if (reader_.has("peak")) r.peak = peak();
    if (reader_.has("out_of_memory")) r.failure = failure();
    return r;
  }

 private:
  template <class E, std::size_t N>
  static E named(const JsonReader& reader, const std::array<Named<E>, N>& table, std::string_view key) {
    const std::string text = reader.string(key);
    for (const auto& row : table)
      if (row.name == text) return row.value;
    reader.fail(key, "one of its known names");
  }

  JsonReader child(std::string_view key) const { return {reader_.member(key), where_ + ": " + std::string(key)}; }

  void read_maker(SweepResult& r) const {
    const JsonReader made = child("made_with");
    r.maker = {made.string("headroom_version"), made.string("allocator_settings"), made.string("model_hash")};
    r.torch_version = made.string("torch_version");
    r.cuda_version = made.string("cuda_version");
    r.device_kind = named(made, kDeviceKindNames, "device_kind");
    r.device_name = made.string("device_name");
  }

  SweepPeak peak() const {
    const JsonReader reader = child("peak");
    SweepPeak p;
    p.allocated_bytes = reader.integer("allocated_bytes", 0, kMost);
    p.requested_bytes = reader.integer("requested_bytes", 0, kMost);
    p.reserved_bytes = reader.integer("reserved_bytes", 0, kMost);
    p.phase = named(reader, kPhaseNames, "phase");
    p.step = static_cast<std::int32_t>(reader.integer("step", 0, INT32_MAX));
    p.layer = reader.string("layer");
    const JsonReader categories(reader.member("categories"), where_ + ": categories");
    for (std::size_t i = 0; i < kCategoryCount; ++i)
      p.categories[i] = categories.integer(to_name(kCategoryNames, static_cast<Category>(i)), 0, kMost);
    return p;
  }

  SweepFailure failure() const {
    const JsonReader reader = child("out_of_memory");
    return {reader.integer("failed_request_bytes", 0, kMost), reader.integer("free_bytes", 0, kMost),
            reader.string("phase"), reader.string("layer")};
  }

  const Json& json_;
  JsonReader reader_;
  const std::string where_;
};

const Json& array_of(const JsonReader& reader, std::string_view key) {
  const Json& array = reader.member(key);
  if (!array.is_array()) reader.fail(key, "a list");
  return array;
}

void require_schema(const JsonReader& reader, std::string_view schema, const std::string& where) {
  const std::string found = reader.string_or("schema", "");
  if (found != schema)
    throw bad_input(fmt::format("{}: its schema is '{}', expected {}", where, found.substr(0, 60), schema));
}

SweepRow row_of(const Json& json, const Sweep& sweep, const std::string& where) {
  const JsonReader reader(json, where);
  SweepRow row;
  row.number = reader.integer("run", 1, sweep.count);
  const JsonReader settings(reader.member("settings"), where + ": settings");
  for (const std::string& key : sweep.varied) {
    row.settings.push_back(settings.has(key) ? settings.member(key) : Json(nullptr));
    if (row.settings.back().is_structured()) settings.fail(key, "one text, number or boolean");
  }
  row.result = ResultReader(json, where).read();
  return row;
}

void require_sound(const std::vector<std::string>& broken, const std::string& where) {
  if (!broken.empty()) throw bad_input(fmt::format("{}: contradicts itself: {}", where, broken.front()));
}

}  // namespace

std::string write_sweep_run(const SweepResult& result) {
  Json out{{"schema", kRunSchema}};
  add_result(out, result);
  return dump(out);
}

SweepResult read_sweep_run(std::string_view text, const std::string& where) {
  const Json json = parse_json(text, where, kRunLimits);
  require_schema(JsonReader(json, where), kRunSchema, where);
  SweepResult result = ResultReader(json, where).read();
  require_sound(verify(result), where);
  return result;
}

std::string write_sweep_json(const Sweep& sweep) {
  Json out{{"schema", kSchema},        {"headroom_version", sweep.headroom_version},
           {"sweep", sweep.id},        {"varied", sweep.varied},
           {"run_count", sweep.count}, {"missing", missing_rows(sweep)},
           {"runs", Json::array()},    {"scaling", Json::array()}};
  for (const SweepRow& row : sweep.rows) out["runs"].push_back(row_json(sweep, row));
  for (const ScalingSeries& series : scaling_series(sweep)) out["scaling"].push_back(series_json(sweep, series));
  return dump(out);
}

Sweep read_sweep_json(std::string_view text, const std::string& where) {
  const Json json = parse_json(text, where, kSweepLimits);
  const JsonReader reader(json, where);
  require_schema(reader, kSchema, where);
  Sweep sweep;
  sweep.headroom_version = reader.string("headroom_version");
  sweep.id = reader.string("sweep");
  sweep.count = reader.integer("run_count", 0, 1'000'000);
  for (const Json& key : array_of(reader, "varied")) {
    if (!key.is_string() || sweep.varied.size() >= 256) reader.fail("varied", "a list of texts");
    sweep.varied.push_back(key.get<std::string>());
  }
  std::size_t index = 0;
  for (const Json& row : array_of(reader, "runs"))
    sweep.rows.push_back(row_of(row, sweep, fmt::format("{}: run {} of its list", where, ++index)));
  require_sound(verify(sweep), where);
  return sweep;
}

}  // namespace headroom
