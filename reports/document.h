// A file that a writer made. Formats that hold one table or picture a file make several.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headroom {

struct Document {
  std::string name;  // "layers.csv": without a folder
  std::string bytes;
};

// "mha.timeline.svg"; a label that is a path names one file all the same, and what no file name should hold is replaced or
// cut off.
std::string document_name(std::string_view label, std::string_view ending);

}  // namespace headroom
