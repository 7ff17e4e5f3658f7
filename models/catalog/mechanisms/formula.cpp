#include "models/catalog/mechanisms/formula.h"

namespace headroom::models {

using Shape = AttentionShape;

FormulaBuilder& FormulaBuilder::add(std::int64_t coefficient, std::initializer_list<std::int64_t> factors,
                                    std::string_view symbols) {
  if (coefficient == 0) return *this;
  formula_.value = checked_sum({formula_.value, checked_product({coefficient, checked_product(factors)})});
  if (!formula_.text.empty()) formula_.text += " + ";
  if (coefficient != 1) formula_.text += std::to_string(coefficient) + (symbols.empty() ? "" : "·");
  formula_.text += symbols;
  return *this;
}

Formula with_output(FormulaBuilder sum, const Shape& s, std::int64_t feature_count, std::string_view features) {
  sum.add(1, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  if (s.bias) sum.add(1, {feature_count}, features).add(1, {s.d_model}, "d_m");
  return sum.done();
}

FormulaBuilder& add_queries(FormulaBuilder& sum, const Shape& s, std::int64_t count, std::int64_t heads,
                            std::string_view text) {
  return sum.add(count * s.element_bytes, {s.batch, s.query_len, heads, s.head_dim}, text);
}
FormulaBuilder& add_keys(FormulaBuilder& sum, const Shape& s, std::int64_t count, std::int64_t heads,
                         std::string_view text) {
  return sum.add(count * s.element_bytes, {s.batch, s.key_len, heads, s.head_dim}, text);
}

std::int64_t bytes_per_probability(const Shape& s) {
  const bool cast = s.softmax_fp32 && s.element_bytes < 4;
  std::int64_t bytes = cast ? 4 + s.element_bytes : s.element_bytes;
  if (s.dropout) bytes += cast ? 1 : 1 + s.element_bytes;
  return bytes;
}

FormulaBuilder& add_probabilities(FormulaBuilder& sum, const Shape& s, std::int64_t heads) {
  const bool many = heads != 1;
  if (s.fused) return sum.add(4, {s.batch, heads, s.query_len}, many ? "B·n·T" : "B·T");
  return sum.add(bytes_per_probability(s), {s.batch, heads, s.query_len, s.key_len}, many ? "B·n·T·S" : "B·T·S");
}

}  // namespace headroom::models
