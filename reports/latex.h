// Tables for papers: LaTeX with booktabs, a file each, to be read with \input. Texts are typeset by pdfLaTeX, XeLaTeX
// and LuaLaTeX alike.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/document.h"
#include "reports/report.h"

namespace headroom {

// comparison.tex where there are several runs, then LABEL.layers.tex of each run that has a peak. Of no such run: one
// file that says so.
std::vector<Document> write_latex(const Report& report);

// Text that LaTeX typesets as it is. Letters that pdfLaTeX cannot set without packages become "?".
std::string latex_text(std::string_view text);

}  // namespace headroom
