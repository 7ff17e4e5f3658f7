// The names of --device: cpu, cuda, cuda:N, virtual:NAME.
#pragma once

#include <string>
#include <string_view>

namespace headroom::cli {

// Throws bad_input for an unknown name (nearest suggested), could_not_measure for cuda where no GPU is usable.
void require_device(const std::string& device);

bool is_virtual(std::string_view device);
std::string virtual_name(std::string_view device);  // "h100-80gb" of "virtual:h100-80gb"

// An NVIDIA driver is loaded and its library can be: cheap, initialises nothing.
bool is_gpu_usable();

std::string default_device();  // cuda where a GPU is usable, else virtual:h100-80gb

}  // namespace headroom::cli
