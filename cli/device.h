// The names of --device: cpu, cuda, cuda:N, virtual:NAME; where a program runs, virtual:NxNAME, too.
#pragma once

#include <string>
#include <string_view>

namespace headroom::cli {

// Throws bad_input for an unknown name (nearest suggested), could_not_measure for cuda where no GPU is usable.
void require_device(const std::string& device);

// For a program, which may have several devices: virtual:8xh100-80gb, and cuda without a number.
void require_program_device(const std::string& device);

inline constexpr int kMaxVirtualDevices = 64;

bool is_virtual(std::string_view device);
std::string virtual_name(std::string_view device);  // "h100-80gb" of "virtual:h100-80gb"; "8xh100-80gb" stays
int virtual_count(std::string_view device);         // 8 of "virtual:8xh100-80gb", else 1
std::string one_virtual(std::string_view device);   // "virtual:h100-80gb" of either

// An NVIDIA driver is loaded and its library can be: cheap, initialises nothing.
bool is_gpu_usable();

std::string default_device();  // cuda where a GPU is usable, else virtual:h100-80gb

}  // namespace headroom::cli
