// A recording as text a person can read, for tests.
//
//   mode forward                          the spec's mode (train unless said)
//   parameter w block.0/attn [8,4] float32     a ParameterRecord; `parameter v head [8,4] float32 = w` shares w's
//   storage form activation_bytes model 4096      a ClosedForm
//   == forward 1                          a Mark: phase and step of the events that follow
//   t=10 +4096@a block.0/attn aten::mm activation? "[8, 128] float32"
//                                         allocates block `a`: time, block bytes, layer, operator, category, tensor.
//                                         `activation?` is untagged and expected to be resolved as an activation;
//                                         without the question mark the profiler tagged it. +4096/4000@a: 4000
//                                         requested. No tensor, or "-" as operator: none.
//   t=20 -@a                              frees block `a`
//   segment +1048576@s, segment -@s       reserves and releases a segment
//   outcome oom
//
// Time may be left out (ten a line). `block.0/attn` names the layer attn in block.0 in model; layers exist once named.
// Statistics are those of a replay; model.parameter_count is that of the parameters.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "recording/recording.h"

namespace headroom::testing_support {

struct TextRecording {
  Recording recording;
  std::map<std::int64_t, Category> expected;  // of each allocation, by event
};

// Throws std::invalid_argument, naming the line, when `text` is not of this form.
TextRecording parse_recording_text(std::string_view text);
Recording recording_from_text(std::string_view text);

// Replays the events and sets `recording.stats` to what an allocator would have counted.
void set_stats_by_replay(Recording& recording);

}  // namespace headroom::testing_support
