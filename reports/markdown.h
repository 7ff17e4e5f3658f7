// The report as GitHub-flavoured Markdown, for pull requests, issues and notes: what matters first, what is long
// folded.
#pragma once

#include <string>
#include <string_view>

#include "reports/report.h"

namespace headroom {

std::string write_markdown(const Report& report);

// One line of text that Markdown shows as it is, in a table's cell, too.
std::string markdown_text(std::string_view text);

}  // namespace headroom
