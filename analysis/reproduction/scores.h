// How well a mechanism does for what it takes: the measures of Xue & Aletras 2023 (arXiv 2310.07911), as recalled.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace headroom::reproduction {

// 1 − bytes / baseline: the share saved; negative where more is taken. Of nothing, nothing is saved.
double saving(std::int64_t bytes, std::int64_t baseline);

// Performance retention ratio of a perplexity: 1 − (p − p_MHA) / p_MHA. 1: as good as MHA.
double retention(double perplexity, double mha_perplexity);

// Performance elasticity of parameters: (p_SHA − p) / p_SHA, the gain over single-head attention, for each
// count / count_SHA − 1, the parameters added to it. A perplexity falls where a score rises, hence the order of the
// difference. Empty where the counts are equal.
std::optional<double> elasticity(double perplexity, double sha_perplexity, std::int64_t count, std::int64_t sha_count);

struct Spread {
  double mean = 0;
  double deviation = 0;  // of the sample; 0 where there is one value alone
  std::int64_t count = 0;

  bool operator==(const Spread&) const = default;
};
Spread spread_of(const std::vector<double>& values);

}  // namespace headroom::reproduction
