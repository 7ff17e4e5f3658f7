#include "gui/session/session_file.h"

#include <fmt/format.h>

#include <QDir>
#include <QFileInfo>
#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "gui/views/text.h"

namespace headroom::gui {
namespace {

constexpr std::string_view kSchema = "headroom.session/1";
constexpr std::string_view kSchemaName = "headroom.session/";
constexpr std::array kKnown{"schema", "runs", "current", "baseline", "view", "views", "filter", "selection", "window"};
constexpr std::int64_t kMostIndex = 1 << 20;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 60;

void require_schema(const JsonReader& document, const std::string& where) {
  const std::string schema = document.string("schema");
  if (schema == kSchema) return;
  if (schema.starts_with(kSchemaName))
    throw bad_input(
        fmt::format("{}: written by a newer Headroom (schema '{}'); this one reads '{}'", where, schema, kSchema));
  throw bad_input(fmt::format("{}: 'schema' is '{}', expected '{}'", where, schema, kSchema));
}

// A folder with its runs may have moved as one, so what lies beside the session file comes first.
QString found_path(const JsonReader& run, const QDir& folder) {
  const QString relative = to_text(run.string_or("path", "")), absolute = to_text(run.string_or("absolute_path", ""));
  if (relative.isEmpty() && absolute.isEmpty()) run.fail("path", "the path of a recording");
  const QString beside = relative.isEmpty() ? QString() : QDir::cleanPath(folder.absoluteFilePath(relative));
  return absolute.isEmpty() || (!beside.isEmpty() && QFileInfo::exists(beside)) ? beside : QDir::cleanPath(absolute);
}

std::vector<SavedRun> read_runs(const Json& document, const std::string& where, const QDir& folder) {
  std::vector<SavedRun> runs;
  const auto found = document.find("runs");
  if (found == document.end() || found->is_null()) return runs;
  if (!found->is_array()) throw bad_input(where + ": 'runs' is expected to be a list of runs");
  for (std::size_t i = 0; i < found->size(); ++i) {
    const JsonReader run((*found)[i], fmt::format("{}: run {}", where, i + 1));
    runs.push_back({found_path(run, folder), to_text(run.string_or("label", ""))});
  }
  return runs;
}

void read_filter(const Json& object, const std::string& where, SavedSession& saved) {
  const JsonReader reader(object, where + ": filter");
  saved.filter.text = to_text(reader.string_or("text", ""));
  saved.filter.least_bytes = reader.integer_or("least_bytes", 0, 0, kMostBytes);
  saved.filter_layer = reader.string_or("layer", "");
  if (!reader.has("hidden_categories")) return;
  const Json& hidden = reader.member("hidden_categories");
  if (!hidden.is_array()) reader.fail("hidden_categories", "a list of categories");
  for (const Json& name : hidden)  // a category of a later version hides nothing
    for (const auto& row : kCategoryNames)
      if (name.is_string() && name.get_ref<const std::string&>() == row.name &&
          static_cast<std::size_t>(row.value) < kCategoryCount)
        saved.filter.categories[static_cast<std::size_t>(row.value)] = false;
}

void read_selection(const Json& object, const std::string& where, SavedSession& saved) {
  const JsonReader reader(object, where + ": selection");
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  if (reader.has("allocation")) saved.chosen.allocation = reader.integer("allocation", 0, kMost);
  if (reader.has("event")) saved.chosen.event = reader.integer("event", 0, kMost);
  saved.chosen_layer = reader.string_or("layer", "");
  const std::string category = reader.string_or("category", "");
  for (const auto& row : kCategoryNames)
    if (row.name == category && static_cast<std::size_t>(row.value) < kCategoryCount) saved.chosen.category = row.value;
}

int read_index(const JsonReader& document, std::string_view key, std::size_t count) {
  const std::int64_t index = document.integer_or(key, -1, -1, kMostIndex);
  return index < static_cast<std::int64_t>(count) ? static_cast<int>(index) : -1;
}

QByteArray read_base64(const JsonReader& reader, std::string_view key) {
  return QByteArray::fromBase64(QByteArray::fromStdString(reader.string_or(key, "")));
}

Json filter_json(const SavedSession& saved) {
  Json hidden = Json::array();
  for (std::size_t i = 0; i < kCategoryCount; ++i)
    if (!saved.filter.categories[i]) hidden.push_back(to_name(kCategoryNames, static_cast<Category>(i)));
  Json filter = Json::object();
  filter["text"] = saved.filter.text.toStdString();
  filter["hidden_categories"] = hidden;
  if (!saved.filter_layer.empty()) filter["layer"] = saved.filter_layer;
  filter["least_bytes"] = saved.filter.least_bytes;
  return filter;
}

Json selection_json(const SavedSession& saved) {
  Json selection = Json::object();
  if (saved.chosen.allocation) selection["allocation"] = *saved.chosen.allocation;
  if (saved.chosen.event) selection["event"] = *saved.chosen.event;
  if (saved.chosen.category) selection["category"] = to_name(kCategoryNames, *saved.chosen.category);
  if (!saved.chosen_layer.empty()) selection["layer"] = saved.chosen_layer;
  return selection;
}

Json runs_json(const std::vector<SavedRun>& runs, const QDir& folder) {
  Json list = Json::array();
  for (const SavedRun& run : runs) {
    Json row = Json::object();
    row["path"] = folder.relativeFilePath(run.path).toStdString();
    row["absolute_path"] = run.path.toStdString();
    row["label"] = run.label.toStdString();
    list.push_back(row);
  }
  return list;
}

QDir folder_of(const std::filesystem::path& path) {
  return QFileInfo(QString::fromStdString(path.string())).absoluteDir();
}

std::string path_of(const RunHandle& run, std::optional<LayerId> layer) {
  if (!run || !layer) return "";
  for (const auto& known : run->breakdown.layers)
    if (known.id == *layer) return known.path;
  return "";
}

std::optional<LayerId> layer_of(const RunHandle& run, const std::string& path) {
  if (!path.empty())
    for (const auto& known : run->breakdown.layers)
      if (known.path == path) return known.id;
  return std::nullopt;
}

}  // namespace

SavedSession read_session_file(const std::filesystem::path& path) {
  return session_of_text(read_file(path, JsonLimits().size_bytes), path);
}

SavedSession session_of_text(std::string_view text, const std::filesystem::path& path) {
  const std::string where = path.string();
  const Json json = parse_json(text, where);
  const JsonReader document(json, where);
  require_schema(document, where);
  SavedSession saved;
  saved.runs = read_runs(json, where, folder_of(path));
  saved.current = read_index(document, "current", saved.runs.size());
  saved.baseline = read_index(document, "baseline", saved.runs.size());
  saved.view = QByteArray::fromStdString(document.string_or("view", ""));
  if (document.has("views")) {
    if (!document.member("views").is_object()) document.fail("views", "an object with a member for each view");
    for (const auto& [id, state] : document.member("views").items()) saved.views[id] = state;
  }
  if (document.has("filter")) read_filter(document.member("filter"), where, saved);
  if (document.has("selection")) read_selection(document.member("selection"), where, saved);
  if (document.has("window")) {
    const JsonReader window(document.member("window"), where + ": window");
    saved.geometry = read_base64(window, "geometry");
    saved.docks = read_base64(window, "docks");
  }
  for (const auto& [key, value] : json.items())
    if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end()) saved.unknown[key] = value;
  return saved;
}

