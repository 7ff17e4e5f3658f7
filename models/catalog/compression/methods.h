// The rows of the registry of compression, and what they have in common.
#pragma once

#include <vector>

#include "models/catalog/checked.h"
#include "models/catalog/compression.h"
#include "models/catalog/mechanisms/formula.h"

namespace headroom::models {

void add_lora(std::vector<CompressionMethod>& rows);
void add_factored(std::vector<CompressionMethod>& rows);
void add_quantized(std::vector<CompressionMethod>& rows);
void add_pruned(std::vector<CompressionMethod>& rows);

enum class CompressedLayers : std::uint8_t { all, attention, ffn, query_value };

// "layers", first of a method's options. lora's has query-value, too, its default.
MechanismOption layers_option(bool query_value = false);

inline std::int64_t option_of(const Compression& c, const char* name) { return c.options.at(name); }

inline Formula dense_parameters(const Compression&, const WeightShape& s) {
  return FormulaBuilder().add(1, {s.out, s.in}, "out·in").done();
}
inline Formula nothing_saved(const Compression&, const WeightShape&) { return {}; }

// Bytes of the weight that is used in the place of the one that is trained.
inline Formula used_weight_saved(const Compression&, const WeightShape& s) {
  return s.trained ? FormulaBuilder().add(s.element_bytes, {s.out, s.in}, "out·in").done() : Formula{};
}

// Throws bad_input: "compression 'int4' needs …".
void require_size(bool holds, const Compression& c, const std::string& need, const WeightShape& s);

}  // namespace headroom::models
