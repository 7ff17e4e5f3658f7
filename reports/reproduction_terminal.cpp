#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "reports/reproduction.h"
#include "reports/reproduction_words.h"
#include "reports/table.h"
#include "reports/terminal.h"

namespace headroom {
namespace {

using namespace reproduction;
using terminal::Page;
using terminal::paragraph;

constexpr std::array<std::int64_t, 5> kShownHeads{1, 4, 12, 32, 128};

Cell name_cell(const std::string& mechanism) {
  return {mechanism, mechanism.starts_with("mhe") ? Style::bold : Style::plain};
}

Cell saved(std::int64_t bytes, std::int64_t baseline) {
  const double share = saving(bytes, baseline);
  return {percent_saved(bytes, baseline), share > 0 ? Style::good : share < 0 ? Style::bad : Style::plain};
}

std::string section(const std::string& title, const std::string& conditions, const Page& page) {
  return "\n" + paragraph(title, Style::bold, page) +
         (conditions.empty() ? "" : paragraph(conditions, Style::dim, page));
}

std::string figure(const Reproduction& found, const Page& page) {
  std::vector<Column> columns{{"parameters at n =", 0, true}};
  for (const std::int64_t heads : kShownHeads)
    columns.push_back({std::to_string(heads), heads == 12 || heads == 128 ? 0 : 1});
  Table table(columns);
  std::vector<std::string> names;
  for (const FigurePoint& point : found.figure)
    if (point.mechanism != "sha-compact" && std::ranges::find(names, point.mechanism) == names.end())
      names.push_back(point.mechanism);
  for (const std::string& name : names) {
    std::vector<Cell> cells{name_cell(name)};
    for (const FigurePoint& point : found.figure)
      if (point.mechanism == name && std::ranges::find(kShownHeads, point.heads) != kShownHeads.end())
        cells.push_back({format_count(point.projections)});
    table.add_row(std::move(cells));
  }
  return section("Queries, keys, values and head embeddings of one sublayer, heads of 64, d_m = 64·n", "", page) +
         table.render(page.width, page.color);
}

std::string parameters(const SetUp& s, const Page& page) {
  Table table({{"attention", 0, true},
               {"weights", 0},
               {"saved", 0},
               {"over sha", 1, false, "ratio to sha − 1"},
               {"whole model", 2},
               {"saved", 3, false, "whole model's saving"}});
  const ParameterRow* mha = s.parameters_of("mha");
  for (const ParameterRow& row : s.parameters) {
    const auto more = over_sha(s, row);
    table.add_row({name_cell(row.mechanism),
                   {format_count(row.attention_weights)},
                   saved(row.attention_weights, mha ? mha->attention_weights : 0),
                   {more ? fmt::format("{:.6f}", *more) : kNothing},
                   {format_count(row.model_parameters)},
                   saved(row.model_parameters, mha ? mha->model_parameters : 0)});
  }
  return table.render(page.width, page.color);
}

std::string memory(const SetUp& s, const Page& page) {
  Table table({{"memory saved", 0, true},
               {"kept", 0, false, "attention: kept"},
               {"at work", 1, false, "attention: at work"},
               {"training\nstate", 2, false, "parameters, gradients and optimizer state"},
               {"all kept", 3, false, "activations of the model"},
               {"training\npeak", 0, false, "training peak"},
               {"inference\npeak", 2, false, "inference peak"},
               {"cache a\ntoken", 1, false, "cache a token"}});
  const MemoryRow* mha = s.memory_of("mha");
  if (mha == nullptr) return {};
  const auto state = [](const MemoryRow& r) { return r.parameter_bytes + r.gradient_bytes + r.optimizer_state_bytes; };
  for (const MemoryRow& row : s.memory)
    table.add_row({name_cell(row.mechanism), saved(row.attention.kept_bytes, mha->attention.kept_bytes),
                   saved(row.attention.peak_bytes, mha->attention.peak_bytes), saved(state(row), state(*mha)),
                   saved(row.activation_bytes, mha->activation_bytes),
                   saved(row.training_peak_bytes, mha->training_peak_bytes),
                   saved(row.inference_peak_bytes, mha->inference_peak_bytes),
                   saved(row.cache_bytes_per_token, mha->cache_bytes_per_token)});
  return "\n" + table.render(page.width, page.color);
}

std::string training(const TrainingStudy& study, const Page& page) {
  Table table({{"really trained", 0, true},
               {"attention\nweights", 2, false, "attention weights"},
               {"perplexity\na byte", 0, false, "perplexity a byte"},
               {"perplexity\na word", 4, false, "perplexity a word"},
               {"PRR", 0},
               {"PEoP,\ntiled", 1, false, "PEoP, tiled"},
               {"PEoP,\ncompact", 1, false, "PEoP, compact"},
               {"seconds", 3}});
  for (const TrainingRow& row : study.rows)
    table.add_row({name_cell(row.mechanism),
                   {format_count(row.attention_weights)},
                   {with_spread(row.byte_perplexity, 3)},
                   {with_spread(row.word_perplexity, 0)},
                   {with_spread(row.retention, 4)},
                   {with_spread(row.elasticity_tiled, 3)},
                   {with_spread(row.elasticity_compact, 4)},
                   {with_spread(row.seconds, 0)}});
  return section("Language modelling, measured here: " + title_of(study), "", page) +
         table.render(page.width, page.color);
}

}  // namespace

std::string write_reproduction_terminal(const Reproduction& found, const TerminalOptions& options) {
  const Page page{static_cast<std::size_t>(options.width), options.color};
  std::string out = paragraph("Multiple-head embedding attention (Xue & Aletras 2023), regenerated", Style::bold, page);
  if (!found.figure.empty()) out += figure(found, page);
  for (const SetUp& set_up : found.set_ups)
    out +=
        section(title_of(set_up), conditions_of(set_up, found), page) + parameters(set_up, page) + memory(set_up, page);
  if (found.training) out += training(*found.training, page);
  out += "\n";
  for (const std::string& failure : found.failures) out += paragraph(failure, Style::bad, page);
  for (const std::string& assumption : assumptions(found)) out += paragraph("· " + assumption, Style::dim, page);
  return out;
}

}  // namespace headroom
