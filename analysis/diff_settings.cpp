#include "analysis/diff_settings.h"

#include <fmt/format.h>

#include "recording/document.h"

namespace headroom {
namespace {

std::string text_of(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    std::string text;
    for (const Json& item : value) text += (text.empty() ? "" : " ") + text_of(item);
    return text;
  }
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Members of objects as "generation.beams"; a spec's objects hold none of their own.
void add_changes(const Json& before, const Json& after, const std::string& prefix, bool of_environment,
                 std::vector<SettingChange>& out) {
  Json names = before;
  names.update(after);
  for (const auto& [name, ignored] : names.items()) {
    const Json a = before.value(name, Json()), b = after.value(name, Json());
    if (a == b) continue;
    if (prefix.empty() && (a.is_object() || b.is_object()))
      add_changes(a.is_object() ? a : Json::object(), b.is_object() ? b : Json::object(), name + ".", of_environment,
                  out);
    else if (text_of(a) != text_of(b))  // absent and empty are the same
      out.push_back({prefix + name, text_of(a), text_of(b), of_environment});
  }
}

}  // namespace

std::vector<SettingChange> changed_settings(const Breakdown& before, const Breakdown& after) {
  std::vector<SettingChange> changes;
  add_changes(to_json(before.spec), to_json(after.spec), "", false, changes);
  add_changes(environment_document(before.environment), environment_document(after.environment), "", true, changes);
  return changes;
}

}  // namespace headroom
