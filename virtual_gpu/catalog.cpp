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

}  // namespace headroom::virtual_gpu
