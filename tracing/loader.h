// Finds libcupti at run time. Order: the file named (HEADROOM_CUPTI), and then no other; the copy that is mapped
// already, as Torch brings one and a second would be another CUPTI; the loader's search path; beside Torch; the
// toolkit's folders.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tracing/api.h"

namespace headroom::tracing {

struct Library {
  Api api;
  void* handle = nullptr;  // nullptr: not usable, and `problem` says why; never closed
  std::string path;
  std::uint32_t version = 0;  // CUPTI_API_VERSION of the library; 0: it did not say
  bool is_virtual = false;    // it belongs to the virtual GPU
  std::string problem;
  std::vector<std::string> warnings;  // of what works and is doubtful
};

// `named`: a file, or "" for HEADROOM_CUPTI and the search.
Library load_library(const std::string& named);

// "CUPTI 13.0 (130001)", "CUPTI 12.9 (28)", "CUPTI of the virtual GPU"
std::string library_name(const Library& library);

// Files called libcupti.so… in a text of the form of /proc/self/maps, each once.
std::vector<std::string> mapped_copies(const std::string& maps);

}  // namespace headroom::tracing
