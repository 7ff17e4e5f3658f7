#include "models/cache/cache.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <utility>

namespace headroom::models {
namespace {

constexpr double kLargestInt8 = 127.0, kLargestFp8 = 448.0;
constexpr double kSmallestScale = 1e-6;  // of a row of zeros; fp16 holds it

// Rows in a block that holds nothing else.
at::Tensor owned(const at::Tensor& rows) {
  if (rows.is_contiguous() && rows.storage().nbytes() == rows.nbytes()) return rows;
  return rows.clone(at::MemoryFormat::Contiguous);
}

at::Tensor window_of(const at::Tensor& x, std::int64_t from, std::int64_t count) { return x.narrow(2, from, count); }

// The beams of a sequence read its rows at once: [B·f, g, R, w] -> [B·g, f·R, w].
at::Tensor folded(const at::Tensor& x, std::int64_t batch) {
  const std::int64_t beams = x.size(0) / batch;
  if (beams == 1) return x.reshape({x.size(0) * x.size(1), x.size(2), x.size(3)});
  return x.unflatten(0, {batch, beams}).transpose(1, 2).reshape({batch * x.size(1), beams * x.size(2), x.size(3)});
}
at::Tensor unfolded(const at::Tensor& x, const at::Tensor& like, std::int64_t batch) {
  const std::int64_t beams = like.size(0) / batch, groups = like.size(1);
  if (beams == 1) return x.view({batch, groups, like.size(2), x.size(2)});
  return x.view({batch, groups, beams, like.size(2), x.size(2)}).transpose(1, 2).flatten(0, 1);
}
at::Tensor joined_heads(const at::Tensor& rows) { return rows.reshape({-1, rows.size(2), rows.size(3)}); }

}  // namespace

std::int64_t CachedRows::tokens() const {
  std::int64_t sum = 0;
  for (const Part& part : parts_) sum += part.data.size(2);
  return sum;
}

at::Tensor CachedRows::part(std::size_t i) const {
  const Part& part = parts_[i];
  at::Tensor rows = part.data;
  if (part.scale.defined())
    rows = rows * part.scale;
  else if (rows.scalar_type() != dtype_)
    rows = rows.view(at::kFloat8_e4m3fn).to(dtype_);
  return change_ ? change_(rows) : rows;
}

CachedRows CachedRows::mapped(std::function<at::Tensor(const at::Tensor&)> change) const {
  CachedRows result = *this;
  result.change_ = std::move(change);
  return result;
}

at::Tensor scores_of(const at::Tensor& q, const CachedRows& keys) {
  const auto part_scores = [&](std::size_t i) {
    const at::Tensor k = keys.part(i);
    return unfolded(at::bmm(folded(q, k.size(0)), joined_heads(k).transpose(1, 2)), q, k.size(0));
  };
  if (keys.part_count() == 1) return part_scores(0);
  at::Tensor scores;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < keys.part_count(); first += keys.part_tokens(i), ++i) {
    const at::Tensor own = part_scores(i);
    if (!scores.defined()) scores = at::empty({q.size(0), q.size(1), q.size(2), keys.tokens()}, own.options());
    scores.narrow(3, first, keys.part_tokens(i)).copy_(own);
  }
  return scores;
}

at::Tensor sums_of(const at::Tensor& p, const CachedRows& values) {
  at::Tensor sums;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < values.part_count(); first += values.part_tokens(i), ++i) {
    const at::Tensor v = values.part(i), weights = p.narrow(3, first, values.part_tokens(i));
    const at::Tensor own = unfolded(at::bmm(folded(weights, v.size(0)), joined_heads(v)), p, v.size(0));
    sums = sums.defined() ? sums + own : own;
  }
  return sums;
}

LayerCache::LayerCache(std::shared_ptr<const CacheOptions> options, std::string layer, CacheShape shape,
                       std::int64_t room)
    : options_(std::move(options)), layer_(std::move(layer)), shape_(std::move(shape)), room_(room) {
  if (shape_.window > 0) room_ = std::min(room_, shape_.window);
  const CacheSize& size = options_->size;
  if (size.layout != CacheLayout::fixed || shape_.streams.empty() || shape_.shares_memory) return;
  blocks_.push_back(empty_block(size.batch * size.beams, room_));
  expanded_ = true;  // there is room for all beams from the start
}

std::int64_t LayerCache::kept() const { return shape_.window > 0 ? std::min(count_, shape_.window) : count_; }

void LayerCache::note(const Block& block) const {
  if (!options_->on_block) return;
  for (const CachedRows::Part& part : block.streams) {
    options_->on_block(part.data, layer_);
    if (part.scale.defined()) options_->on_block(part.scale, layer_);
  }
}

