// Demangled names of kernels, made short enough to read.
#pragma once

#include <string>
#include <string_view>

namespace headroom {

// Without return type, parameters, namespaces and the lambdas that merely wrap one another:
// "void at::native::elementwise_kernel<4, at::native::relu(at::TensorIterator&)::{lambda()#1}::operator()() const::
// {lambda(float)#2}>(int, …)" becomes "elementwise_kernel<4, relu::{lambda(float)#2}>". A name that is no C++ name stays.
std::string short_kernel_name(std::string_view name);

}  // namespace headroom