std::string text_of_session(const SavedSession& saved, const std::filesystem::path& path) {
  Json document = Json::object();
  document["schema"] = kSchema;
  document["runs"] = runs_json(saved.runs, folder_of(path));
  if (saved.current >= 0) document["current"] = saved.current;
  if (saved.baseline >= 0) document["baseline"] = saved.baseline;
  document["view"] = saved.view.toStdString();
  document["views"] = Json::object();
  for (const auto& [id, state] : saved.views) document["views"][id] = state;
  document["filter"] = filter_json(saved);
  document["selection"] = selection_json(saved);
  if (!saved.geometry.isEmpty())
    document["window"] = {{"geometry", saved.geometry.toBase64().toStdString()},
                          {"docks", saved.docks.toBase64().toStdString()}};
  for (const auto& [key, value] : saved.unknown.items()) document[key] = value;
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_session_file(const std::filesystem::path& path, const SavedSession& saved) {
  write_file(path, text_of_session(saved, path));
}

SavedSession saved_runs(const Session& session) {
  SavedSession saved;
  for (const SessionRun& run : session.runs()) saved.runs.push_back({run.path, run.label});
  saved.current = session.current();
  saved.baseline = session.baseline();
  const Selection& selection = session.selection();
  const RunHandle run = session.current_loaded();
  saved.filter = selection.filter();
  saved.filter_layer = path_of(run, saved.filter.layer);
  saved.filter.layer.reset();
  saved.chosen = selection.chosen();
  saved.chosen_layer = path_of(run, saved.chosen.layer);
  saved.chosen.layer.reset();
  return saved;
}

void restore_selection(Session& session, const SavedSession& saved) {
  const RunHandle run = session.current_loaded();
  if (!run) return;
  Filter filter = saved.filter;
  filter.layer = layer_of(run, saved.filter_layer);
  session.selection().set_filter(filter);
  Chosen chosen = saved.chosen;
  chosen.layer = layer_of(run, saved.chosen_layer);
  if (chosen.allocation && *chosen.allocation >= static_cast<std::int64_t>(run->breakdown.allocations.size()))
    chosen.allocation.reset();
  if (chosen.event && *chosen.event >= static_cast<std::int64_t>(run->recording.events.size())) chosen.event.reset();
  session.selection().choose(chosen);
}

bool is_session_file(const QString& path) { return path.endsWith(QStringLiteral(".headroom-session")); }

}  // namespace headroom::gui
