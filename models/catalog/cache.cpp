#include "models/catalog/cache.h"

#include <algorithm>
#include <string>

#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {
namespace {

std::int64_t ceil_of(std::int64_t count, std::int64_t parts) { return (count + parts - 1) / parts; }

// Pages of one sublayer: those that the beams of a sequence share, and those of each beam.
struct Pages {
  std::int64_t shared = 0, own = 0;
};

Pages pages_of(const CacheSize& size, std::int64_t tokens, std::int64_t kept, bool cross) {
  const std::int64_t all = ceil_of(tokens, size.page), dropped = (tokens - kept) / size.page;
  if (cross) return {all, 0};
  const std::int64_t finished = size.beams > 1 ? std::max<std::int64_t>(size.prompt / size.page - dropped, 0) : 0;
  return {finished, all - dropped - finished};
}

// Of all streams.
Formula row_bytes(const std::vector<CacheRows>& rows, const AttentionShape& shape, CacheStorage storage) {
  const std::int64_t element = storage == CacheStorage::model ? shape.element_bytes : 1;
  FormulaBuilder sum;
  for (const CacheRows& stream : rows) sum.add(stream.count * element, {stream.heads, stream.width}, stream.elements);
  if (storage == CacheStorage::int8)
    for (const CacheRows& stream : rows) sum.add(stream.count * shape.element_bytes, {stream.heads}, stream.rows);
  return sum.done();
}

// What the cache's layout and the beams make of the rows of one sequence.
Formula rows_of(const CacheSize& size, const AttentionShape& shape, std::int64_t window) {
  const std::int64_t tokens = shape.cross ? size.source : size.tokens, room = shape.cross ? size.source : size.room;
  const std::int64_t kept = window > 0 ? std::min(tokens, window) : tokens;
  const bool beams = size.beams > 1;
  const std::string_view all = beams ? "B·b·" : "B·";
  FormulaBuilder sum;
  if (size.layout == CacheLayout::dynamic)
    return sum.add(1, {size.batch, size.beams, kept}, std::string(all) + (shape.cross ? "S" : "T")).done();
  if (size.layout == CacheLayout::fixed)
    return sum
        .add(1, {size.batch, size.beams, window > 0 ? std::min(room, window) : room},
             std::string(all) + (shape.cross ? "S" : "T_room"))
        .done();
  const Pages pages = pages_of(size, tokens, kept, shape.cross);
  if (pages.shared > 0) sum.add(1, {size.batch, pages.shared, size.page}, "B·P_shared·N");
  if (pages.own > 0) sum.add(1, {size.batch, size.beams, pages.own, size.page}, std::string(all) + "P·N");
  return sum.done();
}

void refuse(const ModelConfig& config, const std::string& problem) {
  throw bad_input(config.name + " does not generate: " + problem);
}

}  // namespace

Formula cache_bytes_per_token(const ModelConfig& config, const AttentionShape& shape, const CacheSize& size) {
  const AttentionMechanism& mechanism = attention_mechanism(config.attention);
  if (mechanism.shares_memory && shape.cross) {
    if (!size.first_layer) return {0, "0: the first layer has it"};
    return FormulaBuilder().add(shape.element_bytes, {shape.d_model}, "d_m").done();
  }
  if (!mechanism.cache_rows) return {0, "0: a state whatever the number of tokens"};
  return row_bytes(mechanism.cache_rows(shape), shape, size.storage);
}

Formula cache_bytes(const ModelConfig& config, const AttentionShape& shape, const CacheSize& size) {
  const AttentionMechanism& mechanism = attention_mechanism(config.attention);
  const Formula each = cache_bytes_per_token(config, shape, size);
  if (mechanism.shares_memory && shape.cross)
    return {checked_product({size.batch, size.source, each.value}), "B·S x (" + each.text + ")"};
  if (!mechanism.cache_rows) {
    const Formula state = mechanism.state_bytes(shape);
    return {checked_product({size.batch, size.beams, state.value}),
            (size.beams > 1 ? "B·b x (" : "B x (") + state.text + ")"};
  }
  const Formula rows = rows_of(size, shape, mechanism.cache_window ? mechanism.cache_window(shape) : 0);
  return {checked_product({rows.value, each.value}), "(" + rows.text + ") x (" + each.text + ")"};
}

void require_generation(const ModelConfig& config, const CacheSize& size, std::int64_t prompt,
                        std::int64_t new_tokens) {
  const AttentionMechanism& mechanism = attention_mechanism(config.attention);
  if (config.decoder_layer_count == 0)
    refuse(config, "it is an encoder, whose tokens see both sides; use a decoder or an encoder-decoder");
  if (config.head != Head::lm && config.head != Head::mlm) refuse(config, "its head has no vocabulary to choose from");
  if (config.reversible)
    refuse(config, "its layers are reversible, and they are built for training and forward passes");
  if (config.positions == Positions::transformer_xl)
    refuse(config, "decoding with Transformer-XL's positions is not built; use other --positions");
  const std::string name(mechanism.name);
  if (!mechanism.undefined.causal.empty())
    refuse(config, "attention '" + name + "' is undefined for decoders: " + std::string(mechanism.undefined.causal));
  if (!mechanism.undefined.cached.empty())
    refuse(config, "attention '" + name + "' has no cache: " + std::string(mechanism.undefined.cached));
  if (!mechanism.cache_rows && !mechanism.state_bytes)
    refuse(config, "attention '" + name + "' has no cache; headroom list attention says which have one");
  if (!mechanism.cache_rows && size.storage != CacheStorage::model)
    refuse(config, "attention '" + name +
                       "' keeps sums, not rows, and sums are kept in the model's dtype; use "
                       "--cache-dtype model");
  const bool both = config.architecture == Architecture::encoder_decoder;
  const std::int64_t longest = checked_sum({both ? 1 : prompt, new_tokens});
  if (has_position_table(config.positions) && longest > config.max_positions)
    refuse(config, std::to_string(both ? 1 : prompt) + " prompt and " + std::to_string(new_tokens) +
                       " new tokens are more than its table of " + std::to_string(config.max_positions) +
                       " positions; use fewer");
  validate_shape(config, size.batch, prompt);
  validate_shape(config, checked_product({size.batch, size.beams}), longest);
}

}  // namespace headroom::models
