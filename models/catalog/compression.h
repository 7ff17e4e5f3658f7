// The registry of ways to make weights smaller, and their closed forms. Torch-free; the rows are in
// models/catalog/compression/, the implementations in models/compression/.
//
// Notation: a weight is [out, in]; N inputs of it in one pass (B·T), e bytes of an element. Further symbols are the
// method's options.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/catalog/attention.h"
#include "models/catalog/config.h"

namespace headroom::models {

enum class WeightPlace : std::uint8_t { other, attention, ffn, words };

// One weight as the closed forms see it.
struct WeightShape {
  std::int64_t out = 1, in = 1;
  std::int64_t inputs = 1;         // N
  std::int64_t element_bytes = 4;  // e
  bool trained = false;            // gradients reach what the method makes of the weight; false: packed, frozen or used
};

struct CompressionMethod {
  std::string_view name;                                               // "int8"
  std::string_view title;                                              // "8-bit integers with one scale"
  std::string_view source;                                             // "Zafrir et al. 2019, arXiv 1910.06188"
  std::vector<MechanismOption> options;                                // "layers" is one of them
  Formula (*parameter_count)(const Compression&, const WeightShape&);  // logical: of int4 as many as before
  Formula (*stored_bytes)(const Compression&, const WeightShape&);     // of weights, codes, scales, masks
  Formula (*saved_bytes)(const Compression&, const WeightShape&);      // kept for backward besides the input
  void (*require)(const Compression&, const WeightShape&) = nullptr;   // throws bad_input: sizes do not go with it
  void (*require_mode)(const Compression&, bool training) = nullptr;   // throws bad_input
  void (*complete)(Compression&) = nullptr;                            // fallbacks that depend on other options
  bool adapter = false;                                                // added to a weight that is frozen
  bool holds_words = false;                                            // layers=all includes the word table
  bool packs = false;  // a frozen weight may be stored so, under an adapter
};

const std::vector<CompressionMethod>& compression_methods();

// Throws bad_input for an unknown name, nearest suggested.
const CompressionMethod& compression_method(std::string_view name);

// `config` compressed: "NAME:option=value+NAME". Options that are not given take their fallbacks. Throws bad_input for
// unknown names and values, for methods that do not go together, with the model or with the mode, with the reason.
ModelConfig with_compression(ModelConfig config, std::string_view text, bool training);

// Whether adapters are trained, and they alone.
bool has_adapters(const ModelConfig& config);

// What is done to one weight; null where nothing is.
struct WeightCompression {
  const Compression* base = nullptr;  // how the weight itself is held
  const Compression* adapter = nullptr;
  bool any() const { return base != nullptr || adapter != nullptr; }
};
WeightCompression compression_of(const ModelConfig& config, WeightPlace place, std::string_view role);

// The matrices that methods can be applied to.
struct Projection {
  std::string_view role;  // "query"
  std::int64_t out, in;
};
// Of one attention sublayer. Throws bad_input, with the reason, for mechanisms whose weights cannot be compressed.
std::vector<Projection> attention_projections(const ModelConfig& config);
std::vector<Projection> ffn_projections(const ModelConfig& config);
std::vector<Projection> word_projections(const ModelConfig& config);  // the word table, one

// A weight with all that is done to it; a dense one where nothing is.
Formula parameter_count(const WeightCompression& compression, const WeightShape& shape);
Formula stored_bytes(const WeightCompression& compression, const WeightShape& shape);
Formula saved_bytes(const WeightCompression& compression, const WeightShape& shape);

// What compression adds to the parameters of one attention sublayer, feed-forward or word table; negative where it
// takes some away.
std::int64_t compressed_parameters(const ModelConfig& config, WeightPlace place);

// Sums over the compressed projections of one place: what compression adds to the bytes of a dense layer's parameters
// (negative: it saves), and bytes kept for backward besides inputs.
Formula stored_difference(const ModelConfig& config, WeightPlace place, std::int64_t element_bytes, bool training);
Formula saved_by_compression(const ModelConfig& config, WeightPlace place, std::int64_t inputs,
                             std::int64_t element_bytes, bool training);

// The same of the whole model's parameters.
std::int64_t stored_difference(const ModelConfig& config, std::int64_t element_bytes, bool training);

// "int8:layers=all:scale=tensor + lora:…": every option written out.
std::string compression_text(const ModelConfig& config);

}  // namespace headroom::models