// Room for all streams in one block, and one for their scales.
LayerCache::Block LayerCache::empty_block(std::int64_t sequences, std::int64_t rows) const {
  const bool plain = options_->size.storage == CacheStorage::model;
  const at::ScalarType bytes = options_->size.storage == CacheStorage::int8 ? at::kChar : at::kByte;
  const auto options = at::TensorOptions(options_->device);
  std::int64_t elements = 0, heads = 0;
  for (const CacheStream& stream : shape_.streams) {
    elements += sequences * rows * stream.heads * stream.width;
    heads += sequences * rows * stream.heads;
  }
  const at::Tensor data = at::zeros({elements}, options.dtype(plain ? options_->dtype : bytes));
  at::Tensor scales;
  if (options_->size.storage == CacheStorage::int8) scales = at::zeros({heads}, options.dtype(options_->dtype));
  Block block;
  elements = heads = 0;
  for (const CacheStream& stream : shape_.streams) {
    const std::int64_t own_heads = sequences * rows * stream.heads, own = own_heads * stream.width;
    CachedRows::Part part;
    part.data = data.narrow(0, elements, own).view({sequences, stream.heads, rows, stream.width});
    if (scales.defined()) part.scale = scales.narrow(0, heads, own_heads).view({sequences, stream.heads, rows, 1});
    elements += own;
    heads += own_heads;
    block.streams.push_back(std::move(part));
  }
  note(block);
  return block;
}

CachedRows::Part LayerCache::encoded(const at::Tensor& given) const {
  const at::Tensor rows = given.to(options_->dtype);
  switch (options_->size.storage) {
    case CacheStorage::model:
      return {rows, {}};
    case CacheStorage::int8: {
      const at::Tensor scale = (rows.abs().amax(-1, true) / kLargestInt8).clamp_min_(kSmallestScale);
      return {(rows / scale).round_().clamp_(-kLargestInt8, kLargestInt8).to(at::kChar), scale};
    }
    case CacheStorage::fp8:
      return {rows.clamp(-kLargestFp8, kLargestFp8).to(at::kFloat8_e4m3fn).view(at::kByte), {}};
  }
  return {};
}

std::vector<CachedRows> LayerCache::append(std::vector<at::Tensor> rows) {
  for (at::Tensor& stream : rows) stream = stream.to(options_->dtype);
  switch (options_->size.layout) {
    case CacheLayout::dynamic:
      return append_dynamic(std::move(rows));
    case CacheLayout::fixed:
      return append_fixed(rows);
    case CacheLayout::paged:
      return append_paged(std::move(rows));
  }
  return {};
}

std::vector<CachedRows> LayerCache::append_dynamic(std::vector<at::Tensor> rows) {
  const bool prompt = empty();
  const std::int64_t joining = rows[0].size(2);
  const std::int64_t before = kept();
  count_ += joining;
  const std::int64_t stay = kept();
  if (prompt) blocks_.emplace_back();
  std::vector<CachedRows> result;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CachedRows::Part part = encoded(prompt ? rows[i].narrow(2, joining - stay, stay) : rows[i]);
    if (prompt) {
      part = {owned(part.data), part.scale};
      // What is kept is what queries meet, where it is all of it.
      const bool itself = stay == joining && options_->size.storage == CacheStorage::model;
      result.emplace_back(itself ? part.data : rows[i]);
      rows[i] = at::Tensor();
      blocks_[0].streams.push_back(std::move(part));
      continue;
    }
    CachedRows::Part& old = blocks_[0].streams[i];
    const std::int64_t left = stay - joining;
    const auto join = [&](const at::Tensor& a, const at::Tensor& b) {
      return at::cat({a.narrow(2, before - left, left), b}, 2);
    };
    part.data = join(old.data, part.data);
    if (part.scale.defined()) part.scale = join(old.scale, part.scale);
    old = std::move(part);
    Block noted{{old}};
    note(noted);
    rows[i] = at::Tensor();
  }
  if (!prompt) return this->rows();
  note(blocks_[0]);
  return result;
}

void LayerCache::write(std::size_t stream, std::int64_t row, const CachedRows::Part& part, std::int64_t from,
                       std::int64_t count, Block& block) const {
  const auto copy = [&](const at::Tensor& to, const at::Tensor& source) {
    const std::int64_t batch = source.size(0);
    to.narrow(2, row, count)
        .unflatten(0, {batch, to.size(0) / batch})
        .copy_(source.narrow(2, from, count).unsqueeze(1));
  };
  copy(block.streams[stream].data, part.data);
  if (part.scale.defined()) copy(block.streams[stream].scale, part.scale);
}

// A window is a ring: token t has row t mod window.
std::vector<CachedRows> LayerCache::append_fixed(const std::vector<at::Tensor>& rows) {
  const bool prompt = empty();
  const std::int64_t joining = rows[0].size(2), stay = std::min(joining, room_);
  const std::int64_t row = (count_ + joining - stay) % room_, straight = std::min(stay, room_ - row);
  count_ += joining;
  std::vector<CachedRows> result;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CachedRows::Part part = encoded(rows[i]);
    write(i, row, part, joining - stay, straight, blocks_[0]);
    if (stay > straight) write(i, 0, part, joining - stay + straight, stay - straight, blocks_[0]);
    if (prompt) result.emplace_back(rows[i]);
  }
  const bool itself = options_->size.storage == CacheStorage::model && options_->size.beams == 1 && stay == joining;
  return prompt && !itself ? result : this->rows();
}

