#include "virtual_gpu/core/configuration.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "virtual_gpu/core/installed.h"

namespace headroom::virtual_gpu {
namespace {

constexpr const char kName[] = "HEADROOM_VIRTUAL_GPU", kReserve[] = "HEADROOM_VIRTUAL_GPU_RESERVE",
                     kOrder[] = "HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER", kEvents[] = "HEADROOM_VIRTUAL_GPU_EVENTS",
                     kBacked[] = "HEADROOM_VIRTUAL_GPU_BACKED", kCudnn[] = "HEADROOM_VIRTUAL_GPU_CUDNN",
                     kNvrtc[] = "HEADROOM_VIRTUAL_GPU_NVRTC";

std::string complain(const char* variable, std::string_view value, const std::string& right) {
  return "headroom: " + std::string(variable) + " is '" + std::string(value) + "', so there is no virtual GPU; " +
         right;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

const DeviceModel* find_model(std::string_view name) {
  for (const DeviceModel& model : device_catalog())
    if (model.name == name) return &model;
  return nullptr;
}

std::string known_models() {
  std::string out;
  for (const DeviceModel& model : device_catalog()) out += (out.empty() ? "" : " ") + model.name;
  return out;
}

std::string read_model(std::string_view wish, Configuration* out) {
  std::string_view name = wish;
  std::optional<std::uint64_t> count = 1;
  const auto digits = wish.find_first_not_of("0123456789");
  if (digits != 0 && digits != std::string_view::npos && wish[digits] == 'x') {
    count = whole_number(wish.substr(0, digits));
    name = wish.substr(digits + 1);
  }
  if (!count || *count < 1 || *count > kMostDevices)
    return complain(kName, wish, "the number of devices is 1 to 64, as in 8xh100-80gb");
  out->model = find_model(name);
  if (out->model == nullptr)
    return complain(kName, wish, "right is a name, or a number and a name as in 8xh100-80gb. Known: " + known_models());
  out->installed_count = static_cast<int>(*count);
  return "";
}

std::string read_reserve(std::string_view wish, Configuration* out) {
  const auto bytes = whole_number(wish);
  const auto total = static_cast<std::uint64_t>(out->model->total_bytes);
  if (!bytes || *bytes > total)
    return complain(kReserve, wish, "right is a number of bytes, at most " + std::to_string(total));
  out->reserved_bytes = *bytes;
  return "";
}

std::string read_order(std::string_view wish, Configuration* out) {
  constexpr std::string_view shuffled = "shuffled:";
  out->order = wish == "ascending" ? AddressOrder::ascending : AddressOrder::descending;
  if (wish == "ascending" || wish == "descending") return "";
  const auto seed = wish.starts_with(shuffled) ? whole_number(wish.substr(shuffled.size())) : std::nullopt;
  if (!seed) return complain(kOrder, wish, "right is descending, ascending or shuffled:SEED with a whole number");
  out->order = AddressOrder::shuffled;
  out->order_seed = *seed;
  return "";
}

// One of two words.
std::string read_choice(const char* variable, std::string_view wish, const char* off, const char* on, bool* out) {
  *out = wish == on;
  if (wish == on || wish == off) return "";
  return complain(variable, wish, std::string("right is ") + off + " or " + on);
}

// Only checked: libraries/cudnn reads it when cuDNN is first used.
std::string check_folder(const char* variable, std::string_view wish, const std::string& file) {
  if (wish == "none" || access((std::string(wish) + "/" + file).c_str(), R_OK) == 0) return "";
  return complain(variable, wish, "right is a folder that holds " + file + ", or none");
}

std::string read_all(const Environment& environment, Configuration* out) {
  const auto wish_for = [&](const char* variable) -> std::optional<std::string_view> {
    const char* value = environment(variable);
    return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string_view>(value);
  };
  const auto name = wish_for(kName);
  if (!name) return "";
  std::string wrong = read_model(*name, out);
  const auto also = [&](const char* variable, auto read) {
    const auto wish = wish_for(variable);
    if (wrong.empty() && wish) wrong = read(*wish);
  };
  if (wrong.empty()) read_order(out->model->address_order, out);
  also(kReserve, [&](std::string_view wish) { return read_reserve(wish, out); });
  also(kOrder, [&](std::string_view wish) { return read_order(wish, out); });
  also(kEvents,
       [&](std::string_view wish) { return read_choice(kEvents, wish, "immediate", "delayed", &out->delayed_events); });
  also(kBacked, [&](std::string_view wish) { return read_choice(kBacked, wish, "0", "1", &out->backed); });
  also(kCudnn, [](std::string_view wish) { return check_folder(kCudnn, wish, kCudnnFile); });
  also(kNvrtc, [](std::string_view wish) { return check_folder(kNvrtc, wish, nvrtc_file()); });
  return wrong;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// The number that `text` starts with, as C's strtol reads it; -1: none.
int leading_number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  int number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Configuration read_configuration(const Environment& environment, std::string* complaint) {
  Configuration out;
  *complaint = read_all(environment, &out);
  if (!complaint->empty() || out.model == nullptr) return {};
  const DeviceModel& model = *out.model;
  out.visible = visible_devices(environment("CUDA_VISIBLE_DEVICES"), out.installed_count,
                                [&](int number) { return uuid_name(model, number); });
  return out;
}

const Configuration& configuration() {
  static const Configuration& singleton = []() -> const Configuration& {
    std::string complaint;
    auto* read = new Configuration(
        read_configuration([](const char* variable) -> const char* { return std::getenv(variable); }, &complaint));
    if (!complaint.empty()) std::fprintf(stderr, "%s\n", complaint.c_str());
    return *read;
  }();
  return singleton;
}

std::vector<int> visible_devices(const char* wish, int installed_count,
                                 const std::function<std::string(int)>& name_of) {
  std::vector<int> visible;
  if (wish == nullptr) {
    for (int number = 0; number < installed_count; ++number) visible.push_back(number);
    return visible;
  }
  for (const std::string_view part : split(wish)) {
    std::vector<int> meant;
    for (int number = 0; number < installed_count; ++number)
      if (part.starts_with("GPU-") ? name_of(number).starts_with(part) : leading_number(part) == number)
        meant.push_back(number);
    if (meant.empty()) break;
    if (meant.size() > 1 || std::ranges::count(visible, meant[0]) != 0) return {};
    visible.push_back(meant[0]);
  }
  return visible;
}

std::vector<std::uint8_t> uuid_bytes(const DeviceModel& model, int number) {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a of the model's name
  for (const char c : model.name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
  std::mt19937_64 random(hash + static_cast<std::uint64_t>(number));
  std::vector<std::uint8_t> bytes(16);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

std::string uuid_name(const DeviceModel& model, int number) {
  std::string out = "GPU-";
  int written = 0;
  for (const std::uint8_t byte : uuid_bytes(model, number)) {
    if (written == 4 || written == 6 || written == 8 || written == 10) out += '-';
    ++written;
    constexpr char digits[] = "0123456789abcdef";
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

}  // namespace headroom::virtual_gpu
