// Python's command line, as far as Headroom must understand it.
#pragma once

#include <string>
#include <vector>

namespace headroom::cli {

// "-I", "-E" or "-S" (alone or in a bundle such as -Iu) where `words` start a Python that shall not read PYTHONPATH, or
// not import sitecustomize; else empty.
std::string isolating_flag(const std::vector<std::string>& words);

// "train.py" of "python -u train.py --lr 3", "torch.distributed.run" of "python -m torch.distributed.run x.py"; empty
// where `words` start no Python, or one that reads its program from the command line or a terminal.
std::string python_script(const std::vector<std::string>& words);

}  // namespace headroom::cli
