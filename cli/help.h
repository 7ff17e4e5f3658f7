// The look of --help.
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <string>

namespace headroom::cli {

std::shared_ptr<CLI::FormatterBase> make_help_formatter();

std::string help_text(const CLI::App& app);  // of the command that was named, else of the tool

}  // namespace headroom::cli
