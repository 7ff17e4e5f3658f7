// The flags that describe a virtual device beyond its name, and the environment in which it is made.
//
// A flag that is not given takes its value from the runtime's own variable (HEADROOM_VIRTUAL_GPU_RESERVE, …), so that
// what is recorded is what held.
#pragma once

#include <string>
#include <vector>

#include "recording/run_spec.h"

namespace CLI {
class App;
}  // namespace CLI

namespace headroom::cli {

// As typed; empty where the default holds.
struct VirtualFlags {
  std::string reserve, events, address_order, address_orders;
  bool backed = false;
};

void add_virtual_flags(CLI::App& command, VirtualFlags& flags);

// Throws bad_input for a value out of range, and for a flag given where `device` is not virtual.
VirtualOptions read_virtual_options(const VirtualFlags& flags, const std::string& device);

// The orders of --address-orders N: descending, ascending, shuffled:1, shuffled:2, …, the device's own first; empty
// when the flag is not given. With --address-order that one is the first.
std::vector<std::string> orders_to_compare(const VirtualFlags& flags, const std::string& device);

}  // namespace headroom::cli
