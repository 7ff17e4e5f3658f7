// Where the Torch is that a worker runs. An installed worker was built for one version of Torch and brings none: it is
// fetched by headroom-setup-torch, or comes from a Python environment.
//
// Looked for in this order: HEADROOM_TORCH_DIR; ../lib/headroom/torch-VERSION/torch of the worker's folder; where it
// was when the worker was built; torch-VERSION/torch in the cache (HEADROOM_CACHE_DIR, else XDG_CACHE_HOME/headroom,
// else
// ~/.cache/headroom). The loader knows the two in the middle by itself.
#pragma once

#include <filesystem>
#include <string>

#include "cli/environment.h"

namespace headroom::cli {

struct TorchFolder {
  std::filesystem::path path;  // the folder `torch`; empty: none
  std::string version;         // "2.11.0+cu130"; empty: not known
  bool loader_knows = true;    // without being told
};

// Throws could_not_measure when HEADROOM_TORCH_DIR names no Torch, or another version than the worker's.
TorchFolder find_torch(const std::filesystem::path& worker);

// Puts it in front of LD_LIBRARY_PATH where the loader has to be told. Throws could_not_measure, with the remedy, when
// it is missing and the worker says which it needs.
void put_torch_in_front(Environment& environment, const std::filesystem::path& worker);

}  // namespace headroom::cli
