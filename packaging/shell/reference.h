// docs/reference in Markdown: pages that nobody writes by hand. Commands come from the objects of the command line, the
// rest from the tables that the programs themselves use.
#pragma once

#include <filesystem>
#include <string>

#include "packaging/shell/interface.h"

namespace headroom::shell {

// Every command with its flags, their defaults and meanings. Flags that several commands share stand once.
std::string command_reference(const Interface& interface);

std::string environment_reference();
std::string exit_code_reference();
std::string glossary();

// The default that a help text names, and what is left of the text without it.
struct Meaning {
  std::string text, fallback;
};
Meaning meaning_of(const std::string& text);

// Of headroom all pages, of another program its own.
void write_reference(const Interface& interface, const std::filesystem::path& folder);

}  // namespace headroom::shell