std::vector<CachedRows> LayerCache::append_paged(std::vector<at::Tensor> rows) {
  const bool prompt = empty();
  const std::int64_t joining = rows[0].size(2), page = options_->size.page;
  for (std::int64_t from = 0; from < joining;) {
    const std::int64_t row = (count_ - dropped_) % page;
    if (row == 0) blocks_.push_back(empty_block(rows[0].size(0), page));
    const std::int64_t count = std::min(page - row, joining - from);
    for (std::size_t i = 0; i < rows.size(); ++i)
      write(i, row, encoded(rows[i].narrow(2, from, count)), 0, count, blocks_.back());
    from += count;
    count_ += count;
    while (count_ - kept() - dropped_ >= page) {
      blocks_.erase(blocks_.begin());
      dropped_ += page;
    }
  }
  if (!prompt) return this->rows();
  std::vector<CachedRows> result;
  for (at::Tensor& stream : rows) result.emplace_back(std::move(stream));
  return result;
}

std::vector<CachedRows> LayerCache::rows() const {
  if (shape_.shares_memory) return {CachedRows(blocks_[0].streams[0].data)};
  const bool paged = options_->size.layout == CacheLayout::paged;
  std::vector<CachedRows> result;
  for (std::size_t i = 0; i < shape_.streams.size(); ++i) {
    std::vector<CachedRows::Part> parts;
    std::int64_t first = dropped_;
    for (const Block& block : blocks_) {
      const CachedRows::Part& part = block.streams[i];
      const std::int64_t skipped = paged ? std::max<std::int64_t>(count_ - kept() - first, 0) : 0;
      const std::int64_t last = paged ? std::min(count_ - first, options_->size.page) : kept();
      const auto used = [&](const at::Tensor& x) { return x.defined() ? window_of(x, skipped, last - skipped) : x; };
      parts.push_back({used(part.data), used(part.scale)});
      first += last;
    }
    result.emplace_back(options_->dtype, std::move(parts));
  }
  return result;
}

void LayerCache::share(const at::Tensor& memory) {
  count_ = memory.size(1);
  blocks_.push_back({{{memory.unsqueeze(1), {}}}, true});
  if (layer_.find(".layer.0.") != std::string::npos) note(blocks_[0]);  // all layers' one block is the first one's
}

void LayerCache::set_states(std::vector<at::Tensor> states) {
  states_ = std::move(states);
  for (at::Tensor& state : states_) state = state.to(options_->dtype);
  if (!options_->on_block) return;
  for (const at::Tensor& state : states_) options_->on_block(state, layer_);
}

LayerCache::Block LayerCache::gathered(const Block& block,
                                       const std::function<at::Tensor(const at::Tensor&)>& gather) const {
  Block result;
  if (options_->size.layout == CacheLayout::paged) {
    result = empty_block(options_->size.batch * options_->size.beams, options_->size.page);
    for (std::size_t i = 0; i < block.streams.size(); ++i) {
      result.streams[i].data.copy_(gather(block.streams[i].data));
      if (block.streams[i].scale.defined()) result.streams[i].scale.copy_(gather(block.streams[i].scale));
    }
    return result;
  }
  for (const CachedRows::Part& part : block.streams)
    result.streams.push_back({gather(part.data), part.scale.defined() ? gather(part.scale) : at::Tensor()});
  note(result);
  return result;
}

void LayerCache::expand() {
  const std::int64_t beams = options_->size.beams;
  if (beams == 1 || shape_.shares_memory) return;
  const auto repeated = [&](const at::Tensor& x) { return x.repeat_interleave(beams, 0); };
  if (!states_.empty()) {
    std::vector<at::Tensor> states;
    for (const at::Tensor& state : states_) states.push_back(repeated(state));
    return set_states(std::move(states));
  }
  if (expanded_) return;
  const bool paged = options_->size.layout == CacheLayout::paged;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const bool open = i + 1 == blocks_.size() && (count_ - dropped_) % options_->size.page != 0 && !finished_;
    blocks_[i].shared = paged && !open;
    if (!blocks_[i].shared) blocks_[i] = gathered(blocks_[i], repeated);
  }
  expanded_ = true;
}

void LayerCache::reorder(const at::Tensor& order) {
  if (shape_.shares_memory || finished_) return;
  const auto chosen = [&](const at::Tensor& x) { return at::index_select(x, 0, order); };
  if (!states_.empty()) {
    std::vector<at::Tensor> states;
    for (const at::Tensor& state : states_) states.push_back(chosen(state));
    return set_states(std::move(states));
  }
  for (Block& block : blocks_) {
    if (block.shared) continue;
    block = gathered(block, chosen);
  }
}

void ModelCache::expand() {
  for (BlockCache& block : blocks)
    for (LayerCache& layer : block) layer.expand();
}

void ModelCache::reorder(const at::Tensor& order) {
  for (BlockCache& block : blocks)
    for (LayerCache& layer : block) layer.reorder(order);
}

}  // namespace headroom::models
