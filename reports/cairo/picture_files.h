// Pictures as PDF and PNG, by cairo: without a display, in whatever sans-serif typeface the machine has. The same picture
// gives the same bytes on the same machine. Cairo is opened at run time, when a picture is asked for; only its headers
// are needed to build.
#pragma once

#include <string>

#include "reports/picture.h"

namespace headroom {

// Throws could_not_measure where cairo is not installed; so do the writers.
void require_picture_files();

// One page as large as the picture; texts stay texts, in fonts that are embedded.
std::string write_pdf(const Picture& picture);

inline constexpr double kPngScale = 2;  // pixels of the file for one of the picture

std::string write_png(const Picture& picture);

}  // namespace headroom
