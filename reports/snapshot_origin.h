// Where a block came from, as PyTorch's snapshots carry it: a stack of frames, which every view shows, and a text of
// metadata. What a recording knows stands in the frames, innermost first as stacks are kept:
//
//   file "tensor"       "[8, 128, 768] float32"
//   file "operator"     "aten::addmm"
//   file "train.py", its line     "source line"          where lines were recorded
//   file "layer"        "encoder.layer.3.attention", then each layer around it, last "model"
//   file "step 1"       "forward"
//   file "category"     "activation"
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>

#include "analysis/breakdown.h"
#include "reports/pickle.h"

namespace headroom::snapshot {

class OriginWriter {
 public:
  OriginWriter(PickleWriter& pickle, const Breakdown& run) : pickle_(pickle), run_(run) {}

  // The members "frames" and "user_metadata"; blocks of the same origin share theirs.
  void write(const Allocation& allocation);
  // What is reserved at `event` is reserved for the block that comes next.
  void write_of_segment(std::int64_t event);
  void write_of_failure(const Outcome& outcome);
  void write_none();

 private:
  using Key = std::tuple<Category, LayerId, StringId, StringId, StringId, Phase, std::int32_t>;
  struct Written {
    std::uint32_t frames, metadata;
  };

  void frame(std::string_view file, std::int64_t line, std::string_view name);
  void write_layers(LayerId layer);
  void write_frames(const Allocation& allocation);
  void write_metadata(const Allocation& allocation);

  PickleWriter& pickle_;
  const Breakdown& run_;
  std::map<Key, Written> written_;
};

}  // namespace headroom::snapshot
