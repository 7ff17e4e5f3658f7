#include "cli/virtual_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "base/error.h"
#include "base/shortened.h"
#include "cli/arguments.h"
#include "cli/device.h"
#include "virtual_gpu/catalog.h"

namespace headroom::cli {
namespace {

constexpr std::int64_t kMostOrders = 64;

// What was typed, else what the variable says, and what to call it in a message.
struct Wish {
  std::string_view name;
  std::string text;
};

Wish wish_for(std::string_view flag, const std::string& typed, const char* variable) {
  if (!typed.empty()) return {flag, typed};
  const char* value = std::getenv(variable);
  return {variable, value ? value : ""};
}

void require_virtual(const VirtualFlags& flags, const std::string& device) {
  if (is_virtual(device)) return;
  const std::pair<const char*, bool> given[] = {{"--reserve", !flags.reserve.empty()},
                                                {"--events", !flags.events.empty()},
                                                {"--address-order", !flags.address_order.empty()},
                                                {"--address-orders", !flags.address_orders.empty()},
                                                {"--backed", flags.backed}};
  for (const auto& [flag, present] : given)
    if (present) throw bad_input(fmt::format("{} is for virtual devices, and --device is {}", flag, device));
}

std::int64_t read_reserve(const Wish& wish, const std::string& device) {
  if (wish.text.empty()) return 0;
  const std::int64_t bytes = parse_size(wish.name, wish.text);
  const std::int64_t total = virtual_gpu::device_model(one_virtual(device)).total_bytes;
  if (bytes >= total)
    throw bad_input(fmt::format("{} is {} bytes, expected less than the {} bytes ({}) of {}", wish.name,
                                format_count(bytes), format_count(total), format_bytes(total), one_virtual(device)));
  return bytes;
}

bool read_backed(bool typed) {
  const Wish wish = wish_for("", "", "HEADROOM_VIRTUAL_GPU_BACKED");
  if (!wish.text.empty() && wish.text != "0" && wish.text != "1")
    throw bad_input(fmt::format("{} is '{}', expected 0 or 1", wish.name, shortened(wish.text)));
  return typed || wish.text == "1";
}

}  // namespace

void add_virtual_flags(CLI::App& command, VirtualFlags& flags) {
  const char* group = "The virtual device";
  const auto add = [&](const char* name, std::string& value, const char* type, const char* text) {
    command.add_option(name, value, text)->type_name(type)->group(group);
  };
  add("--reserve", flags.reserve, "SIZE",
      "Memory that a context and other processes take, such as 600MiB\n(default: 0)");
  add("--events", flags.events, "WHEN",
      "Work on the device is done at once (immediate) or when it is\nwaited for (delayed) (default: immediate)");
  add("--address-order", flags.address_order, "ORDER",
      "How the driver hands out addresses: descending, ascending or\nshuffled:SEED (default: as the real device does)");
  add("--address-orders", flags.address_orders, "N", "Run under N orders, 2 to 64, and show the band that they span");
  command
      .add_flag("--backed", flags.backed,
                "Device memory holds what is copied there (default: it is address\nspace alone)")
      ->group(group);
}

VirtualOptions read_virtual_options(const VirtualFlags& flags, const std::string& device) {
  require_virtual(flags, device);
  if (!is_virtual(device)) return {};
  VirtualOptions options;
  options.reserve_bytes = read_reserve(wish_for("--reserve", flags.reserve, "HEADROOM_VIRTUAL_GPU_RESERVE"), device);
  const Wish order = wish_for("--address-order", flags.address_order, "HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER");
  if (!order.text.empty()) require_address_order(std::string(order.name), order.text);
  options.address_order = order.text;
  const Wish events = wish_for("--events", flags.events, "HEADROOM_VIRTUAL_GPU_EVENTS");
  if (!events.text.empty()) options.events = from_name(kVirtualEventsNames, events.name, events.text);
  options.backed = read_backed(flags.backed);
  return options;
}

std::vector<std::string> orders_to_compare(const VirtualFlags& flags, const std::string& device) {
  if (flags.address_orders.empty()) return {};
  const auto count = static_cast<std::size_t>(parse_integer("--address-orders", flags.address_orders, 2, kMostOrders));
  const VirtualOptions options = read_virtual_options(flags, device);
  std::vector<std::string> orders{options.address_order.empty()
                                      ? virtual_gpu::device_model(one_virtual(device)).address_order
                                      : options.address_order};
  const auto add = [&](const std::string& order) {
    if (orders.size() < count && std::ranges::find(orders, order) == orders.end()) orders.push_back(order);
  };
  add("descending");
  add("ascending");
  for (int seed = 1; orders.size() < count; ++seed) add(fmt::format("shuffled:{}", seed));
  return orders;
}

}  // namespace headroom::cli
