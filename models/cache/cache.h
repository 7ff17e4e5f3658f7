// What a decoder keeps of the tokens before: the key-value cache of one attention sublayer, and of a model.
//
// A sublayer's cache has streams of rows, one row for each token and head: keys and values, or what a mechanism makes
// them from. Rows are written once, in the cache's storage, and come back in the dtype that attention uses. Mechanisms
// that sum their keys and values have states instead, whatever the layout.
//
// Shapes: B sequences of the prompt, B' sequences now (B, or B x beams), g heads of a stream, T new tokens, S tokens
// kept, w width of a row.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/catalog/cache.h"

namespace headroom::models {

struct CacheStream {
  std::int64_t heads, width;
};

// What a mechanism keeps.
struct CacheShape {
  std::vector<CacheStream> streams;
  std::int64_t window = 0;     // tokens from here on back are not seen any more; 0: all are
  bool shares_memory = false;  // the other sequence itself is kept, once for all layers
};

struct CacheOptions {
  CacheSize size;
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;  // of rows in use, and of scales and states
  // Hears of every block that a cache makes, at once, with the layer that it is of; empty: nobody listens.
  std::function<void(const at::Tensor& block, const std::string& layer)> on_block;
};

// The rows of a stream as queries meet them: in one piece, or page by page, where none but the page in use exists in
// the dtype that attention uses.
class CachedRows {
 public:
  struct Part {
    at::Tensor data, scale;  // as stored: [B or B', g, t, w], and [B or B', g, t, 1] where there is a scale
  };

  explicit CachedRows(at::Tensor rows) : dtype_(rows.scalar_type()), parts_{{std::move(rows), {}}} {}
  CachedRows(at::ScalarType dtype, std::vector<Part> parts) : dtype_(dtype), parts_(std::move(parts)) {}

  std::size_t part_count() const { return parts_.size(); }
  std::int64_t part_tokens(std::size_t i) const { return parts_[i].data.size(2); }
  std::int64_t tokens() const;
  std::int64_t heads() const { return parts_[0].data.size(1); }
  at::Tensor part(std::size_t i) const;  // in use: [B or B', g, t, w]

  // Every part through `change`, as it is read: [B, g, t, w] -> [B, g', t, w'].
  CachedRows mapped(std::function<at::Tensor(const at::Tensor&)> change) const;

 private:
  at::ScalarType dtype_;
  std::vector<Part> parts_;
  std::function<at::Tensor(const at::Tensor&)> change_;
};

// q [B', g, R, w] times all rows: [B', g, R, S]. Where rows are shared by the beams of a sequence, B' is a multiple of
// their B.
at::Tensor scores_of(const at::Tensor& q, const CachedRows& keys);
// p [B', g, R, S] times all rows: [B', g, R, w].
at::Tensor sums_of(const at::Tensor& p, const CachedRows& values);

class LayerCache {
 public:
  // `room`: the rows that a fixed layout has.
  LayerCache(std::shared_ptr<const CacheOptions> options, std::string layer, CacheShape shape, std::int64_t room);

  bool empty() const { return count_ == 0 && states_.empty(); }
  std::int64_t room() const { return room_; }  // of a cross-attention: tokens of the other sequence

  // Rows [B', g, T, w] of each stream join; what their queries meet comes back. Of a prompt, which joins an empty
  // cache, these are the rows at hand: exact, and in one piece.
  std::vector<CachedRows> append(std::vector<at::Tensor> rows);
  // The same of the rows that `make()` gives, or, where nothing joins because `memory` is undefined, all that is kept.
  template <class Make>
  std::vector<CachedRows> joined(const at::Tensor& memory, const Make& make) {
    return memory.defined() ? append(make()) : rows();
  }
  // All that is kept, of each stream.
  std::vector<CachedRows> rows() const;

  // The other sequence [B, S, w] itself, which nobody copies and all beams share.
  void share(const at::Tensor& memory);

  // States [B', ..], replaced as a whole.
  const std::vector<at::Tensor>& states() const { return states_; }
  void set_states(std::vector<at::Tensor> states);

  // Each sequence becomes `beams`. What is finished of a paged cache is shared by them.
  void expand();
  // Sequence i goes on as sequence order[i] did, int64 [B'] on the device, among the beams of one sequence.
  void reorder(const at::Tensor& order);

  // Once the prompt is in, nothing joins: a cross-attention's, the same for all beams of a sequence.
  void finish() { finished_ = true; }

 private:
  struct Block {
    std::vector<CachedRows::Part> streams;
    bool shared = false;  // by the beams of a sequence
  };

  CachedRows::Part encoded(const at::Tensor& rows) const;
  void note(const Block& block) const;
  Block empty_block(std::int64_t sequences, std::int64_t rows) const;
  std::vector<CachedRows> append_dynamic(std::vector<at::Tensor> rows);
  std::vector<CachedRows> append_fixed(const std::vector<at::Tensor>& rows);
  std::vector<CachedRows> append_paged(std::vector<at::Tensor> rows);
  void write(std::size_t stream, std::int64_t row, const CachedRows::Part& part, std::int64_t from, std::int64_t count,
             Block& block) const;
  Block gathered(const Block& block, const std::function<at::Tensor(const at::Tensor&)>& gather) const;
  std::int64_t kept() const;  // tokens in sight

  std::shared_ptr<const CacheOptions> options_;
  std::string layer_;
  CacheShape shape_;
  std::int64_t room_, count_ = 0, dropped_ = 0;  // dropped: tokens of pages that no query will see again
  bool finished_ = false, expanded_ = false;
  std::vector<Block> blocks_;
  std::vector<at::Tensor> states_;
};

// Of one block of the decoder: self, then cross.
using BlockCache = std::vector<LayerCache>;

struct ModelCache {
  std::shared_ptr<const CacheOptions> options;
  std::vector<BlockCache> blocks;
  std::int64_t tokens = 0;  // that the decoder has seen

  void expand();
  void reorder(const at::Tensor& order);
};

}  // namespace headroom::models
