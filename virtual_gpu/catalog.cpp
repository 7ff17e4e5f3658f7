#include "virtual_gpu/catalog.h"

#include "base/names.h"

namespace headroom::virtual_gpu {

const DeviceModel& device_model(std::string_view name) {
  constexpr std::string_view prefix = "virtual:";
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::vector<std::string_view> known;
  for (const DeviceModel& model : device_catalog()) {
    if (model.name == name) return model;
    known.push_back(model.name);
  }
  throw bad_input(unknown_name_message("virtual device", name, known));
}

const DeviceModel* device_of_product(std::string_view product) {
  const auto bare = [](std::string_view name) {
    constexpr std::string_view vendor = "NVIDIA ";
    return name.starts_with(vendor) ? name.substr(vendor.size()) : name;
  };
  for (const DeviceModel& model : device_catalog())
    if (bare(model.product) == bare(product)) return &model;
  return nullptr;
}

}  // namespace headroom::virtual_gpu
