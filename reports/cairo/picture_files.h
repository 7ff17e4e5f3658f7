// Pictures as PDF and PNG, by cairo: without a display, in whatever sans-serif typeface the machine has. The same
// picture gives the same bytes on the same machine. A library of its own, so that what reads recordings needs no cairo.
#pragma once

#include <string>

#include "reports/picture.h"

namespace headroom {

// One page as large as the picture; texts stay texts, in fonts that are embedded.
std::string write_pdf(const Picture& picture);

inline constexpr double kPngScale = 2;  // pixels of the file for one of the picture

std::string write_png(const Picture& picture);

}  // namespace headroom
