// --format of the commands whose documents are their own: a table of names, of which one is `terminal`.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/names.h"
#include "cli/arguments.h"
#include "cli/output.h"

namespace headroom::cli {

// For help: "terminal, json, csv; several, separated by commas, with --out".
void add_documents_flags(CLI::App& command, OutputFlags& flags, const std::string& names, const char* by_default,
                         const char* files);

// The documents asked for, each once: without --out one, for stdout; with it any number, `with_folder` where none is
// named, and the terminal's table unless --quiet asks for none. Throws bad_input for an unknown name, and for several
// without a folder.
template <class Document, std::size_t N>
std::vector<Document> documents_of(const OutputFlags& flags, const std::array<Named<Document>, N>& names,
                                   const std::vector<Document>& with_folder) {
  std::vector<Document> documents;
  if (!flags.format.empty())
    for (const std::string& name : parse_list("--format", flags.format))
      documents.push_back(from_name(names, "format", name));
  const bool folder = !flags.out.empty();
  if (!folder && documents.size() > 1)
    throw bad_input(fmt::format("--format {} needs --out FOLDER: only one format fits on stdout", flags.format));
  const bool shows_table = folder ? !flags.quiet : documents.empty();
  if (folder && documents.empty()) documents = with_folder;
  if (shows_table && std::ranges::find(documents, Document::terminal) == documents.end())
    documents.push_back(Document::terminal);
  return documents;
}

// What of them goes to stdout: without a folder the one, with it the table. nullptr: nothing.
template <class Document>
const Document* shown_of(const std::vector<Document>& documents, const OutputPlan& place) {
  if (!place.folder) return &documents.front();
  const auto table = std::ranges::find(documents, Document::terminal);
  return table == documents.end() ? nullptr : &*table;
}

}  // namespace headroom::cli
