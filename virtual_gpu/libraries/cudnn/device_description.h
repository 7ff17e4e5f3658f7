// The device as cuDNN's host code wants it told (the device-property descriptor of its deviceless mode, cuDNN 9.8 and
// later).
#pragma once

#include <string>

namespace headroom::virtual_gpu::cudnn {

std::string device_description();  // JSON, of the process's device model

}  // namespace headroom::virtual_gpu::cudnn
