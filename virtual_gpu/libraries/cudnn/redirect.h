// A library that is made to open others than it asks for.
#pragma once

#include <string>

namespace headroom::virtual_gpu::cudnn {

// Opens the library at `path` for this process's own use (RTLD_LOCAL). What it, and the libraries beside it that it
// opens, ask dlopen for goes through `open` from then on. nullptr: dlerror() tells why not.
void* open_redirected(const std::string& path, void* (*open)(const char* name, int flags));

// For `open`: redirects what has been loaded from the folder of a redirected library since.
void redirect_newly_loaded();

}  // namespace headroom::virtual_gpu::cudnn
