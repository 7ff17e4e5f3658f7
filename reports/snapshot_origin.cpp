#include "reports/snapshot_origin.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/json.h"
#include "reports/summary.h"
#include "reports/text.h"

namespace headroom::snapshot {
namespace {

struct SourceLine {
  std::string file;
  std::int64_t line = 0;
};

// Of "train.py:42"; a text of another form is all file.
SourceLine split_line(const std::string& source) {
  const auto colon = source.rfind(':');
  const std::string digits = colon == std::string::npos ? "" : source.substr(colon + 1);
  const bool is_number =
      !digits.empty() && digits.size() < 10 && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return {source, 0};
  return {source.substr(0, colon), std::stoll(digits)};
}

}  // namespace

void OriginWriter::frame(std::string_view file, std::int64_t line, std::string_view name) {
  pickle_.begin_dict();
  pickle_.member("filename", printable(file));
  pickle_.member("line", line);
  pickle_.member("name", printable(name));
  pickle_.end_dict();
  pickle_.end_item();
}

void OriginWriter::write_layers(LayerId layer) {
  while (true) {
    frame("layer", 0, layer_path(run_, layer));
    if (layer == LayerId::root || run_.layer(layer).parent >= layer) return;
    layer = run_.layer(layer).parent;
  }
}

void OriginWriter::write_frames(const Allocation& a) {
  pickle_.begin_list();
  if (const auto tensor = text_of(run_, a.tensor); !tensor.empty()) frame("tensor", 0, tensor);
  if (const auto op = text_of(run_, a.op); !op.empty()) frame("operator", 0, op);
  if (const auto [file, line] = split_line(text_of(run_, a.source)); !file.empty()) frame(file, line, "source line");
  write_layers(a.layer);
  frame(fmt::format("step {}", a.step), 0, to_name(kPhaseNames, a.phase));
  frame("category", 0, to_name(kCategoryNames, a.category));
}

void OriginWriter::write_metadata(const Allocation& a) {
  const Json metadata{{"category", to_name(kCategoryNames, a.category)},
                      {"layer", layer_path(run_, a.layer)},
                      {"phase", to_name(kPhaseNames, a.phase)},
                      {"step", a.step},
                      {"operator", text_of(run_, a.op)},
                      {"tensor", text_of(run_, a.tensor)},
                      {"source_line", text_of(run_, a.source)}};
  pickle_.text(metadata.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void OriginWriter::write(const Allocation& a) {
  const auto [found, is_new] = written_.try_emplace({a.category, a.layer, a.op, a.tensor, a.source, a.phase, a.step});
  Written& written = found->second;
  pickle_.text("frames");
  if (is_new) {
    write_frames(a);
    written.frames = pickle_.remember();
    pickle_.text("user_metadata");
    write_metadata(a);
    written.metadata = pickle_.remember();
  } else {
    pickle_.recall(written.frames);
    pickle_.text("user_metadata");
    pickle_.recall(written.metadata);
  }
}

void OriginWriter::write_of_segment(std::int64_t event) {
  const auto next = std::ranges::lower_bound(run_.allocations, event, {}, &Allocation::begin);
  if (next == run_.allocations.end()) return write_none();
  write(*next);
}

void OriginWriter::write_of_failure(const Outcome& outcome) {
  pickle_.text("frames");
  pickle_.begin_list();
  frame("layer", 0, outcome.layer);
  frame("phase", 0, outcome.phase);
  pickle_.member("user_metadata", printable(outcome.message));
}

void OriginWriter::write_none() {
  pickle_.text("frames");
  pickle_.begin_list();
  pickle_.member("user_metadata", "");
}

}  // namespace headroom::snapshot
