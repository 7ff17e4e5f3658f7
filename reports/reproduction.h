// Writers of `headroom reproduce mhe`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/reproduction/reproduction.h"
#include "reports/report.h"

namespace headroom {

// What the figures rest on, one sentence each: of what is in the document.
std::vector<std::string> assumptions(const reproduction::Reproduction& found);

// Tables a person reads.
std::string write_reproduction_terminal(const reproduction::Reproduction& found, const TerminalOptions& options);

// headroom.reproduction/1; reports/schema/reproduction.schema.json describes it.
std::string write_reproduction_json(const reproduction::Reproduction& found);

// A page for people, its pictures beside it.
std::string write_reproduction_markdown(const reproduction::Reproduction& found);

// The figures behind the pictures: one row for each mechanism and number of heads.
std::string write_parameters_csv(const reproduction::Reproduction& found);

inline constexpr std::string_view kParametersPicture = "parameters.svg", kLossesPicture = "losses.svg";
std::string write_parameters_svg(const reproduction::Reproduction& found);
std::string write_losses_svg(const reproduction::TrainingStudy& study);

}  // namespace headroom
