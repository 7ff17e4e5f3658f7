// The report as GitHub-flavoured Markdown, for pull requests, issues and notes: what matters first, what is long
// folded.
#pragma once

#include <string>

#include "reports/report.h"

namespace headroom {

std::string write_markdown(const Report& report);

}  // namespace headroom
