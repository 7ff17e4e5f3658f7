#include "models/catalog/experts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/catalog/checked.h"
#include "models/catalog/mechanisms/formula.h"

namespace headroom::models {

std::int64_t expert_capacity(const Experts& e, std::int64_t tokens) {
  const double balanced = static_cast<double>(checked_product({tokens, e.per_token})) / static_cast<double>(e.count);
  return static_cast<std::int64_t>(std::min(std::ceil(balanced * e.capacity_factor), static_cast<double>(tokens)));
}

Formula expert_parameters(const ModelConfig& c) {
  const Experts& e = c.experts;
  return FormulaBuilder()
      .add(1, {e.count, c.d_model}, "E·d_m")
      .add(3, {e.count, e.width, c.d_model}, "E·d_e·d_m")
      .add(e.shared_width > 0 ? 3 : 0, {e.shared_width, c.d_model}, "d_s·d_m")
      .done();
}

Formula expert_saved_bytes(const ModelConfig& c, std::int64_t batch, std::int64_t seq, std::int64_t element_bytes) {
  const Experts& e = c.experts;
  const std::int64_t n = checked_product({batch, seq}), slots = checked_product({e.count, expert_capacity(e, n)});
  const std::int64_t bytes = element_bytes, wide = std::max<std::int64_t>(4, bytes);
  const std::int64_t weight_bytes = e.router_fp32 ? wide : bytes;
  FormulaBuilder sum;
  if (e.router_fp32 && bytes < 4) sum.add(wide, {n, c.d_model}, "N·d_m").add(wide, {e.count, c.d_model}, "E·d_m");
  sum.add(wide, {n, e.count}, "N·E").add(8, {n, e.per_token}, "N·k");  // scores, the chosen
  if (e.normalized) sum.add(wide, {n, e.per_token}, "N·k").add(wide, {n}, "N");
  // A slot's token, which of the token's choices it is, whether it is empty, and its weight.
  sum.add(17 + weight_bytes, {slots}, "E·C");
  sum.add(2 * bytes, {slots, c.d_model}, "E·C·d_m").add(4 * bytes, {slots, e.width}, "E·C·d_e");
  if (e.shared_width > 0) sum.add(4 * bytes, {n, e.shared_width}, "N·d_s");
  return sum.done();
}

std::string expert_assumption(const ModelConfig& c, std::int64_t tokens) {
  if (c.experts.count == 0) return "";
  const std::int64_t room = expert_capacity(c.experts, tokens);
  return fmt::format(
      "Each of {} experts has room for {} of {} tokens (capacity factor {}{}); more are dropped, less leave it empty.",
      c.experts.count, room, tokens, c.experts.capacity_factor,
      c.experts.capacity_factor == 1.0 ? ": routing is balanced" : "");
}

ModelConfig with_capacity_factor(ModelConfig config, double factor) {
  if (config.experts.count == 0)
    throw bad_input("--capacity-factor is of a mixture of experts, and " + config.name + " has none");
  config.experts.capacity_factor = factor;
  require_experts(config, config.name);
  return config;
}

namespace {

void require(bool holds, const std::string& where, const std::string& problem) {
  if (!holds) throw bad_input(where + ": " + problem);
}

void require_sizes(const Experts& e, const std::string& where) {
  require(e.count <= 1 << 16, where, fmt::format("{} experts are more than 65536", e.count));
  require(e.per_token >= 1 && e.per_token <= e.count, where,
          fmt::format("a token takes {} of {} experts, expected 1 to all of them", e.per_token, e.count));
  require(e.width >= 1 && e.width <= 1 << 24 && e.shared_width >= 0 && e.shared_width <= std::int64_t{1} << 32, where,
          "the width of an expert is out of range");
  require(e.first_layer >= 0, where, "the first layer with experts is negative");
  require(e.group_count >= 1 && e.count % e.group_count == 0, where,
          fmt::format("{} experts do not divide into {} groups", e.count, e.group_count));
  require(e.groups_per_token >= 1 && e.groups_per_token <= e.group_count, where,
          fmt::format("a token takes experts of {} of {} groups, expected 1 to all of them", e.groups_per_token,
                      e.group_count));
  const std::int64_t reachable = e.count / e.group_count * e.groups_per_token;
  require(e.per_token <= reachable, where,
          fmt::format("a token takes {} experts, and its groups have {}", e.per_token, reachable));
  require(e.scores != ExpertScores::sigmoid || e.group_count == 1 || e.count / e.group_count >= 2, where,
          "groups of experts are ranked by their two best scores, so they must have two experts or more");
  require(std::isfinite(e.scale) && e.scale > 0, where, "the scale of the experts' weights must be above 0");
  require(e.capacity_factor > 0 && e.capacity_factor <= 1e6, where,
          fmt::format("the capacity factor is {}, expected above 0 and at most 1e6", e.capacity_factor));
}

}  // namespace

void require_experts(const ModelConfig& c, const std::string& where) {
  if (c.experts.count == 0) return;
  require(c.experts.count > 0, where, "the number of experts is negative");
  require_sizes(c.experts, where);
  require(c.architecture == Architecture::decoder_only && !c.shared_layers && !c.parallel_block, where,
          "experts are built for decoder-only models whose blocks have parameters of their own, one after the other");
  require(gated(c.activation) && !c.ffn_bias && !c.dropout_inside_ffn, where,
          "experts are gated feed-forwards without biases and without dropout between their matrices");
}

}  // namespace headroom::models
