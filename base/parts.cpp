#include "base/parts.h"

#include "base/error.h"
#include "base/file.h"

namespace headroom {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLongestFile = 64 << 10;

}  // namespace

std::optional<Json> told_by(std::string_view name, const fs::path& bin) {
  const fs::path file = bin / ".." / "lib/headroom/versions" / (std::string(name) + ".json");
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return std::nullopt;
  try {
    const Json found = parse_json(read_file(file, kLongestFile), file.string());
    return found.is_object() ? std::optional(found) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string told(const std::optional<Json>& part, const char* key) {
  return part && part->contains(key) && part->at(key).is_string() ? part->at(key).get<std::string>() : "";
}

}  // namespace headroom
